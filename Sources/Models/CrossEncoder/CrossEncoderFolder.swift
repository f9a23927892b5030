// What config.json says about a head that classifies, in the keys of several versions.

/// The keys of transformers, and of sentence-transformers' CrossEncoder since its versions 4 and 6.
struct CrossEncoderFolder: Decodable {
    let modelType: String?
    let architectures: [String]?
    private let id2label: [String: String]?
    private let numLabels: Int?
    let padTokenId: Int?
    private let normEps: Double?
    private let layerNormEps: Double?
    let normBias: Bool?
    let classifierPooling: String?
    let classifierBias: Bool?
    let classifierActivation: String?
    private let sentenceTransformers: Settings?
    private let sbertCeDefaultActivationFunction: String?

    /// Of sentence-transformers, in config.json or in a file of their own.
    private struct Settings: Decodable {
        let activationFn: String?
        let activationFunction: String?
        let defaultPromptName: String?
    }

    /// What is done with the head's outcome.
    enum Activation: Equatable {
        case identity, sigmoid, tanh
    }

    static func read(
        _ directory: String, _ folder: SentenceFolder
    ) throws(ModelError) -> (CrossEncoderFolder, Activation?) {
        let path = "\(folder.checkpoint)/config.json"
        let config = try JSONFile.read(CrossEncoderFolder.self, path)
        guard config.isClassifier else {
            let name = config.architectures?.first ?? "(no architectures)"
            throw .configuration(
                path: path,
                reason: "\(name) is no cross-encoder; its name would end in "
                    + "ForSequenceClassification")
        }
        let list = "\(directory)/config_sentence_transformers.json"
        let settings = try JSONFile.readIfThere(Settings.self, list)
        if settings?.defaultPromptName != nil {
            throw .unsupported(path: list, feature: "a prompt of pairs")
        }
        guard folder.steps.isEmpty else {
            throw .unsupported(
                path: "\(directory)/modules.json", feature: "a module behind a cross-encoder")
        }
        if let name = settings?.activationFn ?? settings?.activationFunction {
            return (config, try activation(name, list))
        }
        let said = config.sentenceTransformers
        let name =
            said?.activationFn ?? said?.activationFunction
            ?? config.sbertCeDefaultActivationFunction
        return (config, try name.map { name throws(ModelError) in try activation(name, path) })
    }

    /// - name: of a class of PyTorch, as "torch.nn.modules.activation.Sigmoid".
    private static func activation(
        _ name: String, _ path: String
    ) throws(ModelError) -> Activation {
        switch name.split(separator: ".").last {
        case "Identity": return .identity
        case "Sigmoid": return .sigmoid
        case "Tanh": return .tanh
        default: throw .unsupported(path: path, feature: "the activation \(name)")
        }
    }

    var isClassifier: Bool {
        architectures?.first?.hasSuffix("ForSequenceClassification") ?? false
    }

    /// nil where nothing is said.
    var labels: Int? { id2label?.count ?? numLabels }
    var epsilon: Double { normEps ?? layerNormEps ?? 1e-5 }
}
