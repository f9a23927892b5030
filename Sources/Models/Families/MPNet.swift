// MPNet (Song et al. 2020): BERT with a bias by relative position and without types.

enum MPNet {
    private struct More: Decodable { let relativeAttentionNumBuckets: Int? }

    private static let names = PostNormNames(
        layer: { "encoder.layer.\($0)." },
        projections: ["attention.attn.q", "attention.attn.k", "attention.attn.v"],
        output: "attention.attn.o", outputNorm: "attention.LayerNorm")

    static func load(
        _ folder: CheckpointFolder, _ weights: Weights, _ precision: Precision
    ) throws(ModelError) -> PostNormTransformer {
        let config = try folder.read(BertConfiguration.self)
        try config.check(folder)
        if let buckets = try folder.read(More.self).relativeAttentionNumBuckets, buckets != 32 {
            throw folder.unsupported("relative_attention_num_buckets \(buckets)")
        }
        weights.findPrefix(["", "mpnet."], of: "embeddings.word_embeddings.weight")
        let epsilon = config.layerNormEps ?? 1e-12
        // The position of padding is 1 whatever its id.
        let embeddings = try InputEmbeddings(
            weights, config, epsilon: epsilon, hasTypes: false,
            firstPosition: try folder.firstPosition(behind: 1, config))
        var encoder = try PostNormEncoder(
            weights, names, folder, config, epsilon: epsilon, precision)
        encoder.relative = try RelativePositions(
            named: "encoder.relative_attention_bias.weight", weights, heads: encoder.heads.count)
        try weights.finish { name in
            name == "embeddings.position_ids" || name.hasPrefix("pooler.")
                || name.hasPrefix("lm_head.") || name.hasPrefix("classifier.")
        }
        return PostNormTransformer(embeddings, encoder)
    }
}
