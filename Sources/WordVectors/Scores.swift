// Dot products of a few queries with many rows.

/// `out[query * rowCount + row]` = dot product of a query and a row over `count` values; queries
/// and rows start `queryStride` and `rowStride` floats apart.
func scores(
    _ queries: UnsafePointer<Float>, queryCount: Int, queryStride: Int,
    _ rows: UnsafePointer<Float>, rowCount: Int, rowStride: Int,
    count: Int, out: UnsafeMutablePointer<Float>
) {
    for query in 0 ..< queryCount {
        let left = queries + query * queryStride
        for row in 0 ..< rowCount {
            let right = rows + row * rowStride
            var sum = SIMD16<Float>.zero
            var column = 0
            while column + 16 <= count {
                let a = UnsafeRawPointer(left + column).loadUnaligned(as: SIMD16<Float>.self)
                let b = UnsafeRawPointer(right + column).loadUnaligned(as: SIMD16<Float>.self)
                sum.addProduct(a, b)
                column += 16
            }
            var total = sum.sum()
            while column < count {
                total += left[column] * right[column]
                column += 1
            }
            out[query * rowCount + row] = total
        }
    }
}
