// An orthonormal basis of the columns of a tall matrix.

import CKernels
import Glibc

extension Matrix {
    /// Makes the columns orthonormal in place: self = self' R (Cholesky QR; with two passes the one
    /// of Yamamoto et al. 2015, which is orthonormal to rounding while the condition of the matrix
    /// is below about 1e3 here, the sums being those of Float32). A column that depends on those
    /// before it becomes zero. The bits do not depend on `threads`.
    ///
    /// - Returns: R, an upper triangle `[columns, columns]`.
    /// - Throws: `.outOfMemory`; `.notFinite`.
    @discardableResult
    func orthonormalise(
        passes: Int, threads: Int, _ progress: WorkProgress? = nil
    ) throws(TensorError) -> SquareMatrix {
        var triangle = SquareMatrix.identity(columns)
        for _ in 0..<passes {
            let gram = try gram(threads: threads)
            guard gram.values.allSatisfy(\.isFinite) else {
                throw .notFinite(row: 0, what: "a product with the matrix")
            }
            let part = gram.cholesky(tolerance: Self.dependence)
            try multiply(by: part.inverseOfTriangle(), threads: threads)
            triangle = part * triangle
            progress?.add(rows * columns / 2)
        }
        return triangle
    }

    /// The square of what must be left of a column's length for it not to depend on the others.
    private static let dependence = 1e-9
    /// Rows that are summed in Float32 before the sum goes to Float64.
    private static let gramRows = 256
    /// Parts of the rows, summed one after the other, whatever the number of threads.
    private static let gramParts = 16

    /// selfᵀ self.
    private func gram(threads: Int) throws(TensorError) -> SquareMatrix {
        let parts = Parallel.ranges(of: rows, threads: Self.gramParts)
        let groups = Parallel.ranges(of: parts.count, threads: threads)
        let sums = try Parallel.map(groups) { (_, group) throws(TensorError) in
            try group.map { part throws(TensorError) in try gram(of: parts[part]) }
        }
        var sum = SquareMatrix(size: columns)
        for part in sums.joined() {
            for index in part.values.indices { sum.values[index] += part.values[index] }
        }
        return sum
    }

    private func gram(of part: Range<Int>) throws(TensorError) -> SquareMatrix {
        let turned = try Matrix(rows: columns, columns: Self.gramRows)
        let products = try Matrix(rows: columns, columns: columns)
        let packed = try AlignedBuffer(
            byteCount: dense_packed_bytes(DENSE_F32, columns, Self.gramRows))
        var sum = SquareMatrix(size: columns)
        for first in Swift.stride(from: part.lowerBound, to: part.upperBound, by: Self.gramRows) {
            let count = min(Self.gramRows, part.upperBound - first)
            for row in 0..<Self.gramRows {
                for column in 0..<columns {
                    turned.row(column)[row] = row < count ? self.row(first + row)[column] : 0
                }
            }
            dense_pack(
                DENSE_F32, turned.base, columns, Self.gramRows, packed.baseAddress)
            turned.multiply(
                by: packed, rows: columns, depth: Self.gramRows, into: products.base, columns,
                products.stride)
            for row in 0..<columns {
                let values = products.row(row)
                for column in 0..<columns {
                    sum.values[row * columns + column] += Double(values[column])
                }
            }
        }
        return sum
    }

    /// self = self · other.
    func multiply(by other: SquareMatrix, threads: Int) throws(TensorError) {
        precondition(other.size == columns, "[\(rows), \(columns)] × \(other.size)")
        // Weights of products are `[columns, depth]`: the transpose.
        var weights = [Float](repeating: 0, count: columns * columns)
        for row in 0..<columns {
            for column in 0..<columns {
                weights[column * columns + row] = Float(other[row, column])
            }
        }
        let packed = try AlignedBuffer(byteCount: dense_packed_bytes(DENSE_F32, columns, columns))
        dense_pack(DENSE_F32, weights, columns, columns, packed.baseAddress)
        _ = try Parallel.map(count: rows, threads: threads) { part throws(TensorError) in
            let copy = try Matrix(rows: Self.gramRows, columns: columns)
            for first in Swift.stride(from: part.lowerBound, to: part.upperBound, by: Self.gramRows)
            {
                let count = min(Self.gramRows, part.upperBound - first)
                copy.base.update(from: row(first), count: count * stride)
                copy.multiply(
                    by: packed, rows: count, depth: columns, into: row(first), columns, stride)
            }
        }
    }

    /// The first `rows` rows of self times packed weights `[columns, depth]`.
    private func multiply(
        by packed: AlignedBuffer, rows: Int, depth: Int, into results: UnsafeMutablePointer<Float>,
        _ columns: Int, _ resultStride: Int
    ) {
        var product = dense_product()
        product.rows = rows
        product.columns = columns
        product.depth = depth
        product.inputs = UnsafeRawPointer(base)
        product.stride = stride
        product.packed = UnsafeRawPointer(packed.baseAddress)
        product.activation = DENSE_IDENTITY
        product.results = results
        product.result_stride = resultStride
        dense_multiply(DENSE_F32, &product)
    }
}
