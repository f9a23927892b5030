// BERT (Devlin et al. 2018).

struct BertConfiguration: Decodable {
    let hiddenSize: Int
    let numHiddenLayers: Int
    let numAttentionHeads: Int
    let intermediateSize: Int
    let hiddenAct: String
    let vocabSize: Int
    let maxPositionEmbeddings: Int
    let typeVocabSize: Int?
    let layerNormEps: Double?
    let positionEmbeddingType: String?
    let padTokenId: Int?

    func check(_ folder: CheckpointFolder) throws(ModelError) {
        try folder.check([
            ("hidden_size", hiddenSize), ("num_hidden_layers", numHiddenLayers),
            ("num_attention_heads", numAttentionHeads), ("vocab_size", vocabSize),
            ("intermediate_size", intermediateSize), ("type_vocab_size", typeVocabSize ?? 1),
            ("max_position_embeddings", maxPositionEmbeddings),
        ])
        if let type = positionEmbeddingType, type != "absolute" {
            throw folder.unsupported("position_embedding_type \(type)")
        }
    }
}

enum Bert {
    static func load(
        _ folder: CheckpointFolder, _ weights: Weights, _ precision: Precision
    ) throws(ModelError) -> PostNormTransformer {
        let config = try folder.read(BertConfiguration.self)
        try config.check(folder)
        weights.findPrefix(["", "bert."], of: "embeddings.word_embeddings.weight")
        let embeddings = try InputEmbeddings(weights, config, epsilon: config.layerNormEps ?? 1e-12)
        let encoder = try PostNormEncoder(
            weights, .bert, folder, config, epsilon: config.layerNormEps ?? 1e-12, precision)
        try weights.finish { name in
            name == "embeddings.position_ids" || name.hasPrefix("pooler.")
                || name.hasPrefix("cls.") || name.hasPrefix("classifier.")
        }
        return PostNormTransformer(embeddings, encoder)
    }
}

extension InputEmbeddings {
    /// By the names of BERT.
    init(
        _ weights: Weights, _ config: BertConfiguration, epsilon: Double, hasTypes: Bool = true,
        firstPosition: Int = 0
    ) throws(ModelError) {
        let width = config.hiddenSize
        words = try VocabularyTable(
            named: "embeddings.word_embeddings.weight", weights, rows: config.vocabSize,
            width: width)
        positions = try TokenTable(
            named: "embeddings.position_embeddings.weight", weights,
            rows: config.maxPositionEmbeddings, width: width)
        self.firstPosition = firstPosition
        if hasTypes {
            types = try TokenTable(
                named: "embeddings.token_type_embeddings.weight", weights,
                rows: config.typeVocabSize ?? 2, width: width)
        }
        norm = try LayerNorm(
            named: "embeddings.LayerNorm", weights, width: width, epsilon: epsilon)
    }
}

extension PostNormEncoder {
    init(
        _ weights: Weights, _ names: PostNormNames, _ folder: CheckpointFolder,
        _ config: BertConfiguration, epsilon: Double, _ precision: Precision
    ) throws(ModelError) {
        try self.init(
            weights, names, layers: config.numHiddenLayers,
            heads: folder.heads(config.numAttentionHeads, of: config.hiddenSize),
            innerWidth: config.intermediateSize, activation: folder.activation(config.hiddenAct),
            epsilon: epsilon, precision: precision)
    }
}
