// Writes a .npy file row by row, with the number of rows known only at the end.

public import Files

/// Streams rows into a .npy file that appears complete or not at all.
public final class NpyWriter {
    private let file: AtomicFile
    private let descriptor: String
    private let rowShape: [Int]
    private let rowBytes: Int
    private let headerBytes: Int
    private var isSynchronised = false
    public private(set) var rows = 0

    /// - Parameters:
    ///   - descriptor: numpy's type string: `<f4`, `<f2`, `|i1`, `|u1`, `<u2`, `<i4`, `<i8`, …
    ///   - rowShape: the shape without its first extent.
    /// - Throws: `.unwritable`.
    public init(path: String, descriptor: String, rowShape: [Int]) throws(FileError) {
        let rowHeader = NpyHeader(descriptor: descriptor, shape: rowShape)
        guard let rowBytes = rowHeader.byteCount else {
            preconditionFailure("rows of \(descriptor) \(rowShape) cannot be written")
        }
        self.rowBytes = rowBytes
        self.descriptor = descriptor
        self.rowShape = rowShape
        let header = NpyHeader(descriptor: descriptor, shape: [0] + rowShape).encoded
        headerBytes = header.count
        file = try AtomicFile(path: path)
        try file.write(header)
    }

    /// Appends whole rows, little-endian, row-major.
    ///
    /// - Throws: `.unwritable`.
    public func append(_ bytes: UnsafeRawBufferPointer) throws(FileError) {
        if rowBytes == 0 { return }
        precondition(bytes.count % rowBytes == 0, "\(bytes.count) bytes in rows of \(rowBytes)")
        try file.write(bytes)
        rows += bytes.count / rowBytes
    }

    /// Writes the number of rows into the header and makes the bytes durable, still without the
    /// name; for files that must appear together.
    public func synchronise() throws(FileError) {
        let header = NpyHeader(descriptor: descriptor, shape: [rows] + rowShape).encoded
        precondition(header.count == headerBytes, "the .npy header outgrew its room")
        let result = header.withUnsafeBytes { raw in
            Result { () throws(FileError) in try file.overwrite(raw, at: 0) }
        }
        try result.get()
        try file.synchronise()
        isSynchronised = true
    }

    /// Gives the file its name.
    ///
    /// - Throws: `.unwritable`.
    public func finish() throws(FileError) {
        if !isSynchronised { try synchronise() }
        try file.commit()
    }
}
