// Products of a query with every centroid: what candidates are found by, and half of what a
// residual's product is.

import CKernels
import Tensors

/// `[centroids, query tokens]` of Float32.
final class CentroidScores: @unchecked Sendable {
    let centroidCount: Int
    let queryCount: Int
    let scores: UnsafeMutablePointer<Float>

    init(_ query: TokenMatrix, centroids: Centroids, threads: Int) {
        precondition(
            query.dimension == centroids.dimension,
            "centroids of \(centroids.dimension) and a query of \(query.dimension)")
        centroidCount = centroids.count
        queryCount = query.count
        scores = .allocate(capacity: max(1, centroidCount * queryCount))
        let packed = PackedRows(query.values, query.count, query.dimension, DENSE_F32)
        if queryCount == 0 { return }
        nonisolated(unsafe) let (weights, scores) = (packed.base, scores)
        _ = Parallel.map(count: centroidCount, threads: threads) { part in
            var product = dense_product(
                rows: part.count, columns: query.count, depth: query.dimension,
                inputs: centroids.row(part.lowerBound), stride: query.dimension,
                packed: weights, bias: nil, activation: DENSE_IDENTITY, residual: nil,
                results: scores + part.lowerBound * query.count, result_stride: query.count,
                scale: 1)
            dense_multiply(DENSE_F32, &product)
        }
        withExtendedLifetime(packed) {}
    }

    deinit { scores.deallocate() }

    /// MaxSim of a passage whose tokens are taken for their centroids (Santhanam et al. 2022b,
    /// section 4.2). `maxima` has room for the query's tokens.
    func approximate(
        _ places: UnsafePointer<UInt16>, count: Int, maxima: UnsafeMutablePointer<Float>
    ) -> Float {
        maxima.update(repeating: -.infinity, count: queryCount)
        var all = dense_maxima(
            rows: count, columns: queryCount, products: nil, stride: 0, factors: nil,
            table: scores, table_stride: queryCount, places: places, maxima: maxima,
            next: nil, next_bytes: 0)
        dense_maximise(&all)
        var sum: Float = 0
        for index in 0..<queryCount { sum += maxima[index] }
        return sum
    }
}
