// The layers between hidden states and scores, as each family of classifiers in transformers has
// them.

struct ClassificationHead {
    /// Of the tokens of a pair.
    let pooling: Pooling
    /// Behind the pooling, in order; the last one has an output for each label.
    private(set) var layers: [Layer] = []
    /// The token that is no part of a pair where it stands at the end.
    private(set) var padding: Int32?

    enum Layer {
        case dense(Linear, Models.Activation)
        case norm(LayerNorm)
    }

    /// Takes the tensors of the head.
    ///
    /// - weights: of which nothing else was taken yet, so that names are whole.
    init(
        _ config: CrossEncoderFolder, _ folder: CheckpointFolder, _ weights: Weights
    ) throws(ModelError) {
        let labels = config.labels
        switch config.modelType {
        case "bert":
            pooling = .cls
            try add("bert.pooler.dense", .tanh, weights)
            try addOutput("classifier", labels, weights)
        case "distilbert":
            pooling = .cls
            try add("pre_classifier", .relu, weights)
            try addOutput("classifier", labels, weights)
        case "roberta", "xlm-roberta", "camembert", "mpnet":
            pooling = .cls
            try add("classifier.dense", .tanh, weights)
            try addOutput("classifier.out_proj", labels, weights)
        case "modernbert":
            pooling = try Self.pooling(config.classifierPooling ?? "cls", folder)
            let activation = try folder.activation(config.classifierActivation ?? "gelu")
            let width = try add(
                "head.dense", activation, hasBias: config.classifierBias ?? false, weights)
            layers.append(
                .norm(
                    try LayerNorm(
                        named: "head.norm", weights, width: width, epsilon: config.epsilon,
                        hasShift: config.normBias ?? false)))
            try addOutput("classifier", labels, weights)
        case "llama", "mistral", "qwen2", "qwen3":
            pooling = .lastToken
            padding = config.padTokenId.flatMap { Int32(exactly: $0) }
            try addOutput("score", labels, hasBias: false, weights)
        default:
            throw folder.unsupported(
                "classification with the architecture \(config.modelType ?? "(no model_type)")")
        }
    }

    private static func pooling(
        _ name: String, _ folder: CheckpointFolder
    ) throws(ModelError) -> Pooling {
        switch name {
        case "cls": return .cls
        case "mean": return .mean
        default: throw folder.unsupported("the classifier_pooling \(name)")
        }
    }

    /// A layer with as many outputs as inputs.
    /// - Returns: how many these are.
    @discardableResult
    private mutating func add(
        _ name: String, _ activation: Models.Activation, hasBias: Bool = true, _ weights: Weights
    ) throws(ModelError) -> Int {
        let shape = try weights.matrixShape(of: name + ".weight")
        let linear = try Linear(
            named: name, weights, inputs: shape.columns, outputs: shape.columns, hasBias: hasBias,
            precision: .f32)
        layers.append(.dense(linear, activation))
        return shape.columns
    }

    private mutating func addOutput(
        _ name: String, _ labels: Int?, hasBias: Bool = true, _ weights: Weights
    ) throws(ModelError) {
        let shape = try weights.matrixShape(of: name + ".weight")
        let linear = try Linear(
            named: name, weights, inputs: shape.columns, outputs: labels ?? shape.rows,
            hasBias: hasBias, precision: .f32)
        layers.append(.dense(linear, .identity))
    }

    /// What follows the pooling of states of `width` values.
    func steps(
        width: Int, _ activation: CrossEncoderFolder.Activation?, givesLogits: Bool, path: String
    ) throws(ModelError) -> RowSteps {
        var steps = RowSteps(width: width)
        for layer in layers {
            switch layer {
            case .norm(let norm): steps.append(.layerNorm(norm))
            case .dense(let linear, let activation):
                try steps.append(DenseModule(linear, activation: activation), of: path)
            }
        }
        guard !givesLogits else { return steps }
        switch activation ?? (steps.dimension == 1 ? .sigmoid : .identity) {
        case .identity: break
        case .sigmoid: steps.append(.sigmoid)
        case .tanh: steps.append(.tanh)
        }
        return steps
    }
}

extension Weights {
    /// - Throws: if the tensor is missing or no matrix.
    fileprivate func matrixShape(
        of name: String
    ) throws(ModelError) -> (rows: Int, columns: Int) {
        guard let shape = shape(of: name) else { throw .missingTensor(path: path, name: name) }
        guard shape.count == 2, shape[0] > 0, shape[1] > 0 else {
            throw .tensorShape(path: path, name: name, shape: shape, expected: [1, 1])
        }
        return (shape[0], shape[1])
    }
}
