// Runs as other programs read them.

import Files

/// Writes what was found for one query after the other.
public struct RunWriter: ~Copyable {
    private let file: AtomicFile
    private let format: RankedRun.Format
    private let tag: String

    /// - Parameter tag: the name of the system, the last field of a TREC run.
    /// - Throws: `.file`, and `.unwritableID` for a tag with white space in it.
    public init(
        path: String, format: RankedRun.Format = .trec, tag: String
    ) throws(EvaluationError) {
        try Self.check(tag)
        do { file = try AtomicFile(path: path) } catch { throw .file(error) }
        self.format = format
        self.tag = tag
    }

    /// Writes the documents in the order given, with ranks from 1.
    ///
    /// Readers go by the score of a TREC run and not by its rank, so equal scores are read in the
    /// order of `RankedRun`, whatever the order here.
    ///
    /// - Throws: `.unwritableID`, `.scoreIsNotANumber`, `.file`.
    public func write(
        query: String, documents: [(id: String, score: Float)]
    ) throws(EvaluationError) {
        try Self.check(query)
        var lines = ""
        for (index, document) in documents.enumerated() {
            try Self.check(document.id)
            guard !document.score.isNaN else {
                throw .scoreIsNotANumber(query: query, document: document.id)
            }
            switch format {
            case .trec:
                lines += "\(query) Q0 \(document.id) \(index + 1) \(document.score) \(tag)\n"
            case .msMarco: lines += "\(query)\t\(document.id)\t\(index + 1)\n"
            }
        }
        do { try file.write(lines) } catch { throw .file(error) }
    }

    /// The file has its name from here on.
    public consuming func commit(durable: Bool = true) throws(EvaluationError) {
        do { try file.commit(durable: durable) } catch { throw .file(error) }
    }

    /// - Throws: `.unwritableID` for what no run can hold as an id or a tag.
    public static func check(_ id: String) throws(EvaluationError) {
        let isWritable = id.utf8.allSatisfy { $0 != 0 && $0 != 0x20 && !(9...13).contains($0) }
        guard isWritable, !id.isEmpty, id.utf8.count <= 4_096 else { throw .unwritableID(id) }
    }
}
