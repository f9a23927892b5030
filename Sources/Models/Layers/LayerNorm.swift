// Layer normalisation (Ba et al. 2016), in place.

import CKernels

struct LayerNorm: Sendable {
    let width: Int
    private let gain: FloatTensor
    private let shift: FloatTensor?
    private let epsilon: Float

    init(
        named name: String, _ weights: Weights, width: Int, epsilon: Double, hasShift: Bool = true
    ) throws(ModelError) {
        self.width = width
        // As BERT's first checkpoints, converted from TensorFlow, call the two.
        let isOld = weights.contains(name + ".gamma") && !weights.contains(name + ".weight")
        gain = try weights.tensor(name + (isOld ? ".gamma" : ".weight"), [width])
        shift = hasShift ? try weights.tensor(name + (isOld ? ".beta" : ".bias"), [width]) : nil
        self.epsilon = try weights.epsilon(epsilon)
    }

    /// - Parameter x: [rows, width] without gaps.
    func callAsFunction(_ x: UnsafeMutablePointer<Float>, rows: Int) {
        dense_layer_norm(x, rows, width, width, gain.base, shift?.base, epsilon)
    }

    func callAsFunction(
        _ x: UnsafePointer<Float>, rows: Int, into y: UnsafeMutablePointer<Float>
    ) {
        dense_layer_norm_to(x, rows, width, width, gain.base, shift?.base, epsilon, y, width)
    }
}
