// Which architecture is which family.

enum Families {
    private struct Kind: Decodable { let modelType: String? }

    private typealias Loader = @Sendable (
        CheckpointFolder, Weights, Precision
    ) throws(ModelError) -> any Transformer

    /// By `model_type` of config.json.
    private static let loaders: [String: Loader] = [
        "bert": { (folder, weights, precision) throws(ModelError) in
            try Bert(folder, weights, precision)
        }
    ]

    static var known: [String] { loaders.keys.sorted() }

    static func load(
        _ directory: String, _ precision: Precision
    ) throws(ModelError) -> (architecture: String, any Transformer) {
        let folder = CheckpointFolder(path: directory)
        let type = try folder.read(Kind.self).modelType
        guard let type, let loader = loaders[type] else {
            throw .unknownArchitecture(
                path: folder.configPath, name: type ?? "(no model_type)", known: known)
        }
        return (type, try loader(folder, try Weights(directory: directory), precision))
    }
}
