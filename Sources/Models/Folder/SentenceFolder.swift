// What a sentence-transformers folder says: the modules in order, lengths, prompts.

/// Obeyed as sentence-transformers does, with the key names of before and after its version 5.4.
struct SentenceFolder {
    /// Where config.json and the weights of the transformer are.
    private(set) var checkpoint: String
    private(set) var poolings: [Pooling] = []
    /// Whether the tokens of the prompt take part in pooling.
    private(set) var poolsPrompt = true
    private(set) var steps: [Step] = []
    private(set) var maxLength: Int?
    /// Values of a vector that are kept.
    private(set) var dimension: Int?
    private(set) var lowercases = false
    private(set) var prompts: [String: String] = [:]
    private(set) var defaultPrompt: String?
    /// The folder of the module that says which tokens have no vectors.
    private(set) var tokenMask: String?
    /// The file of settings of the Transformer module.
    private(set) var transformerPath: String?
    /// The folders of all modules.
    private(set) var places: [String]
    /// Whether there was a modules.json.
    let isSentenceTransformers: Bool
    /// Where prompts and the dimension stand.
    let settingsPath: String

    /// What is done with a pooled vector.
    enum Step {
        case dense(path: String)
        case normalize
    }

    private struct Module: Decodable {
        let path: String
        let type: String
    }

    private struct Prompts: Decodable {
        let prompts: [String: String?]?
        let defaultPromptName: String?
        let truncateDim: Int?
    }

    /// Some folders have a number here that no integer holds, for "without limit".
    private struct TokenizerConfiguration: Decodable { let modelMaxLength: Double? }

    private struct Architectures: Decodable {
        let architectures: [String]?
        let isCausal: Bool?
    }

    init(_ path: String) throws(ModelError) {
        checkpoint = path
        places = [path]
        settingsPath = "\(path)/config_sentence_transformers.json"
        let list = "\(path)/modules.json"
        let modules = try JSONFile.readIfThere([Module].self, list)
        isSentenceTransformers = modules != nil
        for module in modules ?? [] { try add(module, of: path, list: list) }
        if modules == nil { poolings = [try Self.customaryPooling(checkpoint)] }
        transformerPath = TransformerFile.path(in: checkpoint)
        if let path = transformerPath {
            let said = try JSONFile.read(TransformerFile.self, path)
            try said.check(path, isPooled: modules != nil && !poolings.isEmpty)
            maxLength = try said.maxLength(path)
            lowercases = said.doLowerCase ?? false
        }
        if maxLength == nil { maxLength = try Self.tokenizerLength(checkpoint) }
        let said = try JSONFile.readIfThere(Prompts.self, settingsPath)
        prompts = (said?.prompts ?? [:]).mapValues { $0 ?? "" }
        defaultPrompt = said?.defaultPromptName
        // These two every model of sentence-transformers has, if only as no prompt.
        if let name = defaultPrompt, prompts[name] == nil, ["query", "document"].contains(name) {
            defaultPrompt = nil
        }
        dimension = try Self.positive(said?.truncateDim, "truncate_dim", settingsPath)
    }

    static func positive(
        _ value: Int?, _ key: String, _ path: String
    ) throws(ModelError) -> Int? {
        guard let value, value < 1 else { return value }
        throw .configuration(
            path: path, reason: "\(key) \(value) is out of range; it must be 1 or more")
    }

    /// The folders of the modules that have weights.
    var weightPlaces: [String] {
        [checkpoint]
            + steps.compactMap { step in
                if case .dense(let path) = step { path } else { nil }
            }
    }

    /// Of a checkpoint without modules: the last token where a model was made to continue text.
    private static func customaryPooling(_ path: String) throws(ModelError) -> Pooling {
        let config = try JSONFile.readIfThere(Architectures.self, "\(path)/config.json")
        let continues = config?.architectures?.first?.hasSuffix("ForCausalLM") ?? false
        return continues && config?.isCausal ?? true ? .lastToken : .mean
    }

    /// What the tokenizer's own settings allow.
    private static func tokenizerLength(_ path: String) throws(ModelError) -> Int? {
        let file = "\(path)/tokenizer_config.json"
        let config = try JSONFile.readIfThere(TokenizerConfiguration.self, file)
        let length = config?.modelMaxLength.flatMap { $0 < 1e9 ? Int(exactly: $0.rounded()) : nil }
        return try positive(length, "model_max_length", file)
    }

    private mutating func add(
        _ module: Module, of path: String, list: String
    ) throws(ModelError) {
        guard !module.path.hasPrefix("/"), !module.path.split(separator: "/").contains("..") else {
            throw .configuration(path: list, reason: "module path \(module.path) leads elsewhere")
        }
        let place = module.path.isEmpty ? path : "\(path)/\(module.path)"
        places.append(place)
        // The modules have moved between packages; their last name has stayed.
        switch module.type.split(separator: ".").last {
        case "Transformer": checkpoint = place
        case "Pooling":
            let pooling = try JSONFile.read(PoolingFile.self, "\(place)/config.json")
            poolings = try pooling.modes(path: "\(place)/config.json")
            poolsPrompt = pooling.includePrompt ?? true
        case "Dense": steps.append(.dense(path: place))
        case "Normalize": steps.append(.normalize)
        case "MultiVectorMask": tokenMask = place
        default: throw .unsupported(path: list, feature: "the module \(module.type)")
        }
    }
}

/// `1_Pooling/config.json`.
private struct PoolingFile: Decodable {
    let poolingMode: Modes?
    let includePrompt: Bool?
    let poolingModeClsToken: Bool?
    let poolingModeMaxTokens: Bool?
    let poolingModeMeanTokens: Bool?
    let poolingModeMeanSqrtLenTokens: Bool?
    let poolingModeWeightedmeanTokens: Bool?
    let poolingModeLasttoken: Bool?

    /// One name or several.
    enum Modes: Decodable {
        case names([String])

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let name = try? container.decode(String.self) {
                self = .names([name])
            } else {
                self = .names(try container.decode([String].self))
            }
        }
    }

    /// In the order in which their vectors are put side by side.
    func modes(path: String) throws(ModelError) -> [Pooling] {
        var modes: [Pooling] = []
        if case .names(let names) = poolingMode {
            for name in names {
                guard let mode = Pooling(rawValue: name) else {
                    throw .unsupported(path: path, feature: "the pooling \(name)")
                }
                modes.append(mode)
            }
        } else {
            let flags: [(Bool?, Pooling)] = [
                (poolingModeClsToken, .cls), (poolingModeMaxTokens, .max),
                (poolingModeMeanTokens, .mean), (poolingModeMeanSqrtLenTokens, .meanSqrt),
                (poolingModeWeightedmeanTokens, .weightedMean), (poolingModeLasttoken, .lastToken),
            ]
            modes = flags.filter { $0.0 == true }.map(\.1)
        }
        guard !modes.isEmpty else {
            throw .configuration(path: path, reason: "it names no pooling")
        }
        return modes
    }
}
