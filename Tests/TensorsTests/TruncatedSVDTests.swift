// Sparse products and truncated decompositions, against plain arithmetic.

import TestSupport
import Testing

@testable import Tensors

@Suite struct SparseMatrixTests {
    @Test(
        "products are those of plain arithmetic, the same bits for any number of threads",
        arguments: [(1, 1, 1), (7, 5, 3), (40, 90, 17), (64, 3, 33)])
    func products(rows: Int, columns: Int, width: Int) throws {
        var numbers = Numbers(rows * 100 + columns)
        let dense = sparseValues(rows, columns, density: 0.3, &numbers)
        let matrix = try sparse(dense, columns: columns)
        let right = try random(columns, width, &numbers), left = try random(rows, width, &numbers)
        for threads in [1, 2, 5, 200] {
            let product = try Matrix(rows: rows, columns: width)
            matrix.multiply(right, into: product, threads: threads)
            let transposed = try Matrix(rows: columns, columns: width)
            // What was there before does not count.
            transposed.base.update(repeating: 9, count: columns * transposed.stride)
            matrix.multiplyTransposed(left, into: transposed, threads: threads)
            for column in 0..<width {
                for row in 0..<rows {
                    let sum = (0..<columns).reduce(Float(0)) {
                        $0 + dense[row * columns + $1] * right.row($1)[column]
                    }
                    #expect(abs(product.row(row)[column] - sum) < 1e-5)
                }
                for row in 0..<columns {
                    let sum = (0..<rows).reduce(Float(0)) {
                        $0 + dense[$1 * columns + row] * left.row($1)[column]
                    }
                    #expect(abs(transposed.row(row)[column] - sum) < 1e-5)
                }
            }
        }
    }

    @Test("entries that are not those announced are refused")
    func announced() {
        let wrong: [[(Int, Int)]] = [
            [(0, 0)], [(0, 0), (0, 1), (1, 0)], [(0, 1), (0, 0)], [(0, 0), (0, 0)],
            [(0, 0), (0, 2)], [(0, 0), (2, 1)], [(0, -1), (0, 1)],
        ]
        for entries in wrong {
            #expect(throws: TensorError.self) {
                try SparseMatrix(columns: 2, counts: [2, 0]) { add in
                    for (row, column) in entries { add(row, column, 1) }
                }
            }
        }
    }
}

