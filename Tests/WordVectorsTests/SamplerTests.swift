// The distributions that training draws from.

import Glibc
import Testing
import WordVectors

@Suite("Samplers")
struct SamplerTests {
    @Test("negatives follow count^0.75", arguments: [1, 2, 3, 40, 257])
    func negatives(words: Int) {
        let counts = (0..<words).map { 1 + 100_000 / ($0 + 1) }
        let sampler = NegativeSampler(counts: counts)
        var drawn = [Int](repeating: 0, count: words)
        var generator = Xorshift(state: 42)
        let draws = 400_000
        for _ in 0..<draws { drawn[sampler.word(for: generator.next())] += 1 }
        let weights = counts.map { pow(Double($0), 0.75) }
        let total = weights.reduce(0, +)
        let chiSquare = zip(drawn, weights).reduce(0.0) { sum, pair in
            let expected = Double(draws) * pair.1 / total
            return sum + (Double(pair.0) - expected) * (Double(pair.0) - expected) / expected
        }
        // mean words - 1, deviation sqrt(2 (words - 1)); five deviations are one in a million
        let freedom = Double(words - 1)
        #expect(chiSquare <= freedom + 5 * (2 * freedom).squareRoot() + 1e-9)
    }

    @Test("a word that never occurs is never drawn, but for one coin in 2^32")
    func never() {
        let sampler = NegativeSampler(counts: [5, 0, 3, 0])
        var generator = Xorshift(state: 7)
        for _ in 0..<100_000 { #expect([0, 2].contains(sampler.word(for: generator.next()))) }
    }

    @Test("frequent words are kept with sqrt(t/f) + t/f, the others always")
    func subsampling() {
        let counts = [600_000, 300_000, 99_990, 10]
        let table = SubsamplingTable(counts: counts, sample: 1e-3)
        for (word, count) in counts.enumerated() {
            let ratio = 1e-3 / (Double(count) / 1e6)
            let expected = min(1, ratio.squareRoot() + ratio)
            #expect(abs(table.keepProbability(of: word) - expected) < 1e-8)
        }
        #expect(table.keepProbability(of: 3) == 1)
    }

    @Test("a sample of zero keeps every word")
    func noSubsampling() {
        let table = SubsamplingTable(counts: [1_000_000, 1], sample: 0)
        #expect(table.keepProbability(of: 0) == 1)
    }
}

/// A small generator: the same numbers in every run.
struct Xorshift: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state &* 0x2545_F491_4F6C_DD1D
    }
}
