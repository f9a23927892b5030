// The rows of a matrix nearest to some of its rows, without a copy of it.

import CKernels

extension Matrix {
    /// Another row and the cosine between it and the row that was asked about.
    public struct NearRow: Sendable, Equatable {
        public let row: Int
        public let cosine: Float
    }

    /// For each of `rows` the `count` others with the greatest cosine, nearest first, equal ones by
    /// number. A row of zeros, or with a value that is not finite, is near to none. Every row is
    /// read once.
    ///
    /// - Throws: `.outOfMemory` for a copy of the rows asked about.
    public func nearest(to rows: [Int], count: Int) throws(TensorError) -> [[NearRow]] {
        precondition(count >= 0, "\(count) neighbours")
        precondition(rows.allSatisfy { $0 >= 0 && $0 < self.rows }, "rows of \(self.rows)")
        let asked = try Matrix(rows: rows.count, columns: columns)
        for (index, row) in rows.enumerated() {
            asked.row(index).update(from: self.row(row), count: columns)
            _ = kernel_normalise_row(asked.row(index), columns)
        }
        var best = rows.map { NearList(besides: $0, limit: count) }
        guard !rows.isEmpty else { return [] }
        let tile = 256
        let dots = UnsafeMutablePointer<Float>.allocate(capacity: rows.count * tile)
        defer { dots.deallocate() }
        for start in Swift.stride(from: 0, to: self.rows, by: tile) {
            let part = start..<min(start + tile, self.rows)
            kernel_scores_f32(
                asked.base, asked.rows, asked.stride, row(start), part.count, stride, columns, dots)
            for (slot, row) in part.enumerated() {
                let scale = 1 / length(ofRow: row)
                for index in best.indices {
                    best[index].offer(row, dots[index * part.count + slot] * scale)
                }
            }
        }
        return best.map(\.found)
    }

    private func length(ofRow row: Int) -> Float {
        var square: Float = 0
        kernel_scores_f32(self.row(row), 1, stride, self.row(row), 1, stride, columns, &square)
        return square.squareRoot()
    }
}

/// The nearest rows so far.
private struct NearList {
    let besides: Int
    let limit: Int
    private(set) var found: [Matrix.NearRow] = []

    init(besides: Int, limit: Int) {
        self.besides = besides
        self.limit = limit
    }

    mutating func offer(_ row: Int, _ cosine: Float) {
        guard row != besides, cosine.isFinite, limit > 0 else { return }
        if found.count == limit {
            guard let last = found.last, cosine > last.cosine else { return }
            found.removeLast()
        }
        let place = found.firstIndex { $0.cosine < cosine } ?? found.count
        found.insert(Matrix.NearRow(row: row, cosine: cosine), at: place)
    }
}
