// Reads a safetensors file in place.

public import Files

/// A mapped safetensors file, its header checked against its length.
public final class SafeTensorsFile: Sendable {
    public let path: String
    /// In the order of the header.
    public let entries: [SafeTensorsEntry]
    public let metadata: [String: String]
    private let ranges: [String: Range<Int>]
    private let file: MappedFile

    /// - Throws: `.unreadable`; `.malformed` for anything the format forbids: overlapping tensors,
    ///   holes, repeated names, sizes that do not match the shapes, a header above 100 MB.
    public init(path: String) throws(FileError) {
        self.path = path
        file = try MappedFile(path: path)
        let (header, dataOffset) = try SafeTensorsHeader.decode(file.bytes, path: path)
        entries = header.tensors.map(\.entry)
        metadata = Dictionary(
            header.metadata.map { ($0.key, $0.value) }, uniquingKeysWith: { first, _ in first })
        var ranges: [String: Range<Int>] = [:]
        for (entry, range) in header.tensors {
            ranges[entry.name] = dataOffset + range.lowerBound ..< dataOffset + range.upperBound
        }
        self.ranges = ranges
    }

    public func entry(_ name: String) -> SafeTensorsEntry? {
        entries.first { $0.name == name }
    }

    /// The bytes of a tensor, nil when there is none of that name. Valid as long as this object
    /// lives; aligned to nothing in particular.
    public func data(_ name: String) -> UnsafeRawBufferPointer? {
        ranges[name].map { UnsafeRawBufferPointer(rebasing: file.bytes[$0]) }
    }
}
