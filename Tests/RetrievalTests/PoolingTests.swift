// Pooling and pruning of tokens.

import TestSupport
import Testing

@testable import Retrieval

@Suite("Fewer tokens for a passage")
struct PoolingTests {
    @Test("clusters are those of merging greedily by Ward's distance")
    func ward() {
        var numbers = Numbers(1)
        for count in [2, 3, 7, 20, 41] {
            let tokens = randomTokens(count, 5, &numbers).normalised()
            let clustering = WardClustering(tokens)
            for wanted in [1, 2, count / 2, count] where wanted > 0 {
                let found = clustering.clusters(wanted)
                #expect(found == greedy(tokens, wanted), "\(wanted) of \(count)")
                #expect(Set(found).count == wanted)
            }
        }
    }

    /// Merges, of all pairs, the one that raises the sum of squares least.
    private func greedy(_ tokens: TokenMatrix, _ wanted: Int) -> [Int] {
        var clusters = (0..<tokens.count).map { [$0] }
        func mean(_ cluster: [Int]) -> [Double] {
            (0..<tokens.dimension).map { index in
                cluster.reduce(0) {
                    $0 + Double(tokens.values[$1 * tokens.dimension + index])
                } / Double(cluster.count)
            }
        }
        func cost(_ a: [Int], _ b: [Int]) -> Double {
            let square = zip(mean(a), mean(b)).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
            return square * Double(a.count * b.count) / Double(a.count + b.count)
        }
        while clusters.count > wanted {
            var best = (cost: Double.infinity, a: 0, b: 0)
            for a in clusters.indices {
                for b in 0..<a {
                    let cost = cost(clusters[a], clusters[b])
                    if cost < best.cost { best = (cost, a, b) }
                }
            }
            clusters[best.b] += clusters.remove(at: best.a)
        }
        let ordered = clusters.sorted { ($0.min() ?? 0) < ($1.min() ?? 0) }
        return (0..<tokens.count).map { token in
            ordered.firstIndex { $0.contains(token) } ?? -1
        }
    }

    @Test("pooling keeps protected tokens and makes lengths 1")
    func pool() throws {
        var numbers = Numbers(2)
        let tokens = clusteredTokens(41, 16, clusters: 4, spread: 0.01, &numbers)
        for (factor, count) in [(1, 41), (2, 21), (3, 14), (10, 5), (100, 2)] {
            let pooled = try TokenPooling.pool(tokens, factor: factor)
            #expect(pooled.count == count && pooled[0] == tokens[0])
            for token in 0..<pooled.count {
                #expect(abs(pooled[token].reduce(0) { $0 + $1 * $1 } - 1) < 1e-5)
            }
        }
        // Four clusters are four tokens, and no query notices.
        let pooled = try TokenPooling.pool(tokens, factor: 10, protected: 0)
        let query = clusteredTokens(5, 16, clusters: 4, spread: 0.01, &numbers)
        #expect(abs(plainMaxSim(query, pooled) - plainMaxSim(query, tokens)) < 0.02)
    }

    @Test("few, equal or too many tokens")
    func extremes() throws {
        let none = TokenMatrix(checked: 3, [])
        #expect(try TokenPooling.pool(none, factor: 2) == none)
        #expect(TokenPruning.prune(none, limit: 1) == none)
        let same = TokenMatrix(checked: 2, (0..<40).map { Float($0 % 2) })
        #expect(try TokenPooling.pool(same, factor: 4, protected: 0).count == 5)
        #expect(TokenPruning.prune(same, limit: 3).count == 3)
        let many = TokenMatrix(checked: 1, [Float](repeating: 1, count: 2050))
        #expect(throws: RetrievalError.tooManyTokens(found: 2049, limit: 2048)) {
            try TokenPooling.pool(many, factor: 2)
        }
    }

    @Test("pruning keeps one of each cluster before a second of any")
    func prune() {
        var numbers = Numbers(3)
        let tokens = clusteredTokens(60, 16, clusters: 4, spread: 0.01, &numbers)
        let pruned = TokenPruning.prune(tokens, limit: 5)
        #expect(pruned.count == 5 && pruned[0] == tokens[0])
        let query = clusteredTokens(8, 16, clusters: 4, spread: 0.01, &numbers)
        #expect(abs(plainMaxSim(query, pruned) - plainMaxSim(query, tokens)) < 0.05)
        #expect(TokenPruning.prune(tokens, limit: 60) == tokens)
    }
}
