// What the vectors of a text stand for, in the vocabulary's spelling.

import Tokenizers

extension LateInteractionModel {
    /// The token of each vector of a query, expansion tokens included.
    public func queryTokens(_ text: String) -> [String] { queries.spelled(text) }

    /// The token of each vector of a document that is neither pooled nor pruned.
    public func documentTokens(_ text: String) -> [String] { documents.spelled(text) }
}

extension TokenEncoding {
    fileprivate func spelled(_ text: String) -> [String] {
        var batch = TokenBatch()
        var buffers = TextBuffers()
        let bytes = Array(text.utf8)
        _ = bytes.withUnsafeBytes { add($0, to: &batch, &buffers) }
        guard let document = batch.documents.first, let count = batch.textCounts.first else {
            return []
        }
        return document.filter { hasVector($0, in: document, of: count, batch.ids) }
            .map { checkpoint.tokenizer.token(of: batch.ids[$0]) ?? "" }
    }
}
