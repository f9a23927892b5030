// The greatest singular values of a sparse matrix and their vectors, by random projection.

import Glibc

/// A ≈ U S Vᵀ with the `rank` greatest singular values, of which U and S are kept (Halko,
/// Martinsson and Tropp 2011, "Finding structure with randomness", algorithms 4.4 and 5.1): the
/// range of A is found from its products with random vectors, sharpened by power iterations with
/// an orthonormal basis after each product; the matrix in that basis is small.
///
/// Memory beside A: two matrices `[rows or columns, rank + oversampling]`, the latter rounded up to
/// 16. The result follows from A and the seed; the number of threads does not change its bits.
public struct TruncatedSVD: Sendable {
    /// U: `[rows, rank]`, orthonormal columns; zeros where A has a lower rank. The greatest
    /// component of each is positive, so that the result has one sign.
    public let leftVectors: Matrix
    /// S: `[rank]`, falling.
    public let values: [Double]

    /// - Parameters:
    ///   - oversampling: more random vectors than `rank`, at least so many.
    ///   - iterations: of the power method. The error of a singular value shrinks with the power
    ///     4 · iterations + 2 of the ratio of those that are left out to it.
    ///   - progress: is told of work, `work(on:rank:)` in all, and may stop it.
    /// - Throws: `.outOfMemory`; `.notFinite` when an entry of `matrix` is not. Nil when stopped.
    public init?(
        _ matrix: SparseMatrix, rank: Int, oversampling: Int = 10, iterations: Int = 3,
        seed: UInt64, threads: Int, progress: WorkProgress? = nil
    ) throws(TensorError) {
        precondition(rank > 0 && oversampling >= 0 && iterations >= 0, "rank \(rank)")
        let width = (min(rank + oversampling, matrix.rows, matrix.columns) + 15) / 16 * 16
        let right = try Matrix(rows: matrix.columns, columns: width)
        let left = try Matrix(rows: matrix.rows, columns: width)
        right.fillGaussian(seed: seed, threads: threads)
        matrix.multiply(right, into: left, threads: threads, progress: progress)
        for _ in 0..<iterations {
            try left.orthonormalise(passes: 1, threads: threads, progress)
            matrix.multiplyTransposed(left, into: right, threads: threads, progress: progress)
            if progress?.isStopped == true { return nil }
            try right.orthonormalise(passes: 1, threads: threads, progress)
            matrix.multiply(right, into: left, threads: threads, progress: progress)
            if progress?.isStopped == true { return nil }
        }
        try left.orthonormalise(passes: 2, threads: threads, progress)
        // Aᵀ Q = Q' R, so A ≈ Q Rᵀ Q'ᵀ, and R v = s u makes v a left vector in the basis Q.
        matrix.multiplyTransposed(left, into: right, threads: threads, progress: progress)
        if progress?.isStopped == true { return nil }
        let triangle = try right.orthonormalise(passes: 2, threads: threads, progress)
        let small = JacobiSVD(triangle, progress)
        let kept = min(rank, width)
        values =
            Array(small.values.prefix(kept))
            + [Double](repeating: 0, count: rank - kept)
        var turn = SquareMatrix(size: width)
        for column in 0..<kept where small.values[column] > 0 {
            for row in 0..<width { turn[row, column] = small.rightVectors[row, column] }
        }
        try left.multiply(by: turn, threads: threads)
        leftVectors = try Matrix(rows: matrix.rows, columns: rank)
        for row in 0..<matrix.rows {
            leftVectors.row(row).update(from: left.row(row), count: kept)
        }
        leftVectors.makeGreatestPositive()
    }

    /// What a whole decomposition tells its progress, about: entries that are multiplied, and rows
    /// of dense products in the same unit.
    public static func work(on matrix: SparseMatrix, rank: Int, iterations: Int) -> Double {
        work(
            entries: Double(matrix.entries), rows: Double(matrix.rows), rank: rank,
            iterations: iterations)
    }

    /// The same of a matrix that is only known by its size.
    public static func work(
        entries: Double, rows: Double, rank: Int, iterations: Int
    ) -> Double {
        let products = Double(2 * iterations + 2)
        let passes = products + 2
        return products * entries + passes * rows * Double(rank) / 2
    }
}

extension Matrix {
    /// Draws every value from the normal distribution, by Box and Muller's transform of numbers
    /// that follow from the seed and the place.
    fileprivate func fillGaussian(seed: UInt64, threads: Int) {
        _ = Parallel.map(count: rows, threads: threads) { part in
            for row in part {
                for column in 0..<columns {
                    let draw = SplitMix.derive(seed, UInt64(row * columns + column))
                    let radius = Double((draw >> 32) + 1) * 0x1p-32
                    let angle = Double(draw & 0xffff_ffff) * 0x1p-32
                    self.row(row)[column] = Float(
                        (-2 * log(radius)).squareRoot() * cos(2 * Double.pi * angle))
                }
            }
        }
    }

    fileprivate func makeGreatestPositive() {
        var greatest = [Float](repeating: 0, count: columns)
        for row in 0..<rows {
            for column in 0..<columns where abs(self.row(row)[column]) > abs(greatest[column]) {
                greatest[column] = self.row(row)[column]
            }
        }
        for row in 0..<rows {
            for column in 0..<columns where greatest[column] < 0 {
                self.row(row)[column] = -self.row(row)[column]
            }
        }
    }
}
