// A model's folder as something that makes vectors of texts.

import Files
public import Tokenizers

/// Immutable and shared by threads.
public final class EmbeddingModel: Sendable {
    public let directory: String
    public let options: EncodingOptions
    /// Tokens of a document, special tokens included; what is longer is cut.
    public let maxLength: Int
    /// Text in front of every document.
    public let prompt: String
    /// Empty where every token has a vector of its own.
    public let poolings: [Pooling]
    /// Prompts of the folder by name.
    public let prompts: [String: String]

    let checkpoint: Checkpoint
    let layers: Int
    /// Tokens at the beginning of a document, of the prompt, that pooling leaves out.
    let skippedTokens: Int
    /// What is done with the rows after pooling.
    let steps: RowSteps

    public var tokenizer: Tokenizer { checkpoint.tokenizer }
    /// `model_type` of config.json.
    public var architecture: String { checkpoint.architecture }
    /// Of what `encode` returns.
    public var dimension: Int { steps.dimension }
    /// Whether the vectors have length 1.
    public var isNormalized: Bool { steps.isNormalized }

    /// - Parameter other: a model of the same folder, whose weights it takes where these are of the
    ///   same precision.
    /// - Throws: whatever of the folder is missing, damaged or not supported, by name.
    public init(
        directory: String, options: EncodingOptions, beside other: LateInteractionModel? = nil
    ) throws(ModelError) {
        guard isDirectory(directory) else { throw .noDirectory(directory) }
        self.directory = directory
        self.options = options
        let folder = try SentenceFolder(directory)
        if let other, other.directory == directory, other.options.precision == options.precision {
            checkpoint = other.documents.checkpoint
        } else {
            checkpoint = try Checkpoint(
                folder.checkpoint, Weights(directory: folder.checkpoint),
                lowercases: folder.lowercases, precision: options.precision)
        }
        try checkpoint.checkTypes()
        layers = try checkpoint.layers(options.layer)
        maxLength = try checkpoint.length(
            options.maxLength, option: "--max-length", said: folder.maxLength,
            specials: checkpoint.tokenizer.specialTokensCount)
        prompts = folder.prompts
        let prompt = try Self.prompt(options, folder)
        self.prompt = prompt
        skippedTokens =
            folder.poolsPrompt || prompt.isEmpty
            ? 0 : Self.tokens(ofPrompt: prompt, checkpoint.tokenizer)
        poolings = options.isTokenLevel ? [] : options.pooling.map { [$0] } ?? folder.poolings
        guard options.isTokenLevel || !poolings.isEmpty else {
            throw .configuration(
                path: "\(directory)/modules.json", reason: "it has no Pooling; use --pooling")
        }
        steps = try Self.steps(
            options, folder, width: checkpoint.transformer.width * max(poolings.count, 1))
    }

    /// Whether its hidden states are those of `other` for the same tokens.
    func isBeside(_ other: LateInteractionModel) -> Bool {
        other.directory == directory && other.options.precision == options.precision
    }

    private static func prompt(
        _ options: EncodingOptions, _ folder: SentenceFolder
    ) throws(ModelError) -> String {
        if let prompt = options.prompt { return prompt }
        guard let name = options.promptName ?? folder.defaultPrompt else { return "" }
        guard let prompt = folder.prompts[name] else {
            let known = folder.prompts.keys.sorted().joined(separator: ", ")
            guard options.promptName != nil else {
                throw .configuration(
                    path: folder.settingsPath,
                    reason: "default_prompt_name \(name) is none of its prompts: \(known)")
            }
            throw .option(
                "the model has no prompt \(name); it has "
                    + (known.isEmpty ? "none, so use --prompt" : known))
        }
        return prompt
    }

    /// What stands behind a Pooling was trained for its vectors: of that, tokens get only their
    /// length.
    private static func modules(
        _ options: EncodingOptions, _ folder: SentenceFolder
    ) -> [SentenceFolder.Step] {
        guard options.isTokenLevel, !folder.poolings.isEmpty else { return folder.steps }
        guard case .normalize? = folder.steps.last else { return [] }
        return [.normalize]
    }

    private static func steps(
        _ options: EncodingOptions, _ folder: SentenceFolder, width: Int
    ) throws(ModelError) -> RowSteps {
        var steps = RowSteps(width: width)
        try steps.append(
            modules(options, folder), isForTokens: options.isTokenLevel,
            precision: options.precision)
        let normalizes = steps.removeNormalization()
        let dimension = steps.dimension
        if let wanted = options.dimension ?? folder.dimension.map({ min($0, dimension) }) {
            guard (1...dimension).contains(wanted) else {
                throw .option(
                    "--dimension \(wanted) is out of range; the model's vectors have \(dimension)")
            }
            steps.append(.truncate(wanted))
        }
        if let projection = options.projection {
            guard options.isTokenLevel else {
                throw .option("a projection is for vectors of tokens")
            }
            try steps.append(projection, options.precision)
        }
        if options.normalizes ?? normalizes { steps.append(.normalize) }
        return steps
    }
}
