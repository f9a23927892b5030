// Clusters of the tokens of one text.

/// Merges that raise the spread within clusters least (Ward 1963), found by chains of nearest
/// neighbours (Murtagh 1983): time and memory go with the square of the tokens.
///
/// Ward's formula is applied to cosine distances as they are, which is what PyLate and
/// sentence-transformers do, and not to the distances in space, whose squares are twice that.
struct WardClustering {
    private let count: Int
    /// Pairs of tokens, one of either cluster that was merged, with the square of the clusters'
    /// distance: never less than that of the merges within them.
    private var merges: [(first: Int, second: Int, distance: Float)] = []

    init(_ tokens: TokenMatrix) {
        count = tokens.count
        var state = State(PairDistances(cosines: tokens))
        var chain: [Int] = []
        merges.reserveCapacity(max(count - 1, 0))
        while merges.count < count - 1 {
            if chain.isEmpty { chain.append(state.living[0]) }
            let last = chain[chain.count - 1]
            let before = chain.count > 1 ? chain[chain.count - 2] : nil
            let nearest = state.nearest(to: last, before: before)
            if nearest != before {
                chain.append(nearest)
                continue
            }
            chain.removeLast(2)
            let (first, second) = (min(nearest, last), max(nearest, last))
            merges.append((first, second, state.merge(first, into: second)))
        }
    }

    private struct State {
        var distances: PairDistances
        /// A cluster is named by its last token.
        var living: [Int]
        var sizes: [Float]
        /// The greatest distance of a merge within.
        var heights: [Float]

        init(_ distances: PairDistances) {
            self.distances = distances
            living = Array(0..<distances.count)
            sizes = Array(repeating: 1, count: distances.count)
            heights = Array(repeating: 0, count: distances.count)
        }

        /// Of equally near ones the one before in the chain, or else the first: so chains end.
        func nearest(to cluster: Int, before: Int?) -> Int {
            var best = before ?? -1
            var least = before.map { distances[cluster, $0] } ?? .infinity
            for other in living where other != cluster {
                let distance = distances[cluster, other]
                if distance < least || best < 0 { (least, best) = (distance, other) }
            }
            return best
        }

        /// The formula of Lance and Williams (1967) for Ward's distance.
        mutating func merge(_ first: Int, into second: Int) -> Float {
            let between = distances[first, second]
            let (a, b) = (sizes[first], sizes[second])
            living.remove(at: place(of: first))
            for other in living where other != second {
                let size = sizes[other]
                let sum =
                    (size + a) * distances[first, other] + (size + b) * distances[second, other]
                    - size * between
                distances[second, other] = sum / (size + a + b)
            }
            sizes[second] = a + b
            heights[second] = max(between, heights[first], heights[second])
            return heights[second]
        }

        private func place(of cluster: Int) -> Int {
            var (low, high) = (0, living.count)
            while high - low > 1 {
                let middle = (low + high) / 2
                if living[middle] <= cluster { low = middle } else { high = middle }
            }
            return low
        }
    }

    /// The cluster of each token when `wanted` are left, numbered by their first tokens.
    ///
    /// Merges at the same distance are all made or none, so that none is chosen by chance: where
    /// the last one has equals, fewer clusters are left. (`maxclust` of scipy does the same.)
    func clusters(_ wanted: Int) -> [Int] {
        var parents = Array(0..<count)
        func root(_ token: Int) -> Int {
            var token = token
            while parents[token] != token {
                parents[token] = parents[parents[token]]
                token = parents[token]
            }
            return token
        }
        let order = merges.indices.sorted {
            (merges[$0].distance, $0) < (merges[$1].distance, $1)
        }
        let made = max(0, count - wanted)
        let limit = made > 0 ? merges[order[made - 1]].distance : -1
        for index in order where merges[index].distance <= limit {
            parents[root(merges[index].first)] = root(merges[index].second)
        }
        var numbers: [Int: Int] = [:]
        return (0..<count).map { token in
            let root = root(token)
            if let number = numbers[root] { return number }
            numbers[root] = numbers.count
            return numbers.count - 1
        }
    }
}
