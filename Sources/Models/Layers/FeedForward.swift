// The two products between which a token's values are widened and bent.

import CKernels

struct FeedForward: Sendable {
    /// To the inner width, or to twice as much where one half gates the other.
    let inner: Linear
    let outer: Linear
    let activation: Activation
    private var isGated: Bool { inner.outputs == 2 * outer.inputs }

    /// - inner: names of the layers into the inner width; of two, the first is activated and
    ///   multiplied with the second (Shazeer 2020). Of one that is `isFused`, so are its halves.
    init(
        _ weights: Weights, inner names: [String], isFused: Bool = false, outer: String,
        width: Int, innerWidth: Int, activation: Activation, hasBias: Bool, precision: Precision
    ) throws(ModelError) {
        inner = try Linear(
            named: names, weights, inputs: width,
            outputs: names.map { _ in isFused ? 2 * innerWidth : innerWidth }, hasBias: hasBias,
            precision: precision)
        self.outer = try Linear(
            named: outer, weights, inputs: innerWidth, outputs: width, hasBias: hasBias,
            precision: precision)
        self.activation = activation
    }

    /// Adds what becomes of `x` to `hidden`, which may be the same; both are [rows, width].
    ///
    /// Some rows at a time, so that their wide inner values stay in the second-level cache.
    func callAsFunction(
        _ x: UnsafePointer<Float>, rows: Int, addingTo hidden: UnsafeMutablePointer<Float>,
        _ workspace: Workspace
    ) throws(ModelError) {
        let rowsMax = 96
        let values = try workspace.floats(.inner, min(rows, rowsMax) * inner.outputs)
        for begin in stride(from: 0, to: rows, by: rowsMax) {
            let count = min(rowsMax, rows - begin)
            let part = hidden + begin * outer.outputs
            try inner(
                x + begin * inner.inputs, rows: count, into: values,
                activation: isGated ? .identity : activation, workspace)
            if isGated {
                dense_gate(activation.kernels, values, count, outer.inputs, inner.outputs)
            }
            try outer(
                values, rows: count, stride: inner.outputs, into: part, adding: part, workspace)
        }
    }
}
