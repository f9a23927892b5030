// What the first layer of an encoder sees: vectors of tokens, positions and types, added up.

import CKernels

struct InputEmbeddings: Sendable {
    let words: VocabularyTable
    var positions: TokenTable?
    /// The row of a document's first token. RoBERTa and its relatives keep the rows before it: the
    /// last of them for the token of padding, whose id it is, and which is not counted.
    var firstPosition = 0
    var types: TokenTable?
    var norm: LayerNorm?

    /// Tokens that have a position.
    var positionsMax: Int { max((positions?.rows ?? 0) - firstPosition, 0) }

    func callAsFunction(
        _ batch: TokenBatch, _ workspace: Workspace
    ) throws(ModelError) -> UnsafeMutablePointer<Float> {
        let hidden = try workspace.floats(.hidden, batch.ids.count * words.width)
        for tokens in batch.documents {
            var position = firstPosition
            for token in tokens {
                let id = Int(batch.ids[token])
                let row = hidden + token * words.width
                words.copy(id, to: row)
                let isPadding = firstPosition > 0 && id == firstPosition - 1
                positions?.add(isPadding ? id : position, to: row)
                if !isPadding { position += 1 }
                types?.add(Int(batch.types[token]), to: row)
            }
        }
        norm?(hidden, rows: batch.ids.count)
        return hidden
    }
}
