// What the first layer of an encoder sees: vectors of tokens, positions and types, added up.

import CKernels

struct InputEmbeddings: Sendable {
    let words: TokenTable
    var positions: TokenTable?
    /// The row of a document's first token; RoBERTa and its relatives keep rows for padding.
    var firstPosition = 0
    /// All tokens are of the first type: a document has one part.
    var types: TokenTable?
    var norm: LayerNorm?

    /// Tokens that have a position.
    var positionsMax: Int { max((positions?.rows ?? 0) - firstPosition, 0) }

    func callAsFunction(
        _ batch: TokenBatch, _ workspace: Workspace
    ) throws(ModelError) -> UnsafeMutablePointer<Float> {
        let hidden = try workspace.floats(.hidden, batch.ids.count * words.width)
        for tokens in batch.documents {
            for (position, token) in tokens.enumerated() {
                let row = hidden + token * words.width
                row.update(from: words[Int(batch.ids[token])], count: words.width)
                positions?.add(firstPosition + position, to: row)
                types?.add(0, to: row)
            }
        }
        norm?(hidden, rows: batch.ids.count)
        return hidden
    }
}
