// One of several parts into which the rows of a matrix are dealt, so that each can be reduced
// alone.

/// Every `count`-th row, from row `index` on. Rows are in order of frequency and often only the
/// first so many of them move: dealt like cards, the parts have equally many of any beginning, and
/// equally many frequent ones. Ranges would not.
public struct RowShard: Hashable, Sendable {
    public let index: Int
    public let count: Int

    /// All rows.
    public static let whole = RowShard(0, of: 1)

    public init(_ index: Int, of count: Int) {
        precondition(count >= 1 && (0..<count).contains(index), "part \(index) of \(count)")
        self.index = index
        self.count = count
    }

    /// How many of the first `total` rows of the matrix are in this part.
    public func rows(of total: Int) -> Int {
        total > index ? (total - index - 1) / count + 1 : 0
    }

    /// The row of the matrix that is row `local` of this part.
    public func row(_ local: Int) -> Int { index + local * count }
}

extension Matrix {
    /// A copy of the rows of `shard`, `[shard.rows(of: rows), columns]`.
    ///
    /// - Throws: `TensorError.outOfMemory`.
    public func gathered(_ shard: RowShard, threads: Int) throws(TensorError) -> Matrix {
        let part = try Matrix(rows: shard.rows(of: rows), columns: columns)
        _ = Parallel.map(count: part.rows, threads: threads) { locals in
            for local in locals {
                part.row(local).update(from: self.row(shard.row(local)), count: self.stride)
            }
        }
        return part
    }
}

extension RowShares {
    /// Those of the rows of `shard` alone.
    public func of(_ shard: RowShard) -> RowShares {
        RowShares(
            updates: (0..<shard.rows(of: updates.count)).map { updates[shard.row($0)] },
            contraction: contraction, workers: workers, trust: trust)
    }
}
