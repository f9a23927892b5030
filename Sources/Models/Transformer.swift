// What a family of models provides: hidden states of packed documents.

/// Immutable and shared by threads; each brings a workspace of its own.
protocol Transformer: Sendable {
    /// Of a hidden state.
    var width: Int { get }
    var layerCount: Int { get }
    /// Tokens that the positions of the model reach, special tokens included.
    var positionsMax: Int { get }
    /// Rows of the embedding of tokens.
    var vocabularyCount: Int { get }
    /// Types of tokens that the model tells apart, 0 if there are none.
    var typeCount: Int { get }

    /// Hidden states [tokens, width] after `layers` layers (and the last normalisation, if all
    /// layers are run and the family has one). Valid until the workspace is used again.
    func states(
        of batch: TokenBatch, layers: Int, _ workspace: Workspace
    ) throws(ModelError) -> UnsafeMutablePointer<Float>
}
