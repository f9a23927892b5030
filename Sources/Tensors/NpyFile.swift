// Reads a .npy file in place.

public import Files

/// A mapped .npy array.
public final class NpyFile: Sendable {
    public let path: String
    public let header: NpyHeader
    private let file: MappedFile
    private let dataOffset: Int

    /// Maps the file and checks that the array it announces is there. Bytes after the array are
    /// ignored, as numpy does.
    ///
    /// - Throws: `.unreadable`, `.malformed`.
    public init(path: String) throws(FileError) {
        self.path = path
        file = try MappedFile(path: path)
        (header, dataOffset) = try NpyHeader.decode(file.bytes, path: path)
        guard let byteCount = header.byteCount else {
            throw .malformed(
                path: path, offset: 0,
                reason: "type \(header.descriptor) with shape \(header.shape) is not supported")
        }
        guard byteCount <= file.bytes.count - dataOffset else {
            throw .malformed(
                path: path, offset: file.bytes.count,
                reason: "shape \(header.shape) needs \(byteCount) bytes of data, "
                    + "\(file.bytes.count - dataOffset) are there")
        }
    }

    /// The array's bytes in the order the header tells; any alignment is possible in files that
    /// numpy did not write. Valid as long as this object lives.
    public var data: UnsafeRawBufferPointer {
        let end = dataOffset + (header.byteCount ?? 0)
        return UnsafeRawBufferPointer(rebasing: file.bytes[dataOffset ..< end])
    }
}
