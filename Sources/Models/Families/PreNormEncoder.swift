// Layers that normalise what they read and leave the sum of all layers as it is (Xiong et al.
// 2020), with rotary positions: ModernBERT and the decoders.

import CKernels

struct PreNormEncoder: Sendable {
    struct Layer: Sendable {
        /// Nil where the embeddings are normalised already.
        let inputNorm: (any Normalization)?
        /// Queries, keys and values side by side.
        let projection: Linear
        /// Of each head by itself (Qwen3).
        var queryNorm: RMSNorm?
        var keyNorm: RMSNorm?
        let output: Linear
        let middleNorm: any Normalization
        let feedForward: FeedForward
        let pattern: AttentionPattern
        /// Whether positions turn by the second set of angles.
        var usesSecondAngles = false
    }

    let width: Int
    let heads: AttentionHeads
    let layers: [Layer]
    let rotary: Rotary
    /// Of layers that see only their surroundings, in ModernBERT.
    var secondRotary: Rotary?
    /// Behind the last layer.
    let outputNorm: any Normalization

    /// Runs `count` layers on `hidden` [tokens, width], in place, and normalises the outcome if
    /// they are all.
    func run(
        _ hidden: UnsafeMutablePointer<Float>, _ batch: TokenBatch, layers count: Int,
        _ workspace: Workspace
    ) throws(ModelError) {
        let rows = batch.ids.count
        let normalised = try workspace.floats(.normalised, rows * width)
        let angles = try rotary.angles(batch, .cosines, .sines, workspace)
        let second = try secondRotary?.angles(batch, .secondCosines, .secondSines, workspace)
        for layer in layers.prefix(count) {
            let turning = layer.usesSecondAngles ? second ?? angles : angles
            try attend(layer, hidden, normalised, batch, turning, workspace)
            layer.middleNorm(hidden, rows: rows, into: normalised)
            try layer.feedForward(normalised, rows: rows, addingTo: hidden, workspace)
        }
        if count == layers.count { outputNorm(hidden, rows: rows, into: hidden) }
    }

    private func attend(
        _ layer: Layer, _ hidden: UnsafeMutablePointer<Float>,
        _ normalised: UnsafeMutablePointer<Float>, _ batch: TokenBatch, _ angles: Rotary.Angles,
        _ workspace: Workspace
    ) throws(ModelError) {
        let rows = batch.ids.count
        let context = try workspace.floats(.context, rows * heads.queryWidth)
        let projections = try workspace.floats(.projections, rows * heads.projectionWidth)
        layer.inputNorm?(hidden, rows: rows, into: normalised)
        try layer.projection(
            layer.inputNorm == nil ? hidden : normalised, rows: rows, into: projections, workspace)
        let stride = heads.projectionWidth
        let keys = projections + heads.queryWidth
        layer.queryNorm?(
            projections, rows: rows, groups: heads.count, stride: stride, into: projections)
        layer.keyNorm?(keys, rows: rows, groups: heads.keyCount, stride: stride, into: keys)
        rotary.turn(projections, batch, heads, by: angles)
        try heads.attend(batch, projections, layer.pattern, into: context, workspace)
        try layer.output(context, rows: rows, into: hidden, adding: hidden, workspace)
    }
}

/// A family of these layers behind its embeddings.
struct PreNormTransformer: Transformer {
    let embeddings: InputEmbeddings
    let encoder: PreNormEncoder
    let positionsMax: Int

    var width: Int { encoder.width }
    var layerCount: Int { encoder.layers.count }
    var vocabularyCount: Int { embeddings.words.rows }
    var typeCount: Int { embeddings.types?.rows ?? 0 }

    func states(
        of batch: TokenBatch, layers: Int, _ workspace: Workspace
    ) throws(ModelError) -> UnsafeMutablePointer<Float> {
        let hidden = try embeddings(batch, workspace)
        try encoder.run(hidden, batch, layers: layers, workspace)
        return hidden
    }
}
