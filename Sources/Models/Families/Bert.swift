// BERT (Devlin et al. 2018).

import CKernels

struct BertConfiguration: Decodable {
    let hiddenSize: Int
    let numHiddenLayers: Int
    let numAttentionHeads: Int
    let intermediateSize: Int
    let hiddenAct: String
    let vocabSize: Int
    let maxPositionEmbeddings: Int
    let typeVocabSize: Int
    let layerNormEps: Double?
    let positionEmbeddingType: String?
}

struct Bert: Transformer {
    private let words: TokenTable
    private let positions: TokenTable
    private let types: TokenTable
    private let embeddingNorm: LayerNorm
    private let encoder: PostNormEncoder

    var width: Int { encoder.width }
    var layerCount: Int { encoder.layers.count }
    var positionsMax: Int { positions.rows }
    var vocabularyCount: Int { words.rows }

    init(_ folder: CheckpointFolder, _ weights: Weights, _ precision: Precision) throws(ModelError) {
        let config = try folder.read(BertConfiguration.self)
        try folder.check([
            ("hidden_size", config.hiddenSize), ("num_hidden_layers", config.numHiddenLayers),
            ("num_attention_heads", config.numAttentionHeads), ("vocab_size", config.vocabSize),
            ("intermediate_size", config.intermediateSize),
            ("max_position_embeddings", config.maxPositionEmbeddings),
            ("type_vocab_size", config.typeVocabSize),
        ])
        if let type = config.positionEmbeddingType, type != "absolute" {
            throw folder.unsupported("position_embedding_type \(type)")
        }
        let epsilon = config.layerNormEps ?? 1e-12
        weights.findPrefix(["", "bert."], of: "embeddings.word_embeddings.weight")
        words = try TokenTable(
            named: "embeddings.word_embeddings.weight", weights, rows: config.vocabSize,
            width: config.hiddenSize)
        positions = try TokenTable(
            named: "embeddings.position_embeddings.weight", weights,
            rows: config.maxPositionEmbeddings, width: config.hiddenSize)
        types = try TokenTable(
            named: "embeddings.token_type_embeddings.weight", weights, rows: config.typeVocabSize,
            width: config.hiddenSize)
        embeddingNorm = try LayerNorm(
            named: "embeddings.LayerNorm", weights, width: config.hiddenSize, epsilon: epsilon)
        encoder = try PostNormEncoder(
            weights, .bert, layers: config.numHiddenLayers,
            heads: folder.heads(config.numAttentionHeads, of: config.hiddenSize),
            innerWidth: config.intermediateSize, activation: folder.activation(config.hiddenAct),
            epsilon: epsilon, precision: precision)
        try weights.finish { name in
            name == "embeddings.position_ids" || name.hasPrefix("pooler.")
                || name.hasPrefix("cls.") || name.hasPrefix("classifier.")
        }
    }

    func states(
        of batch: TokenBatch, layers: Int, _ workspace: Workspace
    ) throws(ModelError) -> UnsafeMutablePointer<Float> {
        let hidden = try workspace.floats(.hidden, batch.ids.count * width)
        for tokens in batch.documents {
            for (position, token) in tokens.enumerated() {
                let row = hidden + token * width
                row.update(from: words[Int(batch.ids[token])], count: width)
                positions.add(position, to: row)
                types.add(0, to: row)
            }
        }
        embeddingNorm(hidden, rows: batch.ids.count)
        try encoder.run(hidden, batch, layers: layers, workspace)
        return hidden
    }
}
