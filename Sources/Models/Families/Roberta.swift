// RoBERTa (Liu et al. 2019) and those that share its shape: XLM-RoBERTa, CamemBERT.

enum Roberta {
    static func load(
        _ folder: CheckpointFolder, _ weights: Weights, _ precision: Precision
    ) throws(ModelError) -> PostNormTransformer {
        let config = try folder.read(BertConfiguration.self)
        try config.check(folder)
        weights.findPrefix(["", "roberta."], of: "embeddings.word_embeddings.weight")
        let epsilon = config.layerNormEps ?? 1e-12
        let embeddings = try InputEmbeddings(
            weights, config, epsilon: epsilon,
            firstPosition: try folder.firstPosition(behind: config.padTokenId ?? 1, config))
        let encoder = try PostNormEncoder(
            weights, .bert, folder, config, epsilon: epsilon, precision)
        try weights.finish { name in
            name == "embeddings.position_ids" || name.hasPrefix("pooler.")
                || name.hasPrefix("lm_head.") || name.hasPrefix("classifier.")
        }
        return PostNormTransformer(embeddings, encoder)
    }
}

extension CheckpointFolder {
    /// Padding has its own position, the one of its id; texts begin behind it.
    func firstPosition(
        behind padding: Int, _ config: BertConfiguration
    ) throws(ModelError) -> Int {
        guard (0..<config.maxPositionEmbeddings - 1).contains(padding) else {
            throw .configuration(
                path: configPath,
                reason: "pad_token_id \(padding) leaves no position of "
                    + "\(config.maxPositionEmbeddings) for text")
        }
        return padding + 1
    }
}
