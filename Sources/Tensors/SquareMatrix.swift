// Small square matrices of Float64: triangles, their inverses, and singular values.

import Glibc

/// `[size, size]` of Float64, row-major.
struct SquareMatrix: Sendable {
    let size: Int
    var values: [Double]

    init(size: Int) {
        self.size = size
        values = [Double](repeating: 0, count: size * size)
    }

    static func identity(_ size: Int) -> SquareMatrix {
        var identity = SquareMatrix(size: size)
        for index in 0..<size { identity[index, index] = 1 }
        return identity
    }

    subscript(row: Int, column: Int) -> Double {
        get { values[row * size + column] }
        set { values[row * size + column] = newValue }
    }

    /// The upper triangle R with Rᵀ R = self, of a symmetric matrix without negative eigenvalues.
    /// Where what is left of a diagonal value is below `tolerance` of it, the row of R is zero:
    /// that column depends on the ones before.
    func cholesky(tolerance: Double) -> SquareMatrix {
        var triangle = SquareMatrix(size: size)
        for row in 0..<size {
            var pivot = self[row, row]
            for above in 0..<row { pivot -= triangle[above, row] * triangle[above, row] }
            guard pivot > tolerance * self[row, row] else { continue }
            let diagonal = pivot.squareRoot()
            var rest = Array(values[row * size + row..<(row + 1) * size])
            for above in 0..<row {
                let factor = triangle[above, row]
                for column in row..<size { rest[column - row] -= factor * triangle[above, column] }
            }
            for column in row..<size { triangle[row, column] = rest[column - row] / diagonal }
        }
        return triangle
    }

    /// The inverse of an upper triangle; columns of zero rows are zero.
    func inverseOfTriangle() -> SquareMatrix {
        var inverse = SquareMatrix(size: size)
        for column in 0..<size where self[column, column] > 0 {
            inverse[column, column] = 1 / self[column, column]
            for row in stride(from: column - 1, through: 0, by: -1) where self[row, row] > 0 {
                var sum = 0.0
                for middle in row + 1...column {
                    sum += self[row, middle] * inverse[middle, column]
                }
                inverse[row, column] = -sum / self[row, row]
            }
        }
        return inverse
    }

    static func * (left: Self, right: Self) -> Self {
        var product = SquareMatrix(size: left.size)
        for row in 0..<left.size {
            for middle in 0..<left.size where left[row, middle] != 0 {
                let factor = left[row, middle]
                for column in 0..<left.size {
                    product.values[row * left.size + column] += factor * right[middle, column]
                }
            }
        }
        return product
    }
}

/// Singular values and right singular vectors by one-sided Jacobi rotations (Hestenes 1958; Golub
/// and Van Loan, "Matrix Computations", section 8.6.3): columns are turned in pairs until all are
/// orthogonal.
struct JacobiSVD {
    /// Falling.
    let values: [Double]
    /// Columns in the order of the values.
    let rightVectors: SquareMatrix

    private static let sweepsMax = 40
    private static let tolerance = 1e-14

    init(_ matrix: SquareMatrix, _ progress: WorkProgress? = nil) {
        let size = matrix.size
        // Columns lie in rows here, those of the vectors behind those of the matrix.
        var columns = [Double](repeating: 0, count: 2 * size * size)
        for column in 0..<size {
            for row in 0..<size { columns[column * 2 * size + row] = matrix[row, column] }
            columns[column * 2 * size + size + column] = 1
        }
        columns.withUnsafeMutableBufferPointer { columns in
            guard let base = columns.baseAddress else { return }
            for _ in 0..<Self.sweepsMax where !Self.sweep(base, size, progress) { break }
        }
        let lengths = (0..<size).map { column in
            let values = columns[column * 2 * size..<column * 2 * size + size]
            return values.reduce(0) { $0 + $1 * $1 }.squareRoot()
        }
        let order = lengths.indices.sorted {
            lengths[$0] != lengths[$1] ? lengths[$0] > lengths[$1] : $0 < $1
        }
        values = order.map { lengths[$0] }
        var vectors = SquareMatrix(size: size)
        for (place, column) in order.enumerated() {
            for row in 0..<size { vectors[row, place] = columns[column * 2 * size + size + row] }
        }
        rightVectors = vectors
    }

    /// - Returns: whether anything was turned.
    private static func sweep(
        _ base: UnsafeMutablePointer<Double>, _ size: Int, _ progress: WorkProgress?
    ) -> Bool {
        var hasTurned = false
        for first in 0..<max(size - 1, 0) {
            // It takes seconds, and must be seen to go on.
            progress?.add(1)
            for second in first + 1..<size {
                let (p, q) = (base + first * 2 * size, base + second * 2 * size)
                var (a, b, c) = (0.0, 0.0, 0.0)
                for row in 0..<size {
                    a += p[row] * p[row]
                    b += q[row] * q[row]
                    c += p[row] * q[row]
                }
                guard abs(c) > tolerance * (a * b).squareRoot() else { continue }
                hasTurned = true
                let zeta = (b - a) / (2 * c)
                let sign = zeta < 0 ? -1.0 : 1
                let tangent = sign / (abs(zeta) + (1 + zeta * zeta).squareRoot())
                let cosine = 1 / (1 + tangent * tangent).squareRoot()
                let sine = cosine * tangent
                for row in 0..<2 * size {
                    let (x, y) = (p[row], q[row])
                    p[row] = cosine * x - sine * y
                    q[row] = sine * x + cosine * y
                }
            }
        }
        return hasTurned
    }
}
