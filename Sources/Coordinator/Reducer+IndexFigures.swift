// What a job that builds an index says of its documents.

import Documents
import Protocol
import Retrieval
import Transport

/// What is said of the documents besides what the index holds of them.
struct IndexFigures {
    private(set) var ledger = IndexLedger()
    /// Documents of the units that were added, those that are left out among them.
    private var seen = 0

    var documents: Int { ledger.documents }

    /// What a unit says of its documents.
    static func chunk(_ outputs: RoundOutputs, _ unit: Int) throws -> EncodedDocuments {
        guard let frame = outputs.frames(of: unit, isChecked: true)?.first else {
            throw Fault(.internalError, "outputs of unit \(unit) vanished meanwhile")
        }
        return try frame.withUnsafeBytes { try EncodedDocuments.read($0).0 }
    }

    /// - Parameter duplicates: by their places among the documents of all units, which are added in
    ///   the order of the input.
    mutating func add(
        _ outputs: RoundOutputs, _ unit: Int, of path: String,
        without duplicates: DuplicateDocuments = .none
    ) throws {
        var chunk = try Self.chunk(outputs, unit)
        let leftOut = duplicates.places(seen..<seen + chunk.documents.count)
        seen += chunk.documents.count
        chunk.skip(leftOut, because: DuplicateDocuments.reason)
        ledger.maxLength = chunk.maxLength
        ledger.documents += chunk.documents.count
        ledger.repaired += chunk.repaired
        ledger.skipped += chunk.skipped.count
        let path = path == EncodeDocuments.standardInputName ? "-" : path
        for problem in chunk.skipped where ledger.skippedDocuments.count < IndexLedger.listedMax {
            ledger.skippedDocuments.append(
                IndexLedger.Skipped(
                    file: path, line: problem.line, id: problem.id, reason: problem.reason))
        }
        for document in chunk.documents where document.isTruncated {
            ledger.truncated += 1
            guard ledger.truncatedDocuments.count < IndexLedger.listedMax else { continue }
            ledger.truncatedDocuments.append(
                IndexLedger.Truncated(id: document.id, tokens: document.tokens))
        }
    }
}
