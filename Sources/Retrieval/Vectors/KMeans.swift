// One level of spherical k-means.

import CKernels
import Tensors

/// Lloyd's rounds over rows of length 1: each goes to the centroid with the greatest product, each
/// centroid becomes the direction of its rows' sum. Rows are summed in their order, so that the
/// number of threads changes nothing.
struct KMeans {
    let dimension: Int
    let seed: UInt64
    let rounds: Int
    /// `[count, dimension]`
    private(set) var centroids: [Float] = []

    var count: Int { centroids.count / dimension }

    init(dimension: Int, seed: UInt64, rounds: Int) {
        self.dimension = dimension
        self.seed = seed
        self.rounds = rounds
    }

    /// Begins with rows drawn without repetition, `count` at most.
    mutating func train(
        _ members: [Int], of rows: UnsafePointer<Float>, count: Int, threads: Int
    ) {
        let chosen = draw(min(count, members.count), of: members.count)
        centroids = chosen.flatMap { place in
            UnsafeBufferPointer(start: rows + members[place] * dimension, count: dimension)
        }
        if chosen.count == members.count { return }
        for _ in 0..<rounds {
            let places = assign(members, of: rows, threads: threads)
            update(members, of: rows, places, threads: threads)
        }
    }

    /// Floyd's sample (Bentley 1987), in ascending order.
    private func draw(_ count: Int, of total: Int) -> [Int] {
        var chosen: Set<Int> = []
        for last in total - count..<total {
            let random = SplitMix.derive(seed, UInt64(last))
            let place = Int(random.multipliedFullWidth(by: UInt64(last + 1)).high)
            if !chosen.insert(place).inserted { chosen.insert(last) }
        }
        return chosen.sorted()
    }

    /// The centroid of every member.
    func assign(_ members: [Int], of rows: UnsafePointer<Float>, threads: Int) -> [UInt32] {
        nonisolated(unsafe) let rows = rows
        let packed = PackedRows(centroids, count, dimension, DENSE_F32)
        let parts = Parallel.map(count: members.count, threads: threads) { part -> [UInt32] in
            let block = 64
            let gathered = UnsafeMutablePointer<Float>.allocate(capacity: block * dimension)
            let scores = UnsafeMutablePointer<Float>.allocate(capacity: block * count)
            defer {
                gathered.deallocate()
                scores.deallocate()
            }
            var places: [UInt32] = []
            places.reserveCapacity(part.count)
            for begin in stride(from: part.lowerBound, to: part.upperBound, by: block) {
                let size = min(block, part.upperBound - begin)
                for row in 0..<size {
                    (gathered + row * dimension).update(
                        from: rows + members[begin + row] * dimension, count: dimension)
                }
                var product = dense_product(
                    rows: size, columns: count, depth: dimension, inputs: gathered,
                    stride: dimension, packed: packed.base, bias: nil, activation: DENSE_IDENTITY,
                    residual: nil, results: scores, result_stride: count, scale: 1)
                dense_multiply(DENSE_F32, &product)
                for row in 0..<size {
                    places.append(UInt32(dense_greatest(scores + row * count, count)))
                }
            }
            return places
        }
        return parts.flatMap { $0 }
    }

    /// A centroid without rows, or whose rows cancel out, stays where it is.
    private mutating func update(
        _ members: [Int], of rows: UnsafePointer<Float>, _ places: [UInt32], threads: Int
    ) {
        nonisolated(unsafe) let rows = rows
        let before = centroids
        let parts = Parallel.map(count: count, threads: threads) { part -> [Float] in
            var sums = [Float](repeating: 0, count: part.count * dimension)
            sums.withUnsafeMutableBufferPointer { sums in
                guard let base = sums.baseAddress else { return }
                for (index, place) in places.enumerated() where part.contains(Int(place)) {
                    dense_add(
                        base + (Int(place) - part.lowerBound) * dimension,
                        rows + members[index] * dimension, dimension)
                }
                for place in 0..<part.count {
                    let range = place * dimension..<(place + 1) * dimension
                    let length = normalise(UnsafeMutableBufferPointer(rebasing: sums[range]))
                    if length > 1e-6 { continue }
                    let first = (part.lowerBound + place) * dimension
                    for index in 0..<dimension {
                        sums[range.lowerBound + index] = before[first + index]
                    }
                }
            }
            return sums
        }
        centroids = parts.flatMap { $0 }
    }
}
