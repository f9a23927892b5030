// Writes a safetensors file tensor by tensor, without holding it in memory.

public import Files

/// Streams tensors, announced beforehand, into a file that appears complete or not at all.
public final class SafeTensorsWriter {
    private let file: AtomicFile
    private let byteCount: Int

    /// - Parameters:
    ///   - entries: the tensors in the order in which their bytes will be appended; wide element
    ///     types first keeps every tensor aligned.
    ///   - metadata: free pairs of text.
    /// - Throws: `.unwritable`.
    public init(
        path: String, entries: [SafeTensorsEntry], metadata: [(key: String, value: String)] = []
    ) throws(FileError) {
        var header = SafeTensorsHeader(metadata: metadata)
        var end = 0
        for entry in entries {
            guard let bytes = entry.byteCount else {
                preconditionFailure("tensor \(entry.name) of shape \(entry.shape) overflows")
            }
            header.tensors.append((entry, end ..< end + bytes))
            end += bytes
        }
        precondition(
            Set(entries.map(\.name)).count == entries.count, "two tensors share a name")
        let encoded = header.encoded
        byteCount = encoded.count + end
        file = try AtomicFile(path: path)
        try file.write(encoded)
    }

    /// Appends bytes of the current tensor; one tensor follows on the other.
    public func append(_ bytes: UnsafeRawBufferPointer) throws(FileError) {
        precondition(
            file.byteCount + bytes.count <= byteCount,
            "\(file.byteCount) + \(bytes.count) of \(byteCount) bytes")
        try file.write(bytes)
    }

    /// Gives the file its name, once every announced byte is there.
    public func finish() throws(FileError) {
        precondition(file.byteCount == byteCount, "\(file.byteCount) of \(byteCount) bytes")
        try file.commit()
    }
}
