// What was read of a model's folder and how it will be used, for people and for `--json`.

import CKernels

public struct ModelSummary: Sendable, Encodable {
    public let kind: ModelKind
    public let directory: String
    public let architecture: String
    public let layers: Int
    public let width: Int
    public let vocabulary: Int
    /// Tokens that the positions reach.
    public let positions: Int
    /// Tokens of a document or of a pair.
    public let maxLength: Int
    /// Tokens of a query, where queries are encoded otherwise than documents.
    public internal(set) var queryLength: Int?
    /// Of the vectors; of a cross-encoder how many scores a pair has.
    public let dimension: Int
    public let poolings: [String]
    /// What is done behind the pooling, in order.
    public let steps: [String]
    public internal(set) var prompt = ""
    public internal(set) var prompts: [String: String] = [:]
    public let isNormalized: Bool
    /// The arithmetic, and the instruction set that it runs on.
    public let precision: String
    public let instructionSet: String

    init(
        _ kind: ModelKind, _ directory: String, _ checkpoint: Checkpoint, layers: Int,
        maxLength: Int, poolings: [Pooling], _ steps: RowSteps, _ precision: Precision
    ) {
        self.kind = kind
        self.directory = directory
        architecture = checkpoint.architecture
        self.layers = layers
        width = checkpoint.transformer.width
        vocabulary = checkpoint.transformer.vocabularyCount
        positions = checkpoint.transformer.positionsMax
        self.maxLength = maxLength
        dimension = steps.dimension
        self.poolings = poolings.map(\.rawValue)
        self.steps = steps.sentences
        isNormalized = steps.isNormalized
        self.precision = precision.rawValue
        instructionSet = String(cString: dense_isa_current())
    }

    /// Opens the model of the folder as the kind that it is.
    public static func read(
        directory: String, precision: Precision
    ) throws(ModelError) -> ModelSummary {
        switch try ModelKind(directory: directory) {
        case .embedding:
            var options = EncodingOptions()
            options.precision = precision
            return try EmbeddingModel(directory: directory, options: options).summary
        case .lateInteraction:
            var options = LateInteractionOptions()
            options.precision = precision
            return try LateInteractionModel(directory: directory, options: options).summary
        case .crossEncoder:
            var options = CrossEncoderOptions()
            options.precision = precision
            return try CrossEncoder(directory: directory, options: options).summary
        }
    }
}

extension EmbeddingModel {
    public var summary: ModelSummary {
        var summary = ModelSummary(
            .embedding, directory, checkpoint, layers: layers, maxLength: maxLength,
            poolings: poolings, steps, options.precision)
        (summary.prompt, summary.prompts) = (prompt, prompts)
        return summary
    }
}

extension LateInteractionModel {
    public var summary: ModelSummary {
        var summary = ModelSummary(
            .lateInteraction, directory, documents.checkpoint, layers: documents.layers,
            maxLength: documentLength, poolings: [], documents.steps, options.precision)
        summary.queryLength = queryLength
        (summary.prompt, summary.prompts) = (documents.prompt, prompts)
        return summary
    }
}

extension CrossEncoder {
    public var summary: ModelSummary {
        ModelSummary(
            .crossEncoder, directory, checkpoint, layers: checkpoint.transformer.layerCount,
            maxLength: maxLength, poolings: [pooling], steps, options.precision)
    }
}
