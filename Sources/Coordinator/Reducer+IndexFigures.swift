// What a job that builds an index says of its documents.

import Documents
import Protocol
import Retrieval
import Transport

/// What is said of the documents besides what the index holds of them.
struct IndexFigures {
    private(set) var ledger = IndexLedger()

    var documents: Int { ledger.documents }

    mutating func add(_ outputs: RoundOutputs, _ unit: Int, of path: String) throws {
        guard let frame = outputs.frames(of: unit, isChecked: true)?.first else {
            throw Fault(.internalError, "outputs of unit \(unit) vanished meanwhile")
        }
        let chunk = try frame.withUnsafeBytes { try EncodedDocuments.read($0).0 }
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
