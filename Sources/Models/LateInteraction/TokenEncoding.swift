// Texts of one role, queries or documents, become vectors of their tokens (Khattab and Zaharia
// 2020, section 3.2).

import Tokenizers

/// Queries and documents share a model and differ in these settings.
struct TokenEncoding: BatchEncoding {
    let checkpoint: Checkpoint
    let layers: Int
    /// From hidden states to vectors of tokens.
    let steps: RowSteps
    let maxLength: Int
    /// Text in front of each text.
    let prompt: String
    /// The token behind the first one that says which role a text has.
    let prefix: Int32?
    /// What short texts are lengthened with.
    var expansion: Expansion?
    /// Tokens that get no vector.
    var skipped: Set<Int32> = []
    /// Whether the tokenizer's tokens around the text, and the prefix, get vectors.
    let keepsSpecialTokens: Bool
    /// How many these are in front of the text and behind it.
    let around: (before: Int, after: Int)

    struct Expansion: Sendable {
        let token: Int32
        /// Whether the others look at it.
        let isKey: Bool
        /// Up to how many tokens.
        let length: Int
    }

    var dimension: Int { steps.dimension }

    func add(
        _ text: UnsafeRawBufferPointer, to batch: inout TokenBatch, _ buffers: inout TextBuffers
    ) -> Int {
        let marks = prefix == nil ? 0 : 1
        let total = batch.add { ids in
            let begin = ids.count
            let total = buffers.encode(
                text, behind: prompt, checkpoint.tokenizer, limit: maxLength - marks, into: &ids)
            if let prefix { ids.insert(prefix, at: min(begin + 1, ids.count)) }
            return total + marks
        }
        if let expansion {
            batch.lengthen(
                to: expansion.length, with: expansion.token, areKeys: expansion.isKey)
        }
        return total
    }

    func rows(
        of batch: TokenBatch, _ workspace: Workspace, counts: inout [Int]
    ) throws(ModelError) -> UnsafePointer<Float> {
        let states = try checkpoint.transformer.states(of: batch, layers: layers, workspace)
        return try rows(of: states, batch, workspace, counts: &counts)
    }

    /// - states: [tokens, width] of the batch, which are changed.
    func rows(
        of states: UnsafeMutablePointer<Float>, _ batch: TokenBatch, _ workspace: Workspace,
        counts: inout [Int]
    ) throws(ModelError) -> UnsafePointer<Float> {
        let width = checkpoint.transformer.width
        // Rows that stay move together before anything else is done with them.
        var kept = 0
        for (document, count) in zip(batch.documents, batch.textCounts) {
            let first = kept
            for token in document where hasVector(token, in: document, of: count, batch.ids) {
                if token != kept {
                    (states + kept * width).update(from: states + token * width, count: width)
                }
                kept += 1
            }
            counts.append(kept - first)
        }
        return UnsafePointer(try steps(states, count: kept, width: width, workspace))
    }

    /// - count: tokens of the document before it was lengthened.
    func hasVector(
        _ token: Int, in document: Range<Int>, of count: Int, _ ids: [Int32]
    ) -> Bool {
        guard !skipped.contains(ids[token]) else { return false }
        guard !keepsSpecialTokens else { return true }
        let place = token - document.lowerBound
        let isText = place >= around.before && place < count - around.after
        return isText || place >= count
    }
}
