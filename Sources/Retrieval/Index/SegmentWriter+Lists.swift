// Dense vectors of a segment brought into lists around centroids.

import CKernels
import Files
import Glibc
import Tensors

extension SegmentWriter {
    /// With fewer passages every vector is looked at anyway.
    static let listedMin = 4_096

    /// 2^floor(log2(4 sqrt(passages))).
    static func listCount(passages: Int) -> Int {
        let wanted = Int(4 * Double(max(passages, 1)).squareRoot())
        return min(1 << (Int.bitWidth - 1 - wanted.leadingZeroBitCount), Centroids.countMax)
    }

    /// The sections with the dense vectors. Memory: 32 vectors for each list, twice, while its
    /// centroids are trained.
    ///
    /// - Parameter threads: nil if the segment is only one on its way, and is merged soon.
    func denseSections(threads: Int?) throws(IndexError) -> [(String, ScratchFile)] {
        guard let threads, let dense, passages >= Self.listedMin,
            dense.type == .f32 || dense.type == .bf16
        else { return [("dense", denseRows)] }
        let rows = try wrapping { () throws(FileError) in try denseRows.map() }
        guard let base = rows.baseAddress else { return [("dense", denseRows)] }
        let vectors = DenseVectors(rows: UnsafeRawPointer(base), dense)
        let lists = Self.listCount(passages: passages)
        let step = max(1, passages / (32 * lists))
        let sample = (0..<passages / step).flatMap { vectors.numbers($0 * step..<$0 * step + 1) }
        let centroids: Centroids
        do {
            var training = CentroidTraining(threads: threads)
            training.rounds = 10
            centroids = try training.train(
                TokenMatrix(checked: dense.dimension, sample), count: lists)
        } catch { throw .vectors(error) }
        let places = vectors.assign(passages, to: centroids, threads: threads)
        do { return try write(vectors, centroids, places) } catch { throw .file(error) }
    }

    private func write(
        _ vectors: DenseVectors, _ centroids: Centroids, _ places: [UInt16]
    ) throws(FileError) -> [(String, ScratchFile)] {
        let starts = try ScratchFile(beside: path), order = try ScratchFile(beside: path)
        let rows = try ScratchFile(beside: path), listed = try ScratchFile(beside: path)
        let directions = try ScratchFile(beside: path)
        try directions.append(UnsafeRawBufferPointer(centroids.values))
        try order.reserve(4 * passages)
        try rows.reserve(4 * passages)
        try listed.reserve(vectors.rowBytes * passages)
        let passageOfRow = try order.map().bindMemory(to: UInt32.self)
        let rowOfPassage = try rows.map().bindMemory(to: UInt32.self)
        let target = try listed.map()
        var next = [Int](repeating: 0, count: centroids.count + 1)
        for place in places { next[Int(place) + 1] += 1 }
        for list in 0..<centroids.count { next[list + 1] += next[list] }
        for start in next { try starts.append(UInt32(start)) }
        for (passage, place) in places.enumerated() {
            let row = next[Int(place)]
            next[Int(place)] += 1
            passageOfRow[row] = UInt32(passage)
            rowOfPassage[passage] = UInt32(row)
            let bytes = UnsafeMutableRawBufferPointer(
                rebasing: target[row * vectors.rowBytes..<(row + 1) * vectors.rowBytes])
            bytes.copyMemory(from: vectors.bytes(of: passage))
        }
        return [
            ("dense.centroids", directions), ("dense.starts", starts), ("dense.order", order),
            ("dense.rows", rows), ("dense.listed", listed),
        ]
    }
}

/// Rows of Float32 or bfloat16 in the order of passages.
private struct DenseVectors {
    let rows: UnsafeRawPointer
    let dimension: Int
    let isHalf: Bool
    private static let batch = 8_192

    init(rows: UnsafeRawPointer, _ dense: DenseSettings) {
        self.rows = rows
        dimension = dense.dimension
        isHalf = dense.type == .bf16
    }

    var rowBytes: Int { dimension * (isHalf ? 2 : 4) }

    func bytes(of passage: Int) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: rows + passage * rowBytes, count: rowBytes)
    }

    func numbers(_ passages: Range<Int>) -> [Float] {
        let (from, count) = (rows + passages.lowerBound * rowBytes, passages.count * dimension)
        return [Float](unsafeUninitializedCapacity: count) { numbers, size in
            size = count
            guard let base = numbers.baseAddress else { return }
            if isHalf { dense_widen_bf16(from, base, count) } else {
                memcpy(base, from, 4 * count)
            }
        }
    }

    /// The nearest centroid of each passage, of all of them: no residual makes up for another.
    func assign(_ passages: Int, to centroids: Centroids, threads: Int) -> [UInt16] {
        var places: [UInt16] = []
        places.reserveCapacity(passages)
        for begin in stride(from: 0, to: passages, by: Self.batch) {
            let part = begin..<min(begin + Self.batch, passages)
            numbers(part).withUnsafeBufferPointer { numbers in
                guard let base = numbers.baseAddress else { return }
                places += centroids.assign(
                    base, count: part.count, probes: .max, threads: threads)
            }
        }
        return places
    }
}
