// What layers with either kind of normalisation need of it.

protocol Normalization: Sendable {
    /// - x, y: [rows, width] without gaps; may be the same.
    func callAsFunction(
        _ x: UnsafePointer<Float>, rows: Int, into y: UnsafeMutablePointer<Float>)
}

extension Weights {
    /// What config.json has a normalisation add to the variance.
    func epsilon(_ value: Double) throws(ModelError) -> Float {
        let epsilon = Float(value)
        guard epsilon >= 0, epsilon.isFinite else {
            throw .configuration(
                path: configPath,
                reason: "the epsilon \(value) of a normalisation is out of range; it must be "
                    + "finite and not negative")
        }
        return epsilon
    }
}

extension LayerNorm: Normalization {}

extension RMSNorm: Normalization {
    func callAsFunction(
        _ x: UnsafePointer<Float>, rows: Int, into y: UnsafeMutablePointer<Float>
    ) {
        self(x, rows: rows, groups: 1, stride: width, into: y)
    }
}
