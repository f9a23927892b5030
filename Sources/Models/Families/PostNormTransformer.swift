// A family of BERT's shape: embeddings, and the encoder behind them.

struct PostNormTransformer: Transformer {
    let embeddings: InputEmbeddings
    let encoder: PostNormEncoder
    let positionsMax: Int

    var width: Int { encoder.width }
    var layerCount: Int { encoder.layers.count }
    var vocabularyCount: Int { embeddings.words.rows }
    var typeCount: Int { embeddings.types?.rows ?? 0 }

    init(_ embeddings: InputEmbeddings, _ encoder: PostNormEncoder, positionsMax: Int? = nil) {
        self.embeddings = embeddings
        self.encoder = encoder
        self.positionsMax = positionsMax ?? embeddings.positionsMax
    }

    func states(
        of batch: TokenBatch, layers: Int, _ workspace: Workspace
    ) throws(ModelError) -> UnsafeMutablePointer<Float> {
        let hidden = try embeddings(batch, workspace)
        try encoder.run(hidden, batch, layers: layers, workspace)
        return hidden
    }
}
