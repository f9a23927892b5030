// DistilBERT (Sanh et al. 2019): BERT without types, under names of its own.

struct DistilBertConfiguration: Decodable {
    let dim: Int
    let nLayers: Int
    let nHeads: Int
    let hiddenDim: Int
    let activation: String?
    let vocabSize: Int
    let maxPositionEmbeddings: Int
}

enum DistilBert {
    private static let names = PostNormNames(
        layer: { "transformer.layer.\($0)." },
        projections: ["attention.q_lin", "attention.k_lin", "attention.v_lin"],
        output: "attention.out_lin", outputNorm: "sa_layer_norm", inner: ["ffn.lin1"],
        outer: "ffn.lin2", outerNorm: "output_layer_norm")
    /// Not in the configuration.
    private static let epsilon = 1e-12

    static func load(
        _ folder: CheckpointFolder, _ weights: Weights, _ precision: Precision
    ) throws(ModelError) -> PostNormTransformer {
        let config = try folder.read(DistilBertConfiguration.self)
        try folder.check([
            ("dim", config.dim), ("n_layers", config.nLayers), ("n_heads", config.nHeads),
            ("hidden_dim", config.hiddenDim), ("vocab_size", config.vocabSize),
            ("max_position_embeddings", config.maxPositionEmbeddings),
        ])
        weights.findPrefix(["", "distilbert."], of: "embeddings.word_embeddings.weight")
        let embeddings = InputEmbeddings(
            words: try VocabularyTable(
                named: "embeddings.word_embeddings.weight", weights, rows: config.vocabSize,
                width: config.dim),
            positions: try TokenTable(
                named: "embeddings.position_embeddings.weight", weights,
                rows: config.maxPositionEmbeddings, width: config.dim),
            norm: try LayerNorm(
                named: "embeddings.LayerNorm", weights, width: config.dim, epsilon: epsilon))
        let encoder = try PostNormEncoder(
            weights, names, layers: config.nLayers,
            heads: folder.heads(config.nHeads, of: config.dim), innerWidth: config.hiddenDim,
            activation: folder.activation(config.activation ?? "gelu"), epsilon: epsilon,
            precision: precision)
        try weights.finish { name in
            name == "embeddings.position_ids" || name.hasPrefix("vocab_")
                || name.hasPrefix("pre_classifier.") || name.hasPrefix("classifier.")
        }
        return PostNormTransformer(embeddings, encoder)
    }
}
