// Which architecture is which family.

enum Families {
    private struct Kind: Decodable {
        let modelType: String?
        let isDecoder: Bool?
    }

    private typealias Loader =
        @Sendable (
            CheckpointFolder, Weights, Precision
        ) throws(ModelError) -> any Transformer

    /// By `model_type` of config.json.
    private static let loaders: [String: Loader] = [
        "bert": { (folder, weights, precision) throws(ModelError) in
            try Bert.load(folder, weights, precision)
        },
        "distilbert": { (folder, weights, precision) throws(ModelError) in
            try DistilBert.load(folder, weights, precision)
        },
        "roberta": roberta, "xlm-roberta": roberta, "camembert": roberta,
        "mpnet": { (folder, weights, precision) throws(ModelError) in
            try MPNet.load(folder, weights, precision)
        },
        "modernbert": { (folder, weights, precision) throws(ModelError) in
            try ModernBert.load(folder, weights, precision)
        },
        "nomic_bert": { (folder, weights, precision) throws(ModelError) in
            try NomicBert.load(folder, weights, precision)
        },
        "llama": decoder, "mistral": decoder, "qwen2": decoder, "qwen3": decoder,
    ]

    private static let decoders = ["llama", "mistral", "qwen2", "qwen3"]

    private static let roberta: Loader = { (folder, weights, precision) throws(ModelError) in
        try Roberta.load(folder, weights, precision)
    }

    private static let decoder: Loader = { (folder, weights, precision) throws(ModelError) in
        try CausalDecoder.load(folder, weights, precision)
    }

    static var known: [String] { loaders.keys.sorted() }

    /// - weights: of the directory; what was taken of them already, the family does not miss.
    static func load(
        _ directory: String, _ weights: Weights, _ precision: Precision
    ) throws(ModelError) -> (architecture: String, any Transformer) {
        let folder = CheckpointFolder(path: directory)
        let kind = try folder.read(Kind.self)
        let type = kind.modelType
        guard let type, let loader = loaders[type] else {
            throw .unknownArchitecture(
                path: folder.configPath, name: type ?? "(no model_type)", known: known)
        }
        // An encoder whose tokens see only those before them; of a decoder it says nothing new.
        if kind.isDecoder == true, !decoders.contains(type) {
            throw folder.unsupported("is_decoder with the architecture \(type)")
        }
        return (type, try loader(folder, weights, precision))
    }
}
