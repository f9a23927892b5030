// The nearest passages by one vector each: of every segment whole, or of its nearest lists.

import CKernels
import Tensors

extension IndexSearcher {
    /// The passages with the largest dot products, best first, of all that the filter lets through.
    ///
    /// - Parameter probes: lists of a segment that are looked at; more, where these have fewer
    ///   than `count` passages that the filter lets through. Nil for all.
    /// - Throws: `.mismatch` if the index has no dense vectors of Float32 or bfloat16; `.vectors`;
    ///   `.malformed`.
    func nearestByDense(
        _ query: [Float], count: Int, probes: Int?, threads: Int,
        _ isWanted: PassageFilter?
    ) throws(IndexError) -> [ScoredPassage] {
        var best = BestPassages(limit: count)
        func add(_ parts: [BestPassages]) {
            for part in parts { for passage in part.sorted { best.insert(passage) } }
        }
        var scans: [DenseScan] = []
        for index in snapshot.segments.indices {
            scans.append(
                try DenseScan(query, snapshot, segment: index, count: count, isWanted))
        }
        let listed = probes == nil ? [] : scans.filter(\.hasLists)
        let found = try Parallel.map(count: listed.count, threads: threads) {
            (part) throws(IndexError) -> [BestPassages] in
            var found: [BestPassages] = []
            for scan in listed[part] { found.append(try scan.nearest(probes: probes ?? 1)) }
            return found
        }
        add(found.flatMap { $0 })
        for scan in scans where probes == nil || !scan.hasLists {
            add(
                try Parallel.map(count: scan.rowCount, threads: threads) {
                    (rows) throws(IndexError) -> BestPassages in
                    var best = BestPassages(limit: count)
                    _ = try scan.add(rows, to: &best)
                    return best
                })
        }
        return best.sorted
    }
}

/// One query and the dense vectors of one segment.
private struct DenseScan: Sendable {
    private let query: [Float]
    private let segment: Segment
    private let index: Int
    private let dead: Tombstones
    private let count: Int
    private let isHalf: Bool
    private let isWanted: PassageFilter?
    private static let block = 1_024

    var hasLists: Bool { segment.denseLists != nil }
    var rowCount: Int { segment.passages }

    init(
        _ query: [Float], _ snapshot: IndexSnapshot, segment index: Int, count: Int,
        _ isWanted: PassageFilter?
    ) throws(IndexError) {
        (segment, dead) = snapshot.segments[index]
        guard let dense = segment.dense else {
            throw .mismatch(
                path: segment.path, what: "dense vectors", found: "none",
                expected: "an index built with them")
        }
        guard dense.type == .f32 || dense.type == .bf16 else {
            throw .mismatch(
                path: segment.path, what: "dense vectors of", found: dense.type.rawValue,
                expected: "f32 or bf16")
        }
        guard query.count == dense.dimension else {
            throw .vectors(.dimension(found: query.count, expected: "\(dense.dimension)"))
        }
        isHalf = dense.type == .bf16
        self.query = query
        self.index = index
        self.count = count
        self.isWanted = isWanted
    }

    func nearest(probes: Int) throws(IndexError) -> BestPassages {
        var best = BestPassages(limit: count)
        guard let lists = segment.denseLists else { return best }
        var (seen, wanted, left) = (0, min(max(probes, 1), lists.count), count)
        while seen < lists.count, left > 0 {
            for list in lists.nearest(wanted, to: query).dropFirst(seen) {
                guard let rows = lists.rows(of: list) else {
                    throw segment.malformed("dense.starts", "list \(list)")
                }
                left -= try add(rows, to: &best)
            }
            seen = wanted
            wanted = min(2 * wanted, lists.count)
        }
        return best
    }

    /// - Returns: how many of these rows are wanted.
    func add(_ rows: Range<Int>, to best: inout BestPassages) throws(IndexError) -> Int {
        let vectors = segment.denseRows
        guard let base = vectors.baseAddress else { return 0 }
        var scores = [Float](repeating: 0, count: min(rows.count, Self.block))
        var wanted = 0
        let rowBytes = query.count * (isHalf ? 2 : 4)
        for begin in stride(from: rows.lowerBound, to: rows.upperBound, by: Self.block) {
            for run in try runs(begin..<min(begin + Self.block, rows.upperBound)) {
                dense_dots(
                    query, base + run.lowerBound * rowBytes, isHalf ? 1 : 0, run.count,
                    query.count, &scores)
                for row in run where best.takes(scores[row - run.lowerBound]) {
                    best.insert(
                        ScoredPassage(
                            score: scores[row - run.lowerBound], place: try place(of: row)))
                }
                wanted += run.count
            }
        }
        return wanted
    }

    /// Rows that follow each other, are wanted and live; nothing else is multiplied.
    private func runs(_ rows: Range<Int>) throws(IndexError) -> [Range<Int>] {
        if isWanted == nil, dead.count == 0 { return [rows] }
        var runs: [Range<Int>] = []
        for row in rows {
            let place = try place(of: row)
            if dead.contains(place.passage) || isWanted?(place) == false { continue }
            if let last = runs.last, last.upperBound == row {
                runs[runs.count - 1] = last.lowerBound..<row + 1
            } else {
                runs.append(row..<row + 1)
            }
        }
        return runs
    }

    private func place(of row: Int) throws(IndexError) -> PassagePlace {
        let passage = segment.denseLists.map { Int($0.passages[row]) } ?? row
        guard passage < segment.passages else {
            throw segment.malformed("dense.order", "passage \(passage)")
        }
        return PassagePlace(segment: index, passage: passage)
    }
}
