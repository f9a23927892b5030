// The centroids of an index and the nearest one of each token, found through groups of them.

import CKernels
import Tensors

/// `[count, dimension]` of length 1, ordered by groups around coarse centroids. A token is compared
/// with the centroids of the nearest few groups only; its residual makes up for a nearer one
/// that is missed.
public final class Centroids: @unchecked Sendable {
    public let count: Int
    public let dimension: Int
    /// `[groups, dimension]`
    let coarse: [Float]
    /// Where each group's centroids end.
    let ends: [Int]
    private let rows: UnsafeMutablePointer<Float>
    private let packedCoarse: PackedRows
    private let packedGroups: [PackedRows]

    /// The most centroids of an index: their numbers take 16 bits.
    public static let countMax = 1 << 16
    /// Groups that a token is compared with.
    static let probes = 4

    /// - Parameters:
    ///   - values: `[ends.last, dimension]`.
    ///   - ends: ascending, no group empty.
    init(dimension: Int, values: [Float], coarse: [Float], ends: [Int]) {
        count = values.count / dimension
        precondition(
            ends.last == count && (1...Self.countMax).contains(count)
                && coarse.count == ends.count * dimension,
            "\(ends.count) groups of \(count) centroids of \(dimension)")
        self.dimension = dimension
        self.coarse = coarse
        self.ends = ends
        rows = .allocate(capacity: values.count)
        rows.initialize(from: values, count: values.count)
        packedCoarse = PackedRows(coarse, ends.count, dimension, DENSE_F32)
        var packed: [PackedRows] = []
        for (begin, end) in zip([0] + ends, ends) {
            packed.append(
                PackedRows(rows + begin * dimension, end - begin, dimension, DENSE_F32))
        }
        packedGroups = packed
    }

    deinit {
        rows.deallocate()
    }

    /// The numbers of centroid `index`, and those of all that follow.
    func row(_ index: Int) -> UnsafePointer<Float> { UnsafePointer(rows + index * dimension) }

    /// The numbers of all centroids.
    public var values: UnsafeBufferPointer<Float> {
        UnsafeBufferPointer(start: rows, count: count * dimension)
    }

    /// The centroid of each of `count` tokens with the greatest product, `probes` groups looked at;
    /// of equal ones the first.
    func assign(
        _ tokens: UnsafePointer<Float>, count: Int, probes: Int = Centroids.probes, threads: Int
    ) -> [UInt16] {
        nonisolated(unsafe) let tokens = tokens
        let parts = Parallel.map(count: count, threads: threads) { part -> [UInt16] in
            var found: [UInt16] = []
            found.reserveCapacity(part.count)
            let search = CentroidSearch(self, probes: min(probes, self.ends.count))
            for begin in stride(from: part.lowerBound, to: part.upperBound, by: search.batch) {
                let end = min(begin + search.batch, part.upperBound)
                found += search.nearest(tokens + begin * self.dimension, count: end - begin)
            }
            return found
        }
        return parts.flatMap { $0 }
    }

    /// Products of `count` rows with the coarse centroids, or with those of `group`.
    func multiply(
        _ tokens: UnsafePointer<Float>, count: Int, group: Int?,
        to scores: UnsafeMutablePointer<Float>
    ) {
        let columns = group.map { ends[$0] - begin($0) } ?? ends.count
        var product = dense_product(
            rows: count, columns: columns, depth: dimension, inputs: tokens, stride: dimension,
            packed: (group.map { packedGroups[$0] } ?? packedCoarse).base, bias: nil,
            activation: DENSE_IDENTITY, residual: nil, results: scores, result_stride: columns,
            scale: 1)
        dense_multiply(DENSE_F32, &product)
    }

    func begin(_ group: Int) -> Int { group == 0 ? 0 : ends[group - 1] }

    /// 2^floor(log2(16 sqrt(tokens))) of them (Santhanam et al. 2022b, section 4.1), and no more
    /// than there are tokens.
    public static func count(forTokens tokens: Int) -> Int {
        let wanted = Int(16 * Double(max(tokens, 1)).squareRoot())
        let power = 1 << (Int.bitWidth - 1 - wanted.leadingZeroBitCount)
        return min(power, countMax, max(tokens, 1))
    }
}
