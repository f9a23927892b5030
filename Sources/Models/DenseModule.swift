// A `Dense` module of sentence-transformers: one layer behind the pooling.

import CKernels
import Files
import Tensors

struct DenseModule: Sendable {
    let linear: Linear
    private let activation: Activation

    private struct Configuration: Decodable {
        let inFeatures: Int
        let outFeatures: Int
        let bias: Bool?
        let activationFunction: String?
        let moduleInputName: String?
        let moduleOutputName: String?
        let useResidual: Bool?
    }

    /// - isForTokens: whether rows are of tokens rather than of documents.
    init(
        _ directory: String, isForTokens: Bool, precision: Precision
    ) throws(ModelError) {
        let path = "\(directory)/config.json"
        let config = try JSONFile.read(Configuration.self, path)
        if config.useResidual ?? false {
            throw .unsupported(path: path, feature: "use_residual")
        }
        for name in [config.moduleInputName, config.moduleOutputName] {
            guard let name, name != "sentence_embedding",
                !(isForTokens && name == "token_embeddings")
            else { continue }
            throw .unsupported(path: path, feature: "a Dense module for \(name)")
        }
        // The name of a class of PyTorch, as "torch.nn.modules.activation.Tanh".
        let name = config.activationFunction?.split(separator: ".").last?.lowercased() ?? "tanh"
        guard let activation = Activation(named: name) else {
            throw .unsupported(path: path, feature: "the activation \(name)")
        }
        self.activation = activation
        let weights = try Weights(directory: directory)
        linear = try Linear(
            named: "linear", weights, inputs: config.inFeatures, outputs: config.outFeatures,
            hasBias: config.bias ?? true, precision: precision)
        try weights.finish { _ in false }
    }

    func callAsFunction(
        _ x: UnsafePointer<Float>, rows: Int, into y: UnsafeMutablePointer<Float>,
        _ workspace: Workspace
    ) throws(ModelError) {
        try linear(x, rows: rows, into: y, activation: activation, workspace)
    }
}
