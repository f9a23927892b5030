// From hidden states to vectors of tokens, and the settings of each role.

import Tokenizers

extension LateInteractionModel {
    /// `linear.weight`, which stands beside the transformer in checkpoints of Stanford.
    static func linear(
        _ settings: LateInteractionFolder, _ weights: Weights, _ options: LateInteractionOptions
    ) throws(ModelError) -> DenseModule {
        let name = "linear.weight"
        let shape = weights.shape(of: name) ?? []
        guard shape.count == 2, shape[0] > 0, shape[1] > 0 else {
            throw .missingTensor(path: weights.path, name: name)
        }
        let expected = [settings.dimension ?? shape[0], shape[1]]
        return DenseModule(
            try Linear(
                weights.tensor(name, expected), bias: nil, inputs: shape[1],
                precision: options.precision))
    }

    static func steps(
        _ checkpoint: Checkpoint, _ folder: SentenceFolder, _ linear: DenseModule?,
        _ options: LateInteractionOptions
    ) throws(ModelError) -> RowSteps {
        var steps = RowSteps(width: checkpoint.transformer.width)
        if let linear {
            try steps.append(linear, of: "\(checkpoint.path)/model.safetensors")
        } else if folder.poolings.isEmpty {
            try steps.append(folder.steps, isForTokens: true, precision: options.precision)
            _ = steps.removeNormalization()
        }
        if let wanted = options.dimension {
            guard (1...steps.dimension).contains(wanted) else {
                throw .option(
                    "--dimension \(wanted) is out of range; the model's vectors have "
                        + "\(steps.dimension)")
            }
            steps.append(.truncate(wanted))
        }
        if let projection = options.projection {
            try steps.append(projection, options.precision)
        }
        if options.normalizes { steps.append(.normalize) }
        return steps
    }
}

extension TokenEncoding {
    enum Role {
        case query, document

        /// The one of this role where sentence-transformers would take it, else the one of all
        /// texts.
        fileprivate func prompt(
            of folder: SentenceFolder, _ origin: LateInteractionFolder.Origin
        ) -> String {
            let names = self == .query ? ["query"] : ["document", "passage", "corpus"]
            let known = origin == .encoder || origin == .sentenceTransformers ? names : []
            let name = known.first { folder.prompts[$0] != nil } ?? folder.defaultPrompt
            return name.flatMap { folder.prompts[$0] } ?? ""
        }
    }

    init(
        _ role: Role, _ settings: LateInteractionFolder, _ checkpoint: Checkpoint,
        _ steps: RowSteps, _ folder: SentenceFolder, _ options: LateInteractionOptions
    ) throws(ModelError) {
        self.checkpoint = checkpoint
        self.steps = steps
        layers = try checkpoint.layers(options.layer)
        keepsSpecialTokens = options.keepsSpecialTokens
        let isQuery = role == .query
        prompt =
            (isQuery ? options.queryPrompt : options.documentPrompt)
            ?? role.prompt(of: folder, settings.origin)
        prefix = try settings.prefix(
            isQuery ? settings.queryPrefix : settings.documentPrefix, checkpoint.tokenizer)
        let specials = checkpoint.tokenizer.specialTokensAround
        around = (specials.before + (prefix == nil ? 0 : 1), specials.after)
        maxLength = try checkpoint.length(
            isQuery ? options.queryLength : options.documentLength,
            option: isQuery ? "--query-length" : "--document-length",
            said: (isQuery ? settings.queryLength : settings.documentLength) ?? folder.maxLength,
            specials: around.before + around.after)
        if isQuery { expansion = try settings.expansion(checkpoint, length: maxLength) }
        if !isQuery || settings.skipsInQueries {
            skipped = try settings.skipped(checkpoint, isQuery ? nil : options.skipsPunctuation)
        }
    }
}
