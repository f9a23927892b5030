// The nearest centroids of a batch of tokens: groups first, then their centroids.

import CKernels

/// The scratch memory of one thread.
final class CentroidSearch {
    let batch = 2048
    private let block = 64
    private let centroids: Centroids
    private let probes: Int
    private let scores: UnsafeMutablePointer<Float>
    private let gathered: UnsafeMutablePointer<Float>

    init(_ centroids: Centroids, probes: Int) {
        self.centroids = centroids
        self.probes = max(1, probes)
        var widest = centroids.ends.count
        for group in centroids.ends.indices {
            widest = max(widest, centroids.ends[group] - centroids.begin(group))
        }
        scores = .allocate(capacity: block * widest)
        gathered = .allocate(capacity: block * centroids.dimension)
    }

    deinit {
        scores.deallocate()
        gathered.deallocate()
    }

    /// The nearest centroid of each of at most `batch` tokens.
    func nearest(_ tokens: UnsafePointer<Float>, count: Int) -> [UInt16] {
        var best = [Float](repeating: -.infinity, count: count)
        var places = [UInt16](repeating: 0, count: count)
        let members = membersOfGroups(tokens, count: count)
        for (group, list) in members.enumerated() {
            for begin in stride(from: 0, to: list.count, by: block) {
                let part = list[begin..<min(begin + block, list.count)]
                compare(tokens, part, with: group, &best, &places)
            }
        }
        return places
    }

    /// Which tokens look at each group.
    private func membersOfGroups(_ tokens: UnsafePointer<Float>, count: Int) -> [[Int32]] {
        let groups = centroids.ends.count
        if groups == 1 { return [(0..<Int32(count)).map { $0 }] }
        var members = [[Int32]](repeating: [], count: groups)
        for begin in stride(from: 0, to: count, by: block) {
            let rows = min(block, count - begin)
            centroids.multiply(
                tokens + begin * centroids.dimension, count: rows, group: nil, to: scores)
            for row in 0..<rows {
                let line = scores + row * groups
                for _ in 0..<probes {
                    let group = dense_greatest(line, groups)
                    members[group].append(Int32(begin + row))
                    line[group] = -.infinity
                }
            }
        }
        return members
    }

    private func compare(
        _ tokens: UnsafePointer<Float>, _ part: ArraySlice<Int32>, with group: Int,
        _ best: inout [Float], _ places: inout [UInt16]
    ) {
        let dimension = centroids.dimension
        for (row, token) in part.enumerated() {
            (gathered + row * dimension).update(
                from: tokens + Int(token) * dimension, count: dimension)
        }
        let begin = centroids.begin(group)
        let columns = centroids.ends[group] - begin
        centroids.multiply(gathered, count: part.count, group: group, to: scores)
        for (row, token) in part.enumerated() {
            let column = dense_greatest(scores + row * columns, columns)
            let score = scores[row * columns + column]
            if score > best[Int(token)] {
                best[Int(token)] = score
                places[Int(token)] = UInt16(truncatingIfNeeded: begin + column)
            }
        }
    }
}
