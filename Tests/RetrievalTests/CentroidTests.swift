// Centroids: their number, their determinism, and how well tokens find them.

import TestSupport
import Testing

@testable import Retrieval

@Suite("Centroids")
struct CentroidTests {
    @Test(
        "their number is PLAID's",
        arguments: [
            (1_200_000, 16_384), (100, 100), (10_000, 1024), (1, 1), (0, 1),
            (1 << 40, 65_536),
        ])
    func number(tokens: Int, expected: Int) {
        #expect(Centroids.count(forTokens: tokens) == expected)
    }

    @Test("separate clusters get a centroid each")
    func clusters() throws {
        var numbers = Numbers(1)
        let tokens = clusteredTokens(4000, 32, clusters: 16, spread: 0.02, &numbers)
        let centroids = try CentroidTraining(seed: 3).train(tokens, count: 64)
        let places = centroids.assign(tokens.values, count: tokens.count, threads: 1)
        for (token, place) in places.enumerated() {
            let centroid = UnsafeBufferPointer(start: centroids.row(Int(place)), count: 32)
            let product = zip(tokens[token], centroid).reduce(0) { $0 + $1.0 * $1.1 }
            #expect(product > 0.98)
            if product <= 0.98 { break }
        }
    }

    @Test("the seed decides, not the number of threads")
    func deterministic() throws {
        var numbers = Numbers(2)
        let tokens = clusteredTokens(3000, 24, &numbers)
        let trained = try [(7, 1), (7, 3), (8, 1)].map { (seed, threads) in
            try CentroidTraining(seed: UInt64(seed), threads: threads).train(tokens, count: 100)
        }
        #expect(Array(trained[0].values) == Array(trained[1].values))
        #expect(Array(trained[0].values) != Array(trained[2].values))
        #expect(trained[0].count == 100)
        let assigned = [1, 2, 5].map {
            trained[0].assign(tokens.values, count: tokens.count, threads: $0)
        }
        #expect(assigned[0] == assigned[1] && assigned[0] == assigned[2])
    }

    @Test("nearly every token finds its nearest centroid")
    func recall() throws {
        var numbers = Numbers(3)
        let tokens = clusteredTokens(5000, 32, clusters: 60, spread: 0.6, &numbers)
        let centroids = try CentroidTraining().train(tokens, count: 256)
        let found = centroids.assign(tokens.values, count: tokens.count, threads: 1)
        let exact = centroids.assign(
            tokens.values, count: tokens.count, probes: .max, threads: 1)
        let same = zip(found, exact).count { $0 == $1 }
        #expect(same > 4500, "\(same) of 5000")
    }

    @Test("tokens that are all alike, zeros or fewer than centroids are no obstacle")
    func degenerate() throws {
        let same = TokenMatrix(checked: 3, (0..<300).map { [1, 2, 3][$0 % 3] })
        #expect(try CentroidTraining().train(same, count: 16).count == 16)
        let zeros = TokenMatrix(checked: 2, [Float](repeating: 0, count: 40))
        #expect(try CentroidTraining().train(zeros, count: 4).count == 4)
        let few = TokenMatrix(checked: 1, [1, -1, 1])
        #expect(try CentroidTraining().train(few, count: 64).count == 3)
        let none = TokenMatrix(checked: 5, [])
        #expect(throws: RetrievalError.tooFewTokens(found: 0)) {
            try CentroidTraining().train(none, count: 4)
        }
    }

    @Test("shares add up and respect the sizes")
    func shares() {
        for (count, sizes) in [(10, [1, 100, 3]), (3, [1, 1, 1]), (64, [1000, 1, 1, 62])] {
            let shares = CentroidTraining.share(count, among: sizes)
            #expect(shares.reduce(0, +) == count)
            #expect(zip(shares, sizes).allSatisfy { $0 >= 1 && $0 <= $1 })
        }
    }

    @Test("a sample keeps what came early and late alike")
    func sample() throws {
        var sample = TokenSample(dimension: 1, bytesMax: 4 * 500, seed: 5)
        for part in 0..<100 {
            let values = (0..<100).map { Float(part * 100 + $0) }
            try sample.add(TokenMatrix(checked: 1, values))
        }
        let kept = sample.tokens(limit: .max).values
        #expect(sample.seen == 10_000 && kept.count == 500)
        #expect(kept.count { $0 < 5000 } > 200 && kept.count { $0 >= 5000 } > 200)
        #expect(Set(kept).count == 500)
        #expect(sample.tokens(limit: 100).count == 100)
    }
}
