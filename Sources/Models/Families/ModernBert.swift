// ModernBERT (Warner et al. 2024): most layers see only their surroundings.

/// Keys of before and since transformers 5.
struct ModernBertConfiguration: Decodable {
    let vocabSize: Int
    let hiddenSize: Int
    let intermediateSize: Int
    let numHiddenLayers: Int
    let numAttentionHeads: Int
    let hiddenActivation: String?
    let maxPositionEmbeddings: Int?
    let normEps: Double?
    let normBias: Bool?
    let attentionBias: Bool?
    let mlpBias: Bool?
    let localAttention: Int?
    let globalAttnEveryNLayers: Int?
    let globalRopeTheta: Double?
    let localRopeTheta: Said<Double>
    let layerTypes: [String]?
    let ropeParameters: Angles?

    struct Angles: Decodable {
        let fullAttention: RotaryParameters?
        let slidingAttention: RotaryParameters?
    }

    func isLocal(layer: Int) -> Bool {
        if let layerTypes, layerTypes.indices.contains(layer) {
            return layerTypes[layer] == "sliding_attention"
        }
        return layer % max(globalAttnEveryNLayers ?? 3, 1) != 0
    }

    /// Half of the window lies on either side.
    var localPattern: AttentionPattern {
        let reach = max(localAttention ?? 128, 0) / 2
        return AttentionPattern(before: reach, after: reach)
    }
}

enum ModernBert {
    static func load(
        _ folder: CheckpointFolder, _ weights: Weights, _ precision: Precision
    ) throws(ModelError) -> PreNormTransformer {
        let config = try folder.read(ModernBertConfiguration.self)
        try folder.check([
            ("vocab_size", config.vocabSize), ("hidden_size", config.hiddenSize),
            ("intermediate_size", config.intermediateSize),
            ("num_hidden_layers", config.numHiddenLayers),
            ("num_attention_heads", config.numAttentionHeads),
        ])
        weights.findPrefix(["", "model."], of: "embeddings.tok_embeddings.weight")
        let heads = try folder.heads(config.numAttentionHeads, of: config.hiddenSize)
        let embeddings = InputEmbeddings(
            words: try VocabularyTable(
                named: "embeddings.tok_embeddings.weight", weights, rows: config.vocabSize,
                width: config.hiddenSize),
            norm: try config.norm("embeddings.norm", weights))
        var layers: [PreNormEncoder.Layer] = []
        for index in 0..<config.numHiddenLayers {
            layers.append(try layer(index, config, folder, weights, precision))
        }
        let full = config.ropeParameters?.fullAttention ?? RotaryParameters()
        let sliding = config.ropeParameters?.slidingAttention ?? RotaryParameters()
        let global = full.ropeTheta ?? config.globalRopeTheta ?? 160_000
        let local = sliding.ropeTheta ?? config.localRopeTheta.value(ifAbsent: 10_000) ?? global
        let encoder = PreNormEncoder(
            width: config.hiddenSize, heads: heads, layers: layers,
            rotary: try folder.rotary(full, theta: global, width: heads.width),
            secondRotary: try folder.rotary(sliding, theta: local, width: heads.width),
            outputNorm: try config.norm("final_norm", weights))
        try weights.finish { name in
            name.hasPrefix("head.") || name.hasPrefix("decoder.") || name.hasPrefix("classifier.")
        }
        return PreNormTransformer(
            embeddings: embeddings, encoder: encoder,
            positionsMax: try folder.size(
                "max_position_embeddings", config.maxPositionEmbeddings ?? 8_192))
    }

    private static func layer(
        _ index: Int, _ config: ModernBertConfiguration, _ folder: CheckpointFolder,
        _ weights: Weights, _ precision: Precision
    ) throws(ModelError) -> PreNormEncoder.Layer {
        let base = "layers.\(index)."
        let width = config.hiddenSize
        let hasBias = config.attentionBias ?? false
        let isLocal = config.isLocal(layer: index)
        return PreNormEncoder.Layer(
            inputNorm: index == 0 ? nil : try config.norm(base + "attn_norm", weights),
            projection: try Linear(
                named: base + "attn.Wqkv", weights, inputs: width, outputs: 3 * width,
                hasBias: hasBias, precision: precision),
            output: try Linear(
                named: base + "attn.Wo", weights, inputs: width, outputs: width, hasBias: hasBias,
                precision: precision),
            middleNorm: try config.norm(base + "mlp_norm", weights),
            feedForward: try FeedForward(
                weights, inner: [base + "mlp.Wi"], isFused: true, outer: base + "mlp.Wo",
                width: width, innerWidth: config.intermediateSize,
                activation: folder.activation(config.hiddenActivation ?? "gelu"),
                hasBias: config.mlpBias ?? false, precision: precision),
            pattern: isLocal ? config.localPattern : .everything, usesSecondAngles: isLocal)
    }
}

extension ModernBertConfiguration {
    fileprivate func norm(_ name: String, _ weights: Weights) throws(ModelError) -> LayerNorm {
        try LayerNorm(
            named: name, weights, width: hiddenSize, epsilon: normEps ?? 1e-5,
            hasShift: normBias ?? false)
    }
}
