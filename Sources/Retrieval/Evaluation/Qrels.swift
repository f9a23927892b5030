// Which documents people judged relevant to which queries.

/// Judgments: for each query, documents with a grade. Above 0 is relevant, 0 and below is not.
public struct Qrels: Sendable {
    let table: PairTable<Int32>

    /// - Throws: `.file`, and what `init(bytes:name:)` throws.
    public init(path: String) throws(EvaluationError) {
        self = try readingFile(path) { bytes throws(EvaluationError) in
            try Qrels(bytes: bytes, name: path)
        }
    }

    /// Reads `query 0 document grade` (TREC, MS MARCO) and, after the header
    /// `query-id corpus-id score`, `query document grade` (BEIR).
    ///
    /// - Throws: `.malformed` with the line's number, `.duplicate` for a document that is judged
    ///   twice for a query, `.lineTooLong`, `.tooManyLines`.
    public init(bytes: UnsafeRawBufferPointer, name: String) throws(EvaluationError) {
        var reader = FieldReader(path: name, bytes: bytes)
        var table = PairTable<Int32>()
        var more = try reader.next()
        let hasHeader = more && Self.isHeader(reader)
        if hasHeader { more = try reader.next() }
        let document = hasHeader ? 1 : 2
        while more {
            guard table.count < PairTable<Int32>.countMax else {
                throw .tooManyLines(path: name, linesMax: PairTable<Int32>.countMax)
            }
            guard reader.fields.count == document + 2 else {
                throw reader.malformed(
                    "\(reader.fields.count) fields; a judgment is `query 0 document grade` "
                        + "(TREC), or `query document grade` below the header "
                        + "`query-id corpus-id score` (BEIR)")
            }
            table.append(
                query: reader.field(0), document: reader.field(document),
                try reader.integer(document + 1, called: "grade"))
            more = try reader.next()
        }
        if let repeated = table.group() {
            throw try reader.duplicate(
                at: repeated + (hasHeader ? 1 : 0), documentColumn: document)
        }
        self.table = table
    }

    private static func isHeader(_ reader: FieldReader) -> Bool {
        reader.fields.count == 3 && reader.text(0) == "query-id"
            && reader.text(1) == "corpus-id" && reader.text(2) == "score"
    }

    public var queryCount: Int { table.queries.count }
    public var count: Int { table.count }

    /// The id of a query; they are numbered from 0 in the order of their first judgments.
    public func query(_ number: Int) -> String { table.queries.string(number) }
}
