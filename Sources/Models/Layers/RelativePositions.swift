// A bias of attention by the distance of two tokens, shared by all layers, as MPNet has it.

import Glibc
import Tensors

/// [heads, 2 span + 1] by position of the key minus position of the query.
struct RelativePositions: Sendable {
    /// From here on all distances share the last bucket.
    static let span = 128
    private static let buckets = 32
    private let values: FloatTensor
    var bias: (UnsafePointer<Float>, span: Int) { (values.base, Self.span) }

    init(named name: String, _ weights: Weights, heads: Int) throws(ModelError) {
        let table = try weights.tensor(name, [Self.buckets, heads])
        let columns = 2 * Self.span + 1
        let buffer = try AlignedBuffer.floats(heads * columns, doing: "relative positions")
        for head in 0..<heads {
            for column in 0..<columns {
                let bucket = Self.bucket(column - Self.span)
                buffer.floats[head * columns + column] = table.base[bucket * heads + head]
            }
        }
        values = FloatTensor(buffer, count: heads * columns)
    }

    /// Half of the buckets for either direction; in each, short distances have one of their own and
    /// longer ones share, on a logarithmic scale (Raffel et al. 2020, section 2.1).
    static func bucket(_ offset: Int) -> Int {
        let half = buckets / 2
        let exact = half / 2
        let base = offset > 0 ? half : 0
        let distance = abs(offset)
        guard distance >= exact else { return base + distance }
        // In single precision as the reference does it, for the borders between buckets.
        let share =
            logf(Float(distance) / Float(exact)) / Float(log(Double(span) / Double(exact)))
        return base + min(exact + Int(share * Float(half - exact)), half - 1)
    }
}
