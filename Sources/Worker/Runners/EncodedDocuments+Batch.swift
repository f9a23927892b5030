// What is known of the documents of a chunk once they are encoded.

import Documents
import Models
import Protocol

extension EncodedDocuments {
    /// - Throws: a `Fault` for a document that is too long, where that is refused.
    init(
        _ batch: DocumentBatch, _ encoded: EncodedTexts?, dimension: Int, rowBytes: Int,
        maxLength: Int, of task: EncodeChunk
    ) throws(Fault) {
        self.init(
            documents: [], skipped: batch.problems, repaired: batch.repaired,
            dimension: dimension, rowBytes: rowBytes, maxLength: maxLength)
        guard let encoded else { return }
        for (index, entry) in batch.entries.enumerated() {
            let tokens = Int(encoded.tokenCounts[index])
            let isTruncated = tokens > maxLength
            if isTruncated, task.settings.refusesTruncation {
                throw Fault(
                    .data,
                    "\(task.name):\(entry.line): document \(batch.id(index).shown) has "
                        + "\(tokens) tokens, more than the \(maxLength) that are encoded; split "
                        + "it, or pass --truncate allow")
            }
            documents.append(
                EncodedDocuments.Document(
                    id: batch.id(index), record: entry.record, line: entry.line,
                    rows: Int(encoded.rowCounts[index]), tokens: tokens,
                    isTruncated: isTruncated))
        }
    }
}

extension EncodedDocuments {
    var measures: [String: Double] {
        [
            "documents": Double(documents.count),
            "tokens": Double(documents.reduce(0) { $0 + min($1.tokens, maxLength) }),
            "truncated": Double(documents.count { $0.isTruncated }),
            "skipped": Double(skipped.count),
        ]
    }
}
