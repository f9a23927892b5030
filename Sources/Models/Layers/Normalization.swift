// What layers with either kind of normalisation need of it.

protocol Normalization: Sendable {
    /// - x, y: [rows, width] without gaps; may be the same.
    func callAsFunction(
        _ x: UnsafePointer<Float>, rows: Int, into y: UnsafeMutablePointer<Float>)
}

extension LayerNorm: Normalization {}

extension RMSNorm: Normalization {
    func callAsFunction(
        _ x: UnsafePointer<Float>, rows: Int, into y: UnsafeMutablePointer<Float>
    ) {
        self(x, rows: rows, groups: 1, stride: width, into: y)
    }
}
