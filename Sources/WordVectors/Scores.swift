// Dot products of a few queries with many rows.

import CKernels

/// `out[query * rowCount + row]` = dot product of a query and a row over `count` values; queries
/// and rows start `queryStride` and `rowStride` floats apart.
func scores(
    _ queries: UnsafePointer<Float>, queryCount: Int, queryStride: Int,
    _ rows: UnsafePointer<Float>, rowCount: Int, rowStride: Int,
    count: Int, out: UnsafeMutablePointer<Float>
) {
    kernel_scores_f32(
        queries, queryCount, queryStride, rows, rowCount, rowStride, count, out)
}
