// What a system found for each query, as TREC and MS MARCO write it.

import Files

/// The documents that were found for each query, in the order in which trec_eval reads them: by
/// score, which has single precision as there, and among equal scores by id, the greater bytes
/// first. The rank column of a TREC run is not looked at.
public struct RankedRun: Sendable {
    /// The form of a line.
    public enum Format: Sendable, Equatable {
        /// `query Q0 document rank score tag` with any white space between them.
        case trec
        /// `query document rank`; the rank counts from 1 and is all there is, so minus the rank
        /// is the score.
        case msMarco
    }

    public let format: Format
    let table: PairTable<Float>

    /// Greater ranks are no longer told apart in single precision.
    private static let rankMax: Int32 = 1 << 24

    /// - Throws: `.file`, and what `init(bytes:name:)` throws.
    public init(path: String) throws(EvaluationError) {
        self = try readingFile(path) { bytes throws(EvaluationError) in
            try RankedRun(bytes: bytes, name: path)
        }
    }

    /// The first line decides between the formats. An empty run is a run.
    ///
    /// - Throws: `.malformed` with the line's number, `.duplicate` for a document that a query has
    ///   twice, `.lineTooLong`, `.tooManyLines`.
    public init(bytes: UnsafeRawBufferPointer, name: String) throws(EvaluationError) {
        var reader = FieldReader(path: name, bytes: bytes)
        var format: Format?
        var table = PairTable<Float>()
        while try reader.next() {
            guard table.count < PairTable<Float>.countMax else {
                throw .tooManyLines(path: name, linesMax: PairTable<Float>.countMax)
            }
            let known: Format
            if let format { known = format } else { known = try Self.format(of: reader) }
            format = known
            try Self.append(reader, known, to: &table)
        }
        if let repeated = table.group() { throw try reader.duplicate(at: repeated, column: format) }
        table.sortPairs { left, right, documents in
            if left.value != right.value { return left.value > right.value }
            return documents.isOrdered(Int(right.document), before: Int(left.document))
        }
        self.format = format ?? .trec
        self.table = table
    }

    private static func format(of reader: FieldReader) throws(EvaluationError) -> Format {
        switch reader.fields.count {
        case 6: return .trec
        case 3: return .msMarco
        default:
            throw reader.malformed(
                "\(reader.fields.count) fields; a line of a run is `query Q0 document rank score "
                    + "tag` (TREC) or `query document rank` (MS MARCO)")
        }
    }

    private static func append(
        _ reader: FieldReader, _ format: Format, to table: inout PairTable<Float>
    ) throws(EvaluationError) {
        let expected = format == .trec ? 6 : 3
        guard reader.fields.count == expected else {
            throw reader.malformed(
                "\(reader.fields.count) fields where the lines before have \(expected)")
        }
        switch format {
        case .trec:
            table.append(
                query: reader.field(0), document: reader.field(2), try reader.score(4))
        case .msMarco:
            let rank = try reader.integer(2, called: "rank")
            guard rank >= 1, rank <= rankMax else {
                throw reader.malformed("the rank \(rank) is not within 1...\(rankMax)")
            }
            table.append(query: reader.field(0), document: reader.field(1), -Float(rank))
        }
    }

    public var queryCount: Int { table.queries.count }
    /// Lines of the file that are not empty.
    public var count: Int { table.count }

    /// The id of a query; they are numbered from 0 in the order of their first lines.
    public func query(_ number: Int) -> String { table.queries.string(number) }

    /// The number of a query, or nil if the run has nothing for it.
    public func number(ofQuery id: String) -> Int? { table.queries.number(of: id) }

    /// What was found for a query, the best first.
    public func documents(ofQuery number: Int) -> [(id: String, score: Float)] {
        table.pairs(of: number).map { (table.documents.string(Int($0.document)), $0.value) }
    }
}

extension FieldReader {
    /// The error for the pair that stands at place `index` among the lines with fields.
    func duplicate(
        at index: Int, column format: RankedRun.Format?
    ) throws(EvaluationError) -> EvaluationError {
        try duplicate(at: index, documentColumn: format == .msMarco ? 1 : 2)
    }

    func duplicate(
        at index: Int, documentColumn: Int
    ) throws(EvaluationError) -> EvaluationError {
        var again = FieldReader(path: path, bytes: bytes)
        for _ in 0...index { _ = try again.next() }
        return .duplicate(
            path: path, line: again.line, query: again.text(0), document: again.text(documentColumn)
        )
    }
}

extension InternedStrings {
    /// Whether string `left` comes before string `right`, by bytes.
    func isOrdered(_ left: Int, before right: Int) -> Bool {
        withAllBytes { all in
            UnsafeRawBufferPointer(rebasing: all[range(left)])
                .lexicographicallyPrecedes(UnsafeRawBufferPointer(rebasing: all[range(right)]))
        }
    }
}
