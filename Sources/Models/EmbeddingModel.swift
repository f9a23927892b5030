// A model's folder as something that makes vectors of texts.

import Files
public import Tokenizers

/// Immutable and shared by threads.
public final class EmbeddingModel: Sendable {
    public let directory: String
    public let options: EncodingOptions
    public let tokenizer: Tokenizer
    /// Of what `encode` returns.
    public let dimension: Int
    /// Tokens of a document, special tokens included; what is longer is cut.
    public let maxLength: Int
    /// Whether the vectors have length 1.
    public let isNormalized: Bool
    /// Text in front of every document.
    public let prompt: String
    /// Empty where every token has a vector of its own.
    public let poolings: [Pooling]

    /// `model_type` of config.json.
    public let architecture: String
    /// Prompts of the folder by name.
    public let prompts: [String: String]

    let transformer: any Transformer
    let layers: Int
    /// Whether the prompt's tokens take part in pooling.
    let poolsPrompt: Bool
    let steps: [Step]

    /// What is done with the rows after pooling.
    enum Step: Sendable {
        case dense(DenseModule)
        case normalize
        /// Keeps the first values of each row.
        case truncate(Int)
    }

    /// - Throws: whatever of the folder is missing, damaged or not supported, by name.
    public init(directory: String, options: EncodingOptions) throws(ModelError) {
        guard isDirectory(directory) else {
            throw .file(
                .unreadable(
                    path: directory, reason: "there is no such directory with a model in it"))
        }
        self.directory = directory
        self.options = options
        let folder = try SentenceFolder(directory)
        do throws(TokenizerError) {
            tokenizer = try Tokenizer(path: "\(folder.checkpoint)/tokenizer.json")
        } catch { throw .tokenizer(error) }
        (architecture, transformer) = try Families.load(folder.checkpoint, options.precision)
        guard tokenizer.vocabularyCount <= transformer.vocabularyCount else {
            throw .configuration(
                path: "\(folder.checkpoint)/tokenizer.json",
                reason: "it has \(tokenizer.vocabularyCount) tokens, the model's table has only "
                    + "\(transformer.vocabularyCount)")
        }
        layers = try Self.layers(options, transformer)
        maxLength = try Self.maxLength(options, folder, transformer, tokenizer)
        prompts = folder.prompts
        prompt = try Self.prompt(options, folder)
        poolsPrompt = folder.poolsPrompt
        poolings = options.isTokenLevel ? [] : options.pooling.map { [$0] } ?? folder.poolings
        guard options.isTokenLevel || !poolings.isEmpty else {
            throw .configuration(
                path: "\(directory)/modules.json", reason: "it has no Pooling; use --pooling")
        }
        let width = transformer.width * max(poolings.count, 1)
        (steps, dimension) = try Self.steps(options, folder, width: width)
        if case .normalize = steps.last { isNormalized = true } else { isNormalized = false }
    }

    private static func layers(
        _ options: EncodingOptions, _ transformer: any Transformer
    ) throws(ModelError) -> Int {
        guard let layer = options.layer else { return transformer.layerCount }
        guard (0...transformer.layerCount).contains(layer) else {
            throw .option(
                "--layer \(layer) is out of range; the model has layers "
                    + "0...\(transformer.layerCount)")
        }
        return layer
    }

    private static func maxLength(
        _ options: EncodingOptions, _ folder: SentenceFolder, _ transformer: any Transformer,
        _ tokenizer: Tokenizer
    ) throws(ModelError) -> Int {
        let reach = transformer.positionsMax
        let least = tokenizer.specialTokensCount + 1
        guard reach >= least else {
            throw .configuration(
                path: "\(folder.checkpoint)/config.json",
                reason: "it has positions for \(reach) tokens; the tokenizer alone adds "
                    + "\(tokenizer.specialTokensCount)")
        }
        if let wanted = options.maxLength {
            guard (least...reach).contains(wanted) else {
                throw .option(
                    "--max-length \(wanted) is out of range; the model takes \(least)...\(reach) "
                        + "tokens")
            }
            return wanted
        }
        return max(min(folder.maxLength ?? reach, reach), least)
    }

    private static func prompt(
        _ options: EncodingOptions, _ folder: SentenceFolder
    ) throws(ModelError) -> String {
        if let prompt = options.prompt { return prompt }
        guard let name = options.promptName ?? folder.defaultPrompt else { return "" }
        guard let prompt = folder.prompts[name] else {
            let known = folder.prompts.keys.sorted().joined(separator: ", ")
            throw .option(
                "the model has no prompt \(name); it has "
                    + (known.isEmpty ? "none, so use --prompt" : known))
        }
        return prompt
    }

    private static func steps(
        _ options: EncodingOptions, _ folder: SentenceFolder, width: Int
    ) throws(ModelError) -> ([Step], Int) {
        var steps: [Step] = []
        var dimension = width
        for step in folder.steps {
            switch step {
            case .normalize: steps.append(.normalize)
            case .dense(let path):
                let module = try DenseModule(
                    path, isForTokens: options.isTokenLevel, precision: options.precision)
                guard module.linear.inputs == dimension else {
                    throw .configuration(
                        path: "\(path)/config.json",
                        reason: "it takes \(module.linear.inputs) values where there are "
                            + "\(dimension)")
                }
                dimension = module.linear.outputs
                steps.append(.dense(module))
            }
        }
        var normalizes = false
        if case .normalize = steps.last {
            normalizes = true
            steps.removeLast()
        }
        if let wanted = options.dimension ?? folder.dimension.map({ min($0, dimension) }) {
            guard (1...dimension).contains(wanted) else {
                throw .option(
                    "--dimension \(wanted) is out of range; the model's vectors have \(dimension)")
            }
            dimension = wanted
            steps.append(.truncate(wanted))
        }
        if options.normalizes ?? normalizes { steps.append(.normalize) }
        return (steps, dimension)
    }
}
