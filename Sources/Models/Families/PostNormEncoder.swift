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
        let feedForward: FeedForward
        let outerNorm: LayerNorm
    }

    let heads: AttentionHeads
    let layers: [Layer]
    /// Added to the scores of all layers.
    var relative: RelativePositions?
    var rotary: Rotary?
    var width: Int { heads.queryWidth }

    /// Runs `count` layers on `hidden` [tokens, width], in place.
    func run(
        _ hidden: UnsafeMutablePointer<Float>, _ batch: TokenBatch, layers count: Int,
        _ workspace: Workspace
    ) throws(ModelError) {
        let rows = batch.ids.count
        let context = try workspace.floats(.context, rows * width)
        let projections = try workspace.floats(.projections, rows * heads.projectionWidth)
        let angles = try rotary?.angles(batch, .cosines, .sines, workspace)
        for layer in layers.prefix(count) {
            try layer.projection(hidden, rows: rows, into: projections, workspace)
            if let angles { rotary?.turn(projections, batch, heads, by: angles) }
            try heads.attend(
                batch, projections, .everything, bias: relative?.bias, into: context, workspace)
            try layer.output(context, rows: rows, into: hidden, adding: hidden, workspace)
            layer.outputNorm(hidden, rows: rows)
            try layer.feedForward(hidden, rows: rows, addingTo: hidden, workspace)
            layer.outerNorm(hidden, rows: rows)
        }
    }
}

/// The names that a family's checkpoints give to the parts of a layer, without ".weight".
struct PostNormNames: Sendable {
    let layer: @Sendable (Int) -> String
    /// Three, or one that holds all of them.
    var projections = ["attention.self.query", "attention.self.key", "attention.self.value"]
    var output = "attention.output.dense"
    var outputNorm = "attention.output.LayerNorm"
    /// One, or two of which the first is activated and gates the second.
    var inner = ["intermediate.dense"]
    var outer = "output.dense"
    var outerNorm = "output.LayerNorm"
    var hasBias = true

    static let bert = PostNormNames(layer: { "encoder.layer.\($0)." })
}

extension PostNormEncoder {
    init(
        _ weights: Weights, _ names: PostNormNames, layers: Int, heads: AttentionHeads,
        innerWidth: Int, activation: Activation, epsilon: Double, precision: Precision
    ) throws(ModelError) {
        let width = heads.queryWidth
        let parts = names.projections.map { _ in 3 * width / names.projections.count }
        var made: [Layer] = []
        for index in 0..<layers {
            let base = names.layer(index)
            made.append(
                Layer(
                    projection: try Linear(
                        named: names.projections.map { base + $0 }, weights, inputs: width,
                        outputs: parts, hasBias: names.hasBias, precision: precision),
                    output: try Linear(
                        named: base + names.output, weights, inputs: width, outputs: width,
                        hasBias: names.hasBias, precision: precision),
                    outputNorm: try LayerNorm(
                        named: base + names.outputNorm, weights, width: width, epsilon: epsilon),
                    feedForward: try FeedForward(
                        weights, inner: names.inner.map { base + $0 }, outer: base + names.outer,
                        width: width, innerWidth: innerWidth, activation: activation,
                        hasBias: names.hasBias, precision: precision),
                    outerNorm: try LayerNorm(
                        named: base + names.outerNorm, weights, width: width, epsilon: epsilon)))
        }
        self.init(heads: heads, layers: made)
    }
}
