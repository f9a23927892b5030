// What a worker leaves of a chunk: ids, figures and vectors in one payload, and its checked reader.

/// The vectors of a chunk of documents with everything that the reduction needs to know of them.
/// docs/protocol.md has the layout.
public struct EncodedDocuments: Sendable {
    public struct Document: Sendable, Equatable {
        public var id: String
        /// Number of its record among all files, and line of its file in which it begins, from 1.
        public var record: Int
        public var line: Int
        /// Vectors: one, or one for each token.
        public var rows: Int
        /// Before the text was cut.
        public var tokens: Int
        public var isTruncated: Bool

        public init(
            id: String, record: Int, line: Int, rows: Int, tokens: Int, isTruncated: Bool
        ) {
            self.id = id
            self.record = record
            self.line = line
            self.rows = rows
            self.tokens = tokens
            self.isTruncated = isTruncated
        }
    }

    public var documents: [Document]
    public var skipped: [DocumentProblem]
    /// Documents with text that was not UTF-8.
    public var repaired: Int
    /// Numbers of a vector, before they are packed.
    public var dimension: Int
    public var rowBytes: Int
    /// Tokens that the model takes of a document.
    public var maxLength: Int

    public init(
        documents: [Document], skipped: [DocumentProblem], repaired: Int, dimension: Int,
        rowBytes: Int, maxLength: Int
    ) {
        self.documents = documents
        self.skipped = skipped
        self.repaired = repaired
        self.dimension = dimension
        self.rowBytes = rowBytes
        self.maxLength = maxLength
    }

    public var rows: Int { documents.reduce(0) { $0 + $1.rows } }

    /// Moves documents to those that are skipped, which stay in the order of their records.
    ///
    /// - Parameter places: of the documents, in rising order.
    public mutating func skip(_ places: [Int], because reason: String) {
        for place in places.reversed() {
            let document = documents.remove(at: place)
            skipped.append(
                DocumentProblem(
                    record: document.record, line: document.line, id: document.id,
                    reason: reason))
        }
        skipped.sort { $0.record < $1.record }
    }

    private static let magic: UInt64 = 0x3230_636e_4564_6e53  // "SndEnc02"
    private static let alignment = 64

    /// Everything before the vectors, whose rows follow it at once.
    public var head: [UInt8] {
        var out = PartWriter()
        out.number(0)
        out.number(dimension)
        out.number(rowBytes)
        out.number(maxLength)
        out.number(repaired)
        out.number(documents.count)
        for document in documents {
            out.number(document.record)
            out.number(document.line)
            out.number(document.rows)
            out.number(document.tokens)
            out.number(document.isTruncated ? 1 : 0)
            out.text(document.id)
        }
        out.number(skipped.count)
        for problem in skipped {
            out.number(problem.record)
            out.number(problem.line)
            out.text(problem.id)
            out.text(problem.reason)
        }
        var bytes = out.bytes
        bytes += [UInt8](repeating: 0, count: -(bytes.count + 8) & (Self.alignment - 1))
        withUnsafeBytes(of: Self.magic.littleEndian) { bytes.insert(contentsOf: $0, at: 0) }
        let size = UInt64(bytes.count).littleEndian
        withUnsafeBytes(of: size) { bytes.replaceSubrange(8..<16, with: $0) }
        return bytes
    }

    /// Reads a payload.
    ///
    /// - Returns: the documents, and where in `bytes` their vectors are.
    /// - Throws: `.badChunk`. What comes back is in bounds: the rows of the documents are there.
    public static func read(
        _ bytes: UnsafeRawBufferPointer
    ) throws(DocumentError) -> (EncodedDocuments, vectors: Range<Int>) {
        var input = PartReader(bytes)
        guard try input.number() == Int(magic) else { throw .badChunk("they begin otherwise") }
        let end = try input.number()
        guard end % alignment == 0, (16...max(16, bytes.count)).contains(end), end <= bytes.count
        else { throw .badChunk("the head has \(end) of \(bytes.count) bytes") }
        input.end = end
        let dimension = try input.number()
        let rowBytes = try input.number()
        let maxLength = try input.number()
        guard (1...1 << 20).contains(dimension), (1...4 << 20).contains(rowBytes) else {
            throw .badChunk("\(dimension) dimensions in \(rowBytes) bytes")
        }
        let repaired = try input.number()
        // It is added up over all chunks.
        guard repaired <= 1 << 32 else { throw .badChunk("\(repaired) repaired documents") }
        var chunk = EncodedDocuments(
            documents: [], skipped: [], repaired: repaired, dimension: dimension,
            rowBytes: rowBytes, maxLength: maxLength)
        var rows = 0
        for _ in 0..<(try input.count(ofBytes: 41)) {
            let document = try input.document()
            rows += document.rows
            chunk.documents.append(document)
        }
        for _ in 0..<(try input.count(ofBytes: 32)) { chunk.skipped.append(try input.problem()) }
        let (wanted, overflow) = rows.multipliedReportingOverflow(by: rowBytes)
        guard !overflow, wanted == bytes.count - end else {
            throw .badChunk("\(rows) rows of \(rowBytes) bytes in \(bytes.count - end) bytes")
        }
        return (chunk, end..<bytes.count)
    }
}

private struct PartWriter {
    private(set) var bytes: [UInt8] = []

    mutating func number(_ value: Int) {
        withUnsafeBytes(of: UInt64(value).littleEndian) { bytes += $0 }
    }

    mutating func text(_ text: String) {
        number(text.utf8.count)
        bytes += text.utf8
    }
}

private struct PartReader {
    private let bytes: UnsafeRawBufferPointer
    private var position = 0
    var end: Int

    init(_ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
        end = bytes.count
    }

    mutating func number() throws(DocumentError) -> Int {
        guard end - position >= 8 else { throw .badChunk("they end early") }
        let value = bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self)
        position += 8
        guard let number = Int(exactly: UInt64(littleEndian: value)) else {
            throw .badChunk("a number is out of range")
        }
        return number
    }

    /// Of things that take at least so many bytes each.
    mutating func count(ofBytes least: Int) throws(DocumentError) -> Int {
        let count = try number()
        guard count <= (end - position) / least else { throw .badChunk("\(count) entries") }
        return count
    }

    private mutating func text() throws(DocumentError) -> String {
        let count = try number()
        guard count <= end - position else { throw .badChunk("a text of \(count) bytes") }
        defer { position += count }
        return String(
            decoding: UnsafeRawBufferPointer(rebasing: bytes[position..<position + count]),
            as: UTF8.self)
    }

    mutating func document() throws(DocumentError) -> EncodedDocuments.Document {
        let record = try number()
        let line = try number()
        let rows = try number()
        let tokens = try number()
        let isTruncated = try number() != 0
        let id = try text()
        guard rows <= 1 << 32, tokens <= 1 << 32, !id.isEmpty else {
            throw .badChunk("a document with \(rows) rows of \(tokens) tokens")
        }
        return EncodedDocuments.Document(
            id: id, record: record, line: line, rows: rows, tokens: tokens,
            isTruncated: isTruncated)
    }

    mutating func problem() throws(DocumentError) -> DocumentProblem {
        let record = try number()
        let line = try number()
        let id = try text()
        return DocumentProblem(record: record, line: line, id: id, reason: try text())
    }
}
