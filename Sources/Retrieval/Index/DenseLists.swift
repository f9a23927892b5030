// Lists of passages around centroids of their dense vectors: an inverted file of whole vectors
// (Jégou, Douze and Schmid 2011, section 4, without its codes).

import CKernels
import Tensors

/// The vectors of a list lie side by side, so that few places of the disk are read. The memory is
/// the segment's.
struct DenseLists: @unchecked Sendable {
    let dimension: Int
    /// `[count, dimension]` of Float32, length 1
    let centroids: UnsafePointer<Float>
    /// `[count + 1]`: where each list begins among the rows, and the last one ends
    let starts: UnsafeBufferPointer<UInt32>
    /// `[passages]`: the passage of each row, and the row of each passage
    let passages: UnsafeBufferPointer<UInt32>
    let rows: UnsafeBufferPointer<UInt32>

    var count: Int { starts.count - 1 }

    /// The lists whose centroids have the greatest products with the query, best first; fewer
    /// before more of them are the same.
    func nearest(_ wanted: Int, to query: [Float]) -> [Int] {
        precondition(query.count == dimension, "\(query.count) numbers, not \(dimension)")
        var scores = [Float](repeating: 0, count: count)
        dense_dots(query, centroids, 0, count, dimension, &scores)
        var best = TopK(wanted, of: count)
        for (list, score) in scores.enumerated() { best.insert(UInt32(list), score: score) }
        return best.sorted().map { Int($0.number) }
    }

    /// The rows of a list; nil if the segment is corrupt.
    func rows(of list: Int) -> Range<Int>? {
        let (begin, end) = (Int(starts[list]), Int(starts[list + 1]))
        return begin <= end && end <= passages.count ? begin..<end : nil
    }
}

extension Segment {
    /// Dense vectors as they are stored: `[passages, dense dimension]` in the order of passages,
    /// or of the lists. Valid as long as this object lives.
    var denseRows: UnsafeRawBufferPointer { bytes(denseLists == nil ? "dense" : "dense.listed") }

    /// The dense vector of a passage as it is stored.
    ///
    /// - Throws: `.malformed`.
    func denseRow(of passage: Int) throws(IndexError) -> UnsafeRawBufferPointer {
        let size = dense.map { $0.type.rowBytes($0.dimension) } ?? 0
        let row = denseLists.map { Int($0.rows[passage]) } ?? passage
        guard row < passages else {
            throw malformed("dense.rows", "row \(row) of \(passages)")
        }
        return UnsafeRawBufferPointer(rebasing: denseRows[row * size..<(row + 1) * size])
    }
}
