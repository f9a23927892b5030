// Draws words in proportion to a power of their counts, in constant time and O(vocabulary) memory.

import CKernels
import Glibc

/// An alias table (Walker 1977; Vose 1991) over count^0.75, the distribution of word2vec's
/// negative samples.
public struct NegativeSampler: Sendable {
    private let columns: [alias_column]

    public var count: Int { columns.count }

    /// - Parameter counts: occurrences of each word; not empty, each at least 0, not all 0.
    public init(counts: [Int], power: Double = 0.75) {
        precondition(!counts.isEmpty, "no words to sample from")
        precondition(counts.count <= Int(Int32.max), "\(counts.count) words")
        precondition(counts.allSatisfy { $0 >= 0 }, "a negative count")
        let weights = counts.map { pow(Double($0), power) }
        let total = weights.reduce(0, +)
        precondition(total > 0, "all counts are zero")
        let scale = Double(weights.count) / total
        columns = Self.columns(of: weights.map { $0 * scale })
    }

    /// Vose's pairing: a column too small for its share is filled up by one with more than that.
    private static func columns(of shares: [Double]) -> [alias_column] {
        var shares = shares
        var columns = shares.indices.map { alias_column(threshold: .max, alias: UInt32($0)) }
        var small = shares.indices.filter { shares[$0] < 1 }
        var large = shares.indices.filter { shares[$0] >= 1 }
        while let low = small.popLast(), let high = large.last {
            // a coin is one of 2^32 values, and those up to the threshold stay in the column
            let threshold = (shares[low] * 0x1p32).rounded() - 1
            columns[low] = alias_column(threshold: UInt32(max(threshold, 0)), alias: UInt32(high))
            shares[high] -= 1 - shares[low]
            if shares[high] < 1 {
                large.removeLast()
                small.append(high)
            }
        }
        return columns
    }

    /// The word for one 64-bit draw: its upper half picks the column, its lower half is the coin.
    public func word(for draw: UInt64) -> Int {
        Int(alias_draw(columns, UInt32(columns.count), draw))
    }

    func withUnsafeColumns<Result>(
        _ body: (UnsafePointer<alias_column>?) -> Result
    ) -> Result {
        columns.withUnsafeBufferPointer { body($0.baseAddress) }
    }
}
