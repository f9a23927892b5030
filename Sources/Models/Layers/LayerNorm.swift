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
        gain = try weights.tensor(name + ".weight", [width])
        shift = hasShift ? try weights.tensor(name + ".bias", [width]) : nil
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
