// The encoder of BERT and its relatives: attention and feed-forward, each followed by residual and
// layer normalisation (Vaswani et al. 2017, Devlin et al. 2018).

import CKernels

/// Embeddings are the family's own; from there on all of them compute the same.
struct PostNormEncoder: Sendable {
    struct Layer: Sendable {
        /// Queries, keys and values side by side.
        let projection: Linear
        let output: Linear
        let outputNorm: LayerNorm
        let inner: Linear
        let outer: Linear
        let outerNorm: LayerNorm
    }

    let heads: AttentionHeads
    let activation: Activation
    let layers: [Layer]
    var width: Int { heads.queryWidth }

    /// Runs `count` layers on `hidden` [tokens, width], in place.
    ///
    /// - Parameter bias: of relative positions, added to the scores of all layers.
    func run(
        _ hidden: UnsafeMutablePointer<Float>, _ batch: TokenBatch, layers count: Int,
        bias: (UnsafePointer<Float>, span: Int)? = nil, _ workspace: Workspace
    ) throws(ModelError) {
        let rows = batch.ids.count
        let context = try workspace.floats(.context, rows * width)
        let projections = try workspace.floats(.projections, rows * heads.projectionWidth)
        for layer in layers.prefix(count) {
            try layer.projection(hidden, rows: rows, into: projections, workspace)
            try heads.attend(
                batch, projections, .everything, bias: bias, into: context, workspace)
            try layer.output(context, rows: rows, into: hidden, adding: hidden, workspace)
            layer.outputNorm(hidden, rows: rows)
            try feedForward(layer, hidden, rows: rows, workspace)
            layer.outerNorm(hidden, rows: rows)
        }
    }

    /// Some rows at a time, so that their wide inner values stay in the second-level cache.
    private func feedForward(
        _ layer: Layer, _ hidden: UnsafeMutablePointer<Float>, rows: Int, _ workspace: Workspace
    ) throws(ModelError) {
        let rowsMax = 96
        let inner = try workspace.floats(.inner, rowsMax * layer.inner.outputs)
        for begin in stride(from: 0, to: rows, by: rowsMax) {
            let count = min(rowsMax, rows - begin)
            let part = hidden + begin * width
            try layer.inner(part, rows: count, into: inner, activation: activation, workspace)
            try layer.outer(inner, rows: count, into: part, adding: part, workspace)
        }
    }
}

/// The names that a family's checkpoints give to the parts of a layer, without ".weight".
struct PostNormNames: Sendable {
    let layer: @Sendable (Int) -> String
    var query = "attention.self.query"
    var key = "attention.self.key"
    var value = "attention.self.value"
    var output = "attention.output.dense"
    var outputNorm = "attention.output.LayerNorm"
    var inner = "intermediate.dense"
    var outer = "output.dense"
    var outerNorm = "output.LayerNorm"

    static let bert = PostNormNames(layer: { "encoder.layer.\($0)." })
}

extension PostNormEncoder {
    init(
        _ weights: Weights, _ names: PostNormNames, layers: Int, heads: AttentionHeads,
        innerWidth: Int, activation: Activation, epsilon: Double, precision: Precision
    ) throws(ModelError) {
        let width = heads.queryWidth
        var made: [Layer] = []
        for index in 0..<layers {
            let base = names.layer(index)
            made.append(
                Layer(
                    projection: try Linear(
                        named: [base + names.query, base + names.key, base + names.value], weights,
                        inputs: width, outputs: [width, width, width], precision: precision),
                    output: try Linear(
                        named: base + names.output, weights, inputs: width, outputs: width,
                        precision: precision),
                    outputNorm: try LayerNorm(
                        named: base + names.outputNorm, weights, width: width, epsilon: epsilon),
                    inner: try Linear(
                        named: base + names.inner, weights, inputs: width, outputs: innerWidth,
                        precision: precision),
                    outer: try Linear(
                        named: base + names.outer, weights, inputs: innerWidth, outputs: width,
                        precision: precision),
                    outerNorm: try LayerNorm(
                        named: base + names.outerNorm, weights, width: width, epsilon: epsilon)))
        }
        self.init(heads: heads, activation: activation, layers: made)
    }
}