@Suite struct TruncatedSVDTests {
    @Test("a matrix of known singular values gives them and orthonormal vectors")
    func known() throws {
        var numbers = Numbers(4)
        let (rows, columns, rank) = (120, 80, 6)
        // Σ s u vᵀ with orthonormal u and v, and something small besides.
        let u = try random(rows, 16, &numbers), v = try random(columns, 16, &numbers)
        try u.orthonormalise(passes: 2, threads: 1)
        try v.orthonormalise(passes: 2, threads: 1)
        let known: [Float] = [50, 20, 19, 5, 1, 0.1] + [Float](repeating: 0.01, count: 10)
        var dense = [Float](repeating: 0, count: rows * columns)
        for row in 0..<rows {
            for column in 0..<columns {
                for index in 0..<16 {
                    dense[row * columns + column] +=
                        u.row(row)[index] * known[index] * v.row(column)[index]
                }
            }
        }
        let matrix = try sparse(dense, columns: columns)
        let svd = try #require(
            try TruncatedSVD(matrix, rank: rank, iterations: 3, seed: 1, threads: 2))
        for index in 0..<rank {
            #expect(abs(svd.values[index] - Double(known[index])) < 2e-4 * Double(known[index]))
            let along = (0..<rows).reduce(Float(0)) {
                $0 + svd.leftVectors.row($1)[index] * u.row($1)[index]
            }
            #expect(abs(abs(along) - 1) < 1e-3)
        }
        #expect(orthogonality(svd.leftVectors) < 1e-4)
    }

    @Test("the bits do not depend on the threads, and another seed finds the same values")
    func threads() throws {
        var numbers = Numbers(5)
        let dense = sparseValues(200, 150, density: 0.1, &numbers)
        let matrix = try sparse(dense, columns: 150)
        let one = try #require(try TruncatedSVD(matrix, rank: 9, seed: 7, threads: 1))
        for threads in [2, 3] {
            let more = try #require(try TruncatedSVD(matrix, rank: 9, seed: 7, threads: threads))
            #expect(more.values == one.values)
            #expect(more.leftVectors.values == one.leftVectors.values)
        }
        let settled = try #require(
            try TruncatedSVD(matrix, rank: 9, iterations: 30, seed: 7, threads: 2))
        let other = try #require(
            try TruncatedSVD(matrix, rank: 9, iterations: 30, seed: 8, threads: 2))
        for (a, b) in zip(settled.values, other.values) { #expect(abs(a - b) < 1e-4 * a) }
    }

    @Test("of a matrix of lower rank the rest is zeros, also of one without entries")
    func lowRank() throws {
        let ones = try sparse([Float](repeating: 1, count: 20), columns: 4)
        let svd = try #require(try TruncatedSVD(ones, rank: 3, seed: 1, threads: 1))
        #expect(abs(svd.values[0] - 20.0.squareRoot()) < 1e-5)
        #expect(svd.values[1] < 1e-4)
        let empty = try sparse([Float](repeating: 0, count: 12), columns: 4)
        let nothing = try #require(try TruncatedSVD(empty, rank: 7, seed: 1, threads: 2))
        #expect(nothing.values == [Double](repeating: 0, count: 7))
        #expect(nothing.leftVectors.values.allSatisfy { $0 == 0 })
    }

    @Test("a value that is not finite is refused")
    func infinite() throws {
        let matrix = try sparse([1, .infinity, 2, 3], columns: 2)
        #expect(throws: TensorError.self) {
            try TruncatedSVD(matrix, rank: 1, seed: 1, threads: 1)
        }
    }

    @Test("a decomposition that is stopped ends without a result")
    func stopped() throws {
        let matrix = try sparse([1, 2, 2, 3], columns: 2)
        let progress = WorkProgress()
        progress.stop()
        let stopped = try TruncatedSVD(matrix, rank: 1, seed: 1, threads: 1, progress: progress)
        #expect(stopped == nil)
    }
}

private func sparseValues(
    _ rows: Int, _ columns: Int, density: Double, _ numbers: inout Numbers
) -> [Float] {
    (0..<rows * columns).map { _ in
        Double.random(in: 0..<1, using: &numbers) < density
            ? Float.random(in: 0.1...2, using: &numbers) : 0
    }
}

private func sparse(_ dense: [Float], columns: Int) throws -> SparseMatrix {
    let rows = dense.count / columns
    let counts = (0..<rows).map { row in
        (0..<columns).count { dense[row * columns + $0] != 0 }
    }
    return try SparseMatrix(columns: columns, counts: counts) { add in
        for (index, value) in dense.enumerated() where value != 0 {
            add(index / columns, index % columns, value)
        }
    }
}

private func random(_ rows: Int, _ columns: Int, _ numbers: inout Numbers) throws -> Matrix {
    let matrix = try Matrix(rows: rows, columns: columns)
    for row in 0..<rows {
        for (column, value) in numbers.floats(columns).enumerated() {
            matrix.row(row)[column] = value
        }
    }
    return matrix
}

/// The greatest deviation of UᵀU from the identity.
private func orthogonality(_ matrix: Matrix) -> Float {
    var worst: Float = 0
    for first in 0..<matrix.columns {
        for second in 0..<matrix.columns {
            let product = (0..<matrix.rows).reduce(Float(0)) {
                $0 + matrix.row($1)[first] * matrix.row($1)[second]
            }
            worst = max(worst, abs(product - (first == second ? 1 : 0)))
        }
    }
    return worst
}
