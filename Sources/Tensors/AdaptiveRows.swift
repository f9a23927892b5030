// Rows that carry their AdaGrad accumulators, so that both travel and are kept alike.

/// How GloVe lays out a row: `dimension` values and a bias, zeros up to a multiple of 16, then the
/// sums of squares in the same order.
///
/// In one row they are fetched together, and whatever moves rows (deltas, the step of a round,
/// checkpoints) moves both.
public struct AdaptiveRows: Sendable, Equatable {
    public let dimension: Int

    public init(dimension: Int) { self.dimension = dimension }

    /// Where the accumulators begin.
    public var accumulators: Int { (dimension + 1 + 15) / 16 * 16 }
    public var columns: Int { accumulators + dimension + 1 }

    /// A matrix as training begins: values and biases uniform in ±0.5 / dimension, accumulators 1
    /// (as in the authors' program). Each value depends on seed, row and column alone.
    ///
    /// - Throws: `TensorError.outOfMemory`.
    public func matrix(
        rows: Int, seed: UInt64, threads: Int
    ) throws(TensorError) -> Matrix {
        let matrix = try Matrix(rows: rows, columns: columns)
        begin(matrix, seed: seed, threads: threads)
        return matrix
    }

    /// The seeds of both matrices of a model, from that of its training.
    public func wordSeed(_ seed: UInt64) -> UInt64 { SplitMix.derive(seed, 1) }
    public func contextSeed(_ seed: UInt64) -> UInt64 { SplitMix.derive(seed, 2) }

    /// Brings `matrix` back to the beginning.
    public func begin(_ matrix: Matrix, seed: UInt64, threads: Int) {
        precondition(matrix.columns == columns, "\(matrix.columns) columns instead of \(columns)")
        let scale = 1 / Float(dimension)
        _ = Parallel.map(count: matrix.rows, threads: threads) { part in
            for row in part {
                let stream = SplitMix.derive(seed, UInt64(row))
                let values = matrix.row(row)
                values.update(repeating: 0, count: accumulators)
                for column in 0...dimension {
                    // the upper 24 bits are a whole Float in 0..<1
                    let unit = Float(SplitMix.derive(stream, UInt64(column)) >> 40) * 0x1p-24
                    values[column] = (unit - 0.5) * scale
                    values[accumulators + column] = 1
                }
            }
        }
    }

    /// The values alone, `[rows, dimension]`; of two matrices their sum.
    ///
    /// - Throws: `TensorError.outOfMemory`.
    public func values(
        of matrix: Matrix, plus other: Matrix? = nil, threads: Int
    ) throws(TensorError) -> Matrix {
        precondition(
            matrix.columns == columns && (other.map { $0.rows == matrix.rows } ?? true),
            "\(matrix.columns) columns instead of \(columns), or other rows")
        let result = try Matrix(rows: matrix.rows, columns: dimension)
        _ = Parallel.map(count: matrix.rows, threads: threads) { part in
            for row in part {
                let (to, from) = (result.row(row), matrix.row(row))
                to.update(from: from, count: dimension)
                guard let other else { continue }
                for column in 0..<dimension { to[column] += other.row(row)[column] }
            }
        }
        return result
    }
}
