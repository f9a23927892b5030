// Decoders that serve as encoders: Llama (Touvron et al. 2023), Mistral, Qwen2 and Qwen3.

/// Keys of before and since transformers 5.
struct DecoderConfiguration: Decodable {
    let modelType: String
    let vocabSize: Int
    let hiddenSize: Int
    let intermediateSize: Int
    let numHiddenLayers: Int
    let numAttentionHeads: Int
    let numKeyValueHeads: Int?
    let headDim: Int?
    let hiddenAct: String?
    let maxPositionEmbeddings: Int?
    let rmsNormEps: Double?
    let ropeTheta: Double?
    let ropeScaling: RotaryParameters?
    let ropeParameters: RotaryParameters?
    let attentionBias: Bool?
    let mlpBias: Bool?
    let isCausal: Bool?
    let slidingWindow: Said<Int>
    let useSlidingWindow: Bool?
    let maxWindowLayers: Int?
    let layerTypes: [String]?

    var angles: RotaryParameters {
        var angles = ropeParameters ?? ropeScaling ?? RotaryParameters()
        if angles.kind == "yarn", angles.originalMaxPositionEmbeddings == nil {
            angles.originalMaxPositionEmbeddings = maxPositionEmbeddings.map(Double.init)
        }
        return angles
    }
    var theta: Double { ropeParameters?.ropeTheta ?? ropeTheta ?? 10_000 }
    /// Qwen2 has biases on queries, keys and values, whatever the configuration says.
    var hasInputBias: Bool { modelType == "qwen2" || attentionBias ?? false }
    var hasOutputBias: Bool { modelType != "qwen2" && attentionBias ?? false }

    func pattern(layer: Int) -> AttentionPattern {
        let isCausal = isCausal ?? true
        guard let window = window(layer: layer) else { return isCausal ? .causal : .everything }
        // In a causal window the token itself counts.
        return isCausal
            ? AttentionPattern(before: window - 1, after: 0)
            : AttentionPattern(before: window, after: window)
    }

    private func window(layer: Int) -> Int? {
        // What is not said is as in transformers, whatever the kind.
        guard let slidingWindow = slidingWindow.value(ifAbsent: 4_096), slidingWindow > 0
        else { return nil }
        switch modelType {
        case "mistral": return slidingWindow
        case "qwen2", "qwen3":
            guard useSlidingWindow ?? false else { return nil }
            if let layerTypes, layerTypes.indices.contains(layer) {
                return layerTypes[layer] == "sliding_attention" ? slidingWindow : nil
            }
            return layer >= maxWindowLayers ?? 28 ? slidingWindow : nil
        default: return nil
        }
    }
}

enum CausalDecoder {
    static func load(
        _ folder: CheckpointFolder, _ weights: Weights, _ precision: Precision
    ) throws(ModelError) -> PreNormTransformer {
        let config = try folder.read(DecoderConfiguration.self)
        let heads = try heads(config, folder)
        weights.findPrefix(["", "model."], of: "embed_tokens.weight")
        let words = try VocabularyTable(
            named: "embed_tokens.weight", weights, rows: config.vocabSize,
            width: config.hiddenSize)
        var layers: [PreNormEncoder.Layer] = []
        for index in 0..<config.numHiddenLayers {
            layers.append(try layer(index, config, heads, folder, weights, precision))
        }
        let encoder = PreNormEncoder(
            width: config.hiddenSize, heads: heads, layers: layers,
            rotary: try folder.rotary(config.angles, theta: config.theta, width: heads.width),
            outputNorm: try config.norm("norm", weights))
        try weights.finish { name in
            name.hasPrefix("lm_head.") || name.hasPrefix("score.") || name.hasSuffix("inv_freq")
        }
        return PreNormTransformer(
            embeddings: InputEmbeddings(words: words), encoder: encoder,
            positionsMax: try folder.size(
                "max_position_embeddings", config.maxPositionEmbeddings))
    }

    private static func heads(
        _ config: DecoderConfiguration, _ folder: CheckpointFolder
    ) throws(ModelError) -> AttentionHeads {
        let count = config.numAttentionHeads
        let keyCount = config.numKeyValueHeads ?? count
        try folder.check([
            ("vocab_size", config.vocabSize), ("hidden_size", config.hiddenSize),
            ("intermediate_size", config.intermediateSize), ("num_attention_heads", count),
            ("num_hidden_layers", config.numHiddenLayers), ("num_key_value_heads", keyCount),
        ])
        var width = config.headDim ?? 128
        if config.headDim == nil, config.modelType != "qwen3" {
            width = try folder.heads(count, of: config.hiddenSize).width
        }
        try folder.check([("head_dim", width)])
        try folder.check([("head_dim * num_attention_heads", width * count)])
        guard count % keyCount == 0, width % 2 == 0 else {
            throw .configuration(
                path: folder.configPath,
                reason: "\(count) heads of \(width) values cannot share \(keyCount) heads of keys")
        }
        return AttentionHeads(count: count, keyCount: keyCount, width: width)
    }

    private static func layer(
        _ index: Int, _ config: DecoderConfiguration, _ heads: AttentionHeads,
        _ folder: CheckpointFolder, _ weights: Weights, _ precision: Precision
    ) throws(ModelError) -> PreNormEncoder.Layer {
        let base = "layers.\(index)."
        let attention = base + "self_attn."
        let width = config.hiddenSize
        let hasHeadNorms = config.modelType == "qwen3"
        func headNorm(_ name: String) throws(ModelError) -> RMSNorm? {
            guard hasHeadNorms else { return nil }
            return try RMSNorm(
                named: attention + name, weights, width: heads.width, epsilon: config.epsilon)
        }
        return PreNormEncoder.Layer(
            inputNorm: try config.norm(base + "input_layernorm", weights),
            projection: try Linear(
                named: ["q_proj", "k_proj", "v_proj"].map { attention + $0 }, weights,
                inputs: width, outputs: [heads.queryWidth, heads.keyWidth, heads.keyWidth],
                hasBias: config.hasInputBias, precision: precision),
            queryNorm: try headNorm("q_norm"), keyNorm: try headNorm("k_norm"),
            output: try Linear(
                named: attention + "o_proj", weights, inputs: heads.queryWidth, outputs: width,
                hasBias: config.hasOutputBias, precision: precision),
            middleNorm: try config.norm(base + "post_attention_layernorm", weights),
            feedForward: try FeedForward(
                weights, inner: [base + "mlp.gate_proj", base + "mlp.up_proj"],
                outer: base + "mlp.down_proj", width: width,
                innerWidth: config.intermediateSize,
                activation: folder.activation(config.hiddenAct ?? "silu"),
                hasBias: config.mlpBias ?? false, precision: precision),
            pattern: config.pattern(layer: index))
    }
}

extension DecoderConfiguration {
    fileprivate var epsilon: Double { rmsNormEps ?? 1e-6 }

    fileprivate func norm(_ name: String, _ weights: Weights) throws(ModelError) -> RMSNorm {
        try RMSNorm(named: name, weights, width: hiddenSize, epsilon: epsilon)
    }
}
