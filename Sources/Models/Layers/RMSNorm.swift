// Normalisation by the root mean square (Zhang and Sennrich 2019).

import CKernels

struct RMSNorm: Sendable {
    let width: Int
    private let gain: FloatTensor
    private let epsilon: Float

    init(
        named name: String, _ weights: Weights, width: Int, epsilon: Double
    ) throws(ModelError) {
        self.width = width
        gain = try weights.tensor(name + ".weight", [width])
        self.epsilon = try weights.epsilon(epsilon)
    }

    /// - x, y: [rows, groups * width] at `stride`; each group is normalised by itself. May be the
    ///   same.
    func callAsFunction(
        _ x: UnsafePointer<Float>, rows: Int, groups: Int, stride: Int,
        into y: UnsafeMutablePointer<Float>
    ) {
        dense_rms_norm(x, rows, groups * width, stride, groups, gain.base, epsilon, y, stride)
    }
}
