// The unit of an encoding job: some records of one file, and the model to encode them with.

/// A model's folder as the coordinator serves it.
public struct ModelSource: Hashable, Sendable, Codable {
    public let folder: ModelFolder
    /// SHA-256 over all files; see docs/formats.md.
    public let identity: String
    /// SHA-256 of each file, in the order of the folder's entries.
    public let digests: [String]
    /// Payload ids begin with it.
    public let id: String

    public init(folder: ModelFolder, identity: String, digests: [String], id: String) {
        self.folder = folder
        self.identity = identity
        self.digests = digests
        self.id = id
    }

    /// Served by the coordinator; the digest vouches for it, so there is no checksum.
    public func payload(of index: Int) -> PayloadReference {
        PayloadReference(
            id: "\(id)/\(index)", size: folder.entries[index].file.size, checksum: 0)
    }
}

/// Encode some records of a chunk; the output is one payload of encoded documents.
public struct EncodeChunk: Hashable, Sendable, Codable {
    /// Plain text, perhaps expanded by the coordinator, as the payload `payload`.
    public let file: InputFile
    public let payload: String
    /// The file as its user named it.
    public let name: String
    /// Whole records.
    public let bytes: Range<Int>
    /// Number of the first of them among all files, from 0, and its line in this file, from 1.
    public let firstRecord: Int
    public let firstLine: Int
    /// Those that are to be encoded, counted from the first of the chunk.
    public let records: Range<Int>
    /// Of the id, the text and the metadata fields, from 0; empty but for CSV.
    public let columns: [Int]
    public let model: ModelSource
    /// The job's, without its files.
    public let settings: EncodeDocuments

    public init(
        file: InputFile, payload: String, name: String, bytes: Range<Int>, firstRecord: Int,
        firstLine: Int, records: Range<Int>, columns: [Int], model: ModelSource,
        settings: EncodeDocuments
    ) {
        self.file = file
        self.payload = payload
        self.name = name
        self.bytes = bytes
        self.firstRecord = firstRecord
        self.firstLine = firstLine
        self.records = records
        self.columns = columns
        self.model = model
        self.settings = settings
    }

    /// The same chunk with only some of its records.
    public func with(records: Range<Int>) -> EncodeChunk {
        EncodeChunk(
            file: file, payload: payload, name: name, bytes: bytes, firstRecord: firstRecord,
            firstLine: firstLine, records: records, columns: columns, model: model,
            settings: settings)
    }

    /// Nil for a single record. Both halves read the chunk, and each encodes its own records.
    var halves: (EncodeChunk, EncodeChunk)? {
        guard records.count >= 2 else { return nil }
        let middle = records.lowerBound + records.count / 2
        return (
            with(records: records.lowerBound..<middle), with(records: middle..<records.upperBound)
        )
    }

    /// For error messages.
    var subject: String {
        let first = firstRecord + records.lowerBound
        return records.count == 1
            ? "record \(first) in bytes \(bytes.lowerBound)..<\(bytes.upperBound) of \(name)"
            : "records \(first)..<\(first + records.count) in bytes \(bytes.lowerBound)..<"
                + "\(bytes.upperBound) of \(name)"
    }
}
