// A `Dense` module of sentence-transformers or PyLate: one layer behind the transformer.

import CKernels
import Files
import Tensors

struct DenseModule: Sendable {
    let linear: Linear
    private let activation: Activation
    private let residual: Residual

    private static let valuesMax = 10_000_000

    /// What is added to the outcome.
    private enum Residual: Sendable {
        case none, input
        /// The input brought to the width of the outputs.
        case projected(Linear)
    }

    /// A layer by itself.
    init(_ linear: Linear, activation: Activation = .identity) {
        self.linear = linear
        self.activation = activation
        residual = .none
    }

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
        let (inputs, outputs) = (config.inFeatures, config.outFeatures)
        guard (1...Self.valuesMax).contains(inputs), (1...Self.valuesMax).contains(outputs) else {
            throw .configuration(
                path: path,
                reason: "in_features \(inputs) and out_features \(outputs) must lie in "
                    + "1...\(Self.valuesMax)")
        }
        linear = try Linear(
            named: "linear", weights, inputs: inputs, outputs: outputs,
            hasBias: config.bias ?? true, precision: precision)
        if !(config.useResidual ?? false) {
            residual = .none
        } else if inputs == outputs {
            residual = .input
        } else {
            residual = .projected(
                try Linear(
                    named: "residual", weights, inputs: inputs, outputs: outputs, hasBias: false,
                    precision: precision))
        }
        try weights.finish { _ in false }
    }

    func callAsFunction(
        _ x: UnsafePointer<Float>, rows: Int, into y: UnsafeMutablePointer<Float>,
        _ workspace: Workspace
    ) throws(ModelError) {
        switch residual {
        case .none: try linear(x, rows: rows, into: y, activation: activation, workspace)
        case .input:
            try linear(x, rows: rows, into: y, activation: activation, adding: x, workspace)
        case .projected(let other):
            try other(x, rows: rows, into: y, workspace)
            try linear(x, rows: rows, into: y, activation: activation, adding: y, workspace)
        }
    }
}
