// What was read of a model's folder and how it will be used, for people and for `--json`.

import CKernels

public struct ModelSummary: Sendable, Encodable {
    public let directory: String
    public let architecture: String
    public let layers: Int
    public let width: Int
    public let vocabulary: Int
    /// Tokens that the positions reach.
    public let positions: Int
    public let maxLength: Int
    /// Of the vectors.
    public let dimension: Int
    public let poolings: [String]
    /// What is done behind the pooling, in order.
    public let steps: [String]
    public let prompt: String
    public let prompts: [String: String]
    public let isNormalized: Bool
    /// The arithmetic, and the instruction set that it runs on.
    public let precision: String
    public let instructionSet: String
}

extension EmbeddingModel {
    public var summary: ModelSummary {
        ModelSummary(
            directory: directory, architecture: architecture, layers: layers,
            width: transformer.width, vocabulary: transformer.vocabularyCount,
            positions: transformer.positionsMax, maxLength: maxLength, dimension: dimension,
            poolings: poolings.map(\.rawValue), steps: steps.map(\.sentence), prompt: prompt,
            prompts: prompts, isNormalized: isNormalized, precision: options.precision.rawValue,
            instructionSet: String(cString: dense_isa_current()))
    }
}

extension EmbeddingModel.Step {
    fileprivate var sentence: String {
        switch self {
        case .dense(let module): "dense \(module.linear.inputs) -> \(module.linear.outputs)"
        case .truncate(let kept): "first \(kept)"
        case .normalize: "normalize"
        }
    }
}
