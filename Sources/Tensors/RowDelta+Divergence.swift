// How far the deltas of one round point away from each other.

import CKernels

extension RowDelta {
    /// 1 less the mean cosine between the rows of two deltas, each pair weighted by the product of
    /// their lengths relative to the mean square length: 0 where all deltas are the same, 1 where
    /// they have nothing in common, more where they pull against each other. With n deltas d and
    /// their mean m, summed over the rows:
    ///
    ///     n / (n - 1) · (1 - |m|² / mean |d|²)
    ///
    /// - Parameters:
    ///   - rows: the rows that are looked at, rising; a row that a delta does not hold is zero.
    /// - Returns: nil with fewer than two deltas, or when none of them holds any of the rows.
    public static func divergence(_ deltas: [View], rows: some Sequence<Int>) -> Double? {
        Spread(of: deltas, rows: rows).divergence(of: deltas.count)
    }

    /// What a divergence is made of. Of parts of the rows, spreads add up.
    public struct Spread: Sendable {
        /// |Σ d|² and Σ |d|² over the rows.
        public var ofSum: Double
        public var ofEach: Double

        public init(ofSum: Double = 0, ofEach: Double = 0) {
            self.ofSum = ofSum
            self.ofEach = ofEach
        }

        /// - Parameter count: the number of deltas.
        /// - Returns: nil with fewer than two, or when none of them held any of the rows.
        public func divergence(of count: Int) -> Double? {
            guard count > 1, ofEach > 0, ofEach.isFinite, ofSum.isFinite else { return nil }
            let count = Double(count)
            // |m|² / mean |d|² = (|Σ d|² / n²) / (Σ |d|² / n)
            return count / (count - 1) * (1 - ofSum / (count * ofEach))
        }
    }
}

extension RowDelta.Spread {
    /// - Parameter rows: as in `RowDelta.divergence`.
    public init(of deltas: [RowDelta.View], rows: some Sequence<Int>) {
        self.init()
        guard let dim = deltas.first?.dim else { return }
        precondition(deltas.allSatisfy { $0.dim == dim }, "deltas of several dimensions")
        let sums = UnsafeMutablePointer<Float>.allocate(capacity: 2 * dim)
        defer { sums.deallocate() }
        let one = sums + dim
        for row in rows {
            sums.update(repeating: 0, count: dim)
            for delta in deltas {
                let slot = delta.slot(from: row)
                guard slot < delta.presentRows, delta.row(slot) == row else { continue }
                one.update(repeating: 0, count: dim)
                _ = delta.values(slot).add(1, to: one, count: dim)
                for column in 0..<dim { sums[column] += one[column] }
                ofEach += Self.square(one, dim)
            }
            ofSum += Self.square(sums, dim)
        }
    }

    private static func square(_ values: UnsafePointer<Float>, _ count: Int) -> Double {
        var sum = 0.0
        for index in 0..<count { sum += Double(values[index]) * Double(values[index]) }
        return sum
    }
}
