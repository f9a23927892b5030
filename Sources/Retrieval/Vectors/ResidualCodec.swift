// Residuals of tokens as a few bits a number: buckets between quantiles.

/// One set of buckets for all dimensions: cutoffs at the quantiles i / 2^bits of residuals of the
/// sample, weights at those in their middle (Santhanam et al. 2022a, section 3.3). The weights
/// are whole multiples of `scale`, so that products with them are products of bytes.
public struct ResidualCodec: Sendable, Equatable {
    public let dimension: Int
    /// 2, 4 or 8 a number.
    public let bits: Int
    /// `[2^bits - 1]`, ascending.
    public let cutoffs: [Float]
    public let scale: Float
    /// `[max(16, 2^bits)]`: 128 + weight / scale of every bucket.
    public let table: [UInt8]

    /// Bytes of a token's codes; the first code of a byte is in its lowest bits.
    public var rowBytes: Int { (dimension * bits + 7) / 8 }

    /// - Parameter residuals: numbers of held-out residuals in any order; they are sorted here.
    public static func train(bits: Int, dimension: Int, residuals: [Float]) -> ResidualCodec {
        precondition([2, 4, 8].contains(bits), "\(bits) bits a number")
        let sorted = residuals.filter(\.isFinite).sorted()
        func quantile(_ part: Float) -> Float {
            guard let last = sorted.indices.last else { return 0 }
            let place = part * Float(last)
            let low = min(last, Int(place))
            let high = min(last, low + 1)
            return sorted[low] + (place - Float(low)) * (sorted[high] - sorted[low])
        }
        let count = 1 << bits
        let cutoffs = (1..<count).map { quantile(Float($0) / Float(count)) }
        let weights = (0..<count).map { quantile((Float($0) + 0.5) / Float(count)) }
        let greatest = weights.map(\.magnitude).max() ?? 0
        let scale = greatest > 0 ? greatest / 127 : 1
        let table = weights.map { UInt8(128 + Int(($0 / scale).rounded())) }
        return ResidualCodec(
            dimension: dimension, bits: bits, cutoffs: cutoffs, scale: scale, table: table)
    }

    /// nil when the parts do not fit each other, or no training could have made them.
    public init?(
        checking dimension: Int, bits: Int, cutoffs: [Float], scale: Float, table: [UInt8]
    ) {
        guard [2, 4, 8].contains(bits), (1...TokenMatrix.dimensionMax).contains(dimension),
            cutoffs.count == (1 << bits) - 1, table.count == 1 << bits, scale.isFinite, scale > 0,
            cutoffs.allSatisfy(\.isFinite), zip(cutoffs, cutoffs.dropFirst()).allSatisfy(<=)
        else { return nil }
        self.init(
            dimension: dimension, bits: bits, cutoffs: cutoffs, scale: scale, table: table)
    }

    private init(dimension: Int, bits: Int, cutoffs: [Float], scale: Float, table: [UInt8]) {
        self.dimension = dimension
        self.bits = bits
        self.cutoffs = cutoffs
        self.scale = scale
        self.table = table + Array(repeating: 128, count: max(0, 16 - table.count))
    }

    /// The weight of a bucket.
    public func weight(_ code: UInt8) -> Float { scale * Float(Int(table[Int(code)]) - 128) }

    /// The bucket of a number, by halving.
    @inline(__always)
    func code(_ value: Float, _ cutoffs: UnsafePointer<Float>) -> UInt8 {
        var low = 0
        var step = 1 << (bits - 1)
        while step > 0 {
            if value > cutoffs[low + step - 1] { low += step }
            step >>= 1
        }
        return UInt8(truncatingIfNeeded: low)
    }

    /// Codes of the token `direction`, of length 1, whose centroid is `centroid`, into `rowBytes`
    /// zeroed bytes.
    ///
    /// - Returns: the length of what the codes stand for, centroid and weights.
    func encode(
        _ direction: UnsafePointer<Float>, centroid: UnsafePointer<Float>,
        to codes: UnsafeMutablePointer<UInt8>
    ) -> Float {
        var square: Float = 0
        cutoffs.withUnsafeBufferPointer { cutoffs in
            table.withUnsafeBufferPointer { table in
                guard let cutoffs = cutoffs.baseAddress else { return }
                for index in 0..<dimension {
                    let code = code(direction[index] - centroid[index], cutoffs)
                    let place = index * bits
                    codes[place >> 3] |= code << UInt8(place & 7)
                    let weight = scale * Float(Int(table[Int(code)]) - 128)
                    square += (centroid[index] + weight) * (centroid[index] + weight)
                }
            }
        }
        return square.squareRoot()
    }

    /// factor (centroid + weights): the specification of what is scored.
    func decode(
        _ codes: UnsafePointer<UInt8>, centroid: UnsafePointer<Float>, factor: Float,
        to token: UnsafeMutablePointer<Float>
    ) {
        for index in 0..<dimension {
            let place = index * bits
            let code = codes[place >> 3] >> UInt8(place & 7) & UInt8((1 << bits) - 1)
            token[index] = factor * (centroid[index] + weight(code))
        }
    }
}
