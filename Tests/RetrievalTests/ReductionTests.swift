// Pruning of tokens, and the reduction of many texts at once.

import Tensors
import TestSupport
import Testing

@testable import Retrieval

@Suite("Fewer tokens for a passage")
struct ReductionTests {
    @Test("pruning keeps one of each cluster before a second of any")
    func prune() {
        var numbers = Numbers(3)
        let tokens = clusteredTokens(60, 16, clusters: 4, spread: 0.01, &numbers)
        let pruned = TokenPruning.prune(tokens, limit: 5)
        #expect(pruned.count == 5 && pruned[0] == tokens[0])
        let query = clusteredTokens(8, 16, clusters: 4, spread: 0.01, &numbers)
        #expect(abs(plainMaxSim(query, pruned) - plainMaxSim(query, tokens)) < 0.05)
        #expect(TokenPruning.prune(tokens, limit: 60) == tokens)
        let none = TokenMatrix(checked: 3, [])
        #expect(TokenPruning.prune(none, limit: 1) == none)
        let broken = TokenMatrix(checked: 1, [1, .nan, .infinity, 1])
        #expect(TokenPruning.prune(broken, limit: 2).count == 2)
    }

    @Test("texts are reduced in place as each by itself, on one thread or on three")
    func places() throws {
        var numbers = Numbers(4)
        let texts = [0, 1, 2, 30, 0, 57, 3, 0].map { clusteredTokens($0, 12, &numbers) }
        let lengths = texts.map { Int32($0.count) }
        for reduction in [
            TokenReduction(), TokenReduction(poolFactor: 3), TokenReduction(tokensMax: 7),
            TokenReduction(poolFactor: 2, tokensMax: 10, protected: 0),
        ] {
            let expected = texts.map { reduction($0) }
            for threads in [1, 3] {
                var rows = texts.flatMap(\.values)
                let progress = WorkProgress()
                let left = rows.withUnsafeMutableBufferPointer { buffer -> [Int32]? in
                    guard let base = buffer.baseAddress else { return nil }
                    return reduction.reduce(
                        base, lengths: lengths, dimension: 12, threads: threads,
                        progress: progress)
                }
                #expect(left == expected.map { Int32($0.count) })
                let values = expected.flatMap(\.values)
                #expect(Array(rows.prefix(values.count)) == values)
                #expect(progress.done == texts.count)
            }
        }
    }

    @Test("pooling comes before pruning, which takes its share of what is left")
    func both() {
        var numbers = Numbers(5)
        let tokens = clusteredTokens(40, 8, &numbers)
        let both = TokenReduction(poolFactor: 2, tokensMax: 15)(tokens)
        #expect(both == TokenPruning.prune(TokenPooling.pool(tokens, factor: 2), limit: 15))
        #expect(both.count == 15 && both[0] == tokens[0])
    }

    @Test("a reduction that is stopped has no result")
    func stopped() {
        var rows: [Float] = [1, 0, 0, 1]
        let progress = WorkProgress()
        progress.stop()
        let left = rows.withUnsafeMutableBufferPointer { buffer -> [Int32]? in
            guard let base = buffer.baseAddress else { return [] }
            return TokenReduction(poolFactor: 2).reduce(
                base, lengths: [2], dimension: 2, threads: 1, progress: progress)
        }
        #expect(left == nil)
    }
}
