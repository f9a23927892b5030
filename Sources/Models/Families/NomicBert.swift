// NomicBERT (Nussbaum et al. 2024): BERT with rotary positions, gates and no biases.

/// Keys as the checkpoints have them, which follow GPT-2, and as transformers 5 writes them.
struct NomicBertConfiguration: Decodable {
    let vocabSize: Int
    let typeVocabSize: Int?
    let nEmbd: Int?
    let hiddenSize: Int?
    let nLayer: Int?
    let numHiddenLayers: Int?
    let nHead: Int?
    let numAttentionHeads: Int?
    let nInner: Int?
    let intermediateSize: Int?
    let nPositions: Int?
    let maxPositionEmbeddings: Int?
    let maxTrainedPositions: Int?
    let layerNormEpsilon: Double?
    let layerNormEps: Double?
    let activationFunction: String?
    let hiddenAct: String?
    let rotaryEmbBase: Double?
    let rotaryEmbFraction: Double?
    let rotaryEmbInterleaved: Bool?
    let rotaryScalingFactor: Double?
    let ropeParameters: RotaryParameters?
    let prenorm: Bool?
    let useRmsNorm: Bool?
    let causal: Bool?
    let parallelBlock: Bool?
    let qkvProjBias: Bool?
    let mlpFc1Bias: Bool?
    let mlpFc2Bias: Bool?

    /// Variants that the code of the checkpoints knows, but that no encoder was published with.
    fileprivate var odd: String? {
        let flags: [(String, Bool?)] = [
            ("prenorm", prenorm), ("use_rms_norm", useRmsNorm), ("causal", causal),
            ("parallel_block", parallelBlock), ("qkv_proj_bias", qkvProjBias),
            ("mlp_fc1_bias", mlpFc1Bias), ("mlp_fc2_bias", mlpFc2Bias),
        ]
        return flags.first { $0.1 == true }?.0
    }
}

enum NomicBert {
    private static let names = PostNormNames(
        layer: { "encoder.layers.\($0)." }, projections: ["attn.Wqkv"], output: "attn.out_proj",
        outputNorm: "norm1", inner: ["mlp.fc12", "mlp.fc11"], outer: "mlp.fc2",
        outerNorm: "norm2", hasBias: false)

    static func load(
        _ folder: CheckpointFolder, _ weights: Weights, _ precision: Precision
    ) throws(ModelError) -> PostNormTransformer {
        let config = try folder.read(NomicBertConfiguration.self)
        if let odd = config.odd { throw folder.unsupported(odd) }
        let width = try folder.size("n_embd", config.nEmbd ?? config.hiddenSize)
        let heads = try folder.heads(
            folder.size("n_head", config.nHead ?? config.numAttentionHeads), of: width)
        try folder.check([("vocab_size", config.vocabSize)])
        weights.findPrefix(["", "bert.", "nomic_bert."], of: "embeddings.word_embeddings.weight")
        let epsilon = config.layerNormEpsilon ?? config.layerNormEps ?? 1e-12
        let embeddings = InputEmbeddings(
            words: try VocabularyTable(
                named: "embeddings.word_embeddings.weight", weights, rows: config.vocabSize,
                width: width),
            types: try types(config, folder, weights, width: width),
            norm: try LayerNorm(named: "emb_ln", weights, width: width, epsilon: epsilon))
        var encoder = try PostNormEncoder(
            weights, names, layers: folder.size("n_layer", config.nLayer ?? config.numHiddenLayers),
            heads: heads,
            innerWidth: folder.size("n_inner", config.nInner ?? config.intermediateSize),
            activation: folder.activation(
                config.activationFunction ?? config.hiddenAct ?? "swiglu"),
            epsilon: epsilon, precision: precision)
        encoder.rotary = try rotary(config, folder, heads)
        try weights.finish { name in
            name.hasPrefix("pooler.") || name.hasPrefix("cls.") || name.hasPrefix("classifier.")
                || name.hasSuffix("inv_freq")
        }
        return PostNormTransformer(
            embeddings, encoder, positionsMax: try positions(config, folder))
    }

    private static func types(
        _ config: NomicBertConfiguration, _ folder: CheckpointFolder, _ weights: Weights, width: Int
    ) throws(ModelError) -> TokenTable? {
        guard config.typeVocabSize != 0 else { return nil }
        return try TokenTable(
            named: "embeddings.token_type_embeddings.weight", weights,
            rows: folder.size("type_vocab_size", config.typeVocabSize ?? 2), width: width)
    }

    /// Beyond the positions of training the angles would have to be scaled.
    private static func positions(
        _ config: NomicBertConfiguration, _ folder: CheckpointFolder
    ) throws(ModelError) -> Int {
        let all = try folder.size(
            "n_positions", config.nPositions ?? config.maxPositionEmbeddings ?? 2_048)
        return config.rotaryScalingFactor == nil
            ? all : min(all, max(config.maxTrainedPositions ?? 2_048, 1))
    }

    private static func rotary(
        _ config: NomicBertConfiguration, _ folder: CheckpointFolder, _ heads: AttentionHeads
    ) throws(ModelError) -> Rotary {
        var parameters = config.ropeParameters ?? RotaryParameters()
        if let fraction = config.rotaryEmbFraction { parameters.partialRotaryFactor = fraction }
        return try folder.rotary(
            parameters, theta: config.rotaryEmbBase ?? parameters.ropeTheta ?? 1_000,
            width: heads.width, pairsNeighbours: config.rotaryEmbInterleaved ?? false)
    }
}
