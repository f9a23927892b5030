// BM25 against a count of everything, and against its own promises.

import Glibc
import TestSupport
import Testing

@testable import Retrieval

@Suite("BM25")
struct BM25Tests {
    /// Every passage's score by the formula, in double precision.
    private func scores(
        _ passages: [[Int]], _ query: [Int], _ parameters: BM25Parameters
    ) -> [Double] {
        let mean = Double(passages.reduce(0) { $0 + $1.count }) / Double(max(passages.count, 1))
        var scores = [Double](repeating: 0, count: passages.count)
        for word in query {
            let with = passages.count { $0.contains(word) }
            let rarity = log(1 + (Double(passages.count - with) + 0.5) / (Double(with) + 0.5))
            for (number, passage) in passages.enumerated() {
                let count = Double(passage.count { $0 == word })
                let norm =
                    1 - Double(parameters.b) + Double(parameters.b) * Double(passage.count) / mean
                if count > 0 {
                    scores[number] += rarity * count / (count + Double(parameters.k1) * norm)
                }
            }
        }
        return scores
    }

    private func query(_ words: [Int]) throws -> BM25Query {
        try BM25Query(text(words), WordAnalyzer(WordAnalysis()))
    }

    private static let parameters = [
        BM25Parameters.standard, BM25Parameters(k1: 0.9, b: 0.4), BM25Parameters(k1: 0, b: 0),
        BM25Parameters(k1: 2, b: 1),
    ]

    @Test("scores and ranks are those of the formula", arguments: parameters)
    func formula(parameters: BM25Parameters) throws {
        let passages = zipfPassages(2_000, words: 400, seed: 11)
        let file = try build(passages)
        var numbers = Numbers(12)
        for _ in 0..<40 {
            let words = (0..<Int.random(in: 1...12, using: &numbers)).map { _ in
                Int.random(in: 0..<450, using: &numbers)
            }
            let query = try query(words)
            let found = file.search(
                query, statistics: query.statistics(of: file), parameters: parameters, top: 2_000)
            let expected = scores(passages, words, parameters)
            #expect(found.count == expected.count { $0 > 0 })
            for (index, entry) in found.enumerated() {
                let exact = expected[Int(entry.number)]
                #expect(abs(Double(entry.score) - exact) <= 1e-5 * exact)
                if index > 0 { #expect(found[index - 1].isBetter(than: entry)) }
            }
        }
    }

    @Test("the best few are the first of all, bit for bit", arguments: [1, 10, 100, 5_000])
    func prefix(top: Int) throws {
        // More than ten windows, so that bounds have something to skip.
        let passages = zipfPassages(45_000, words: 3_000, seed: 13)
        let file = try build(passages)
        var numbers = Numbers(14)
        for round in 0..<60 {
            let words = (0..<Int.random(in: 1...9, using: &numbers)).map { _ in
                round % 2 == 0
                    ? Int.random(in: 0..<3_000, using: &numbers)
                    : Int.random(in: 0..<20, using: &numbers)
            }
            let query = try query(words)
            let statistics = query.statistics(of: file)
            let all = file.search(query, statistics: statistics, top: .max)
            let best = file.search(query, statistics: statistics, top: top)
            #expect(best == Array(all.prefix(top)), "\(words)")
        }
    }

    @Test("a passage scores alike in whatever file it is", arguments: [2, 7])
    func shards(parts: Int) throws {
        let passages = zipfPassages(9_000, words: 2_000, seed: 15)
        let whole = try build(passages)
        let files = try (0..<parts).map { part in
            try build(passages.enumerated().filter { $0.offset % parts == part }.map(\.element))
        }
        for words in [[1, 2, 3], [1_900, 5, 5, 0], [700, 800, 900, 1_000, 1]] {
            let query = try query(words)
            var statistics = WordStatistics(terms: query.terms.count)
            for file in files { statistics += query.statistics(of: file) }
            #expect(statistics == query.statistics(of: whole))
            var merged = TopK(50, of: passages.count)
            for (part, file) in files.enumerated() {
                for entry in file.search(query, statistics: statistics, top: 50) {
                    merged.insert(entry.number * UInt32(parts) + UInt32(part), score: entry.score)
                }
            }
            #expect(merged.sorted() == whole.search(query, statistics: statistics, top: 50))
        }
    }

    @Test("a passage that is not allowed leaves its place to the next")
    func filter() throws {
        let file = try build(zipfPassages(20_000, words: 500, seed: 16))
        let query = try query([3, 40, 200])
        let statistics = query.statistics(of: file)
        let all = file.search(query, statistics: statistics, top: .max)
        let even = file.search(query, statistics: statistics, top: 100) { $0 % 2 == 0 }
        #expect(even == Array(all.filter { $0.number % 2 == 0 }.prefix(100)))
        #expect(file.search(query, statistics: statistics, top: 10) { _ in false }.isEmpty)
    }

    @Test("nothing to find is nothing found")
    func empty() throws {
        let file = try build([[], [1, 2], []])
        let nothing = try query([])
        #expect(file.search(nothing, statistics: nothing.statistics(of: file), top: 5).isEmpty)
        let unknown = try query([77])
        #expect(file.search(unknown, statistics: unknown.statistics(of: file), top: 5).isEmpty)
        let known = try query([1])
        let statistics = known.statistics(of: file)
        #expect(file.search(known, statistics: statistics, top: 0).isEmpty)
        #expect(file.search(known, statistics: statistics, top: -1).isEmpty)
        #expect(file.search(known, statistics: statistics, top: .max).map(\.number) == [1])
        #expect(try build([]).search(known, statistics: statistics, top: 5).isEmpty)
    }

    @Test("statistics and parameters of any kind give numbers")
    func hostile() throws {
        let file = try build(zipfPassages(100, words: 20, seed: 17))
        let query = try query([1, 2])
        for (passages, length, with) in [
            (0, 0, 0), (-1, -1, -1), (.max, .max, .max), (1, .max, 0), (.min, .min, .min),
            (.max, 0, 0),
        ] {
            let statistics = WordStatistics(
                passages: passages, totalLength: length, passagesWithTerm: [with, with])
            var sum = statistics
            sum += statistics
            for number in [Float.nan, -.infinity, .infinity, 0, 1] {
                let found = file.search(
                    query, statistics: sum, parameters: BM25Parameters(k1: number, b: number),
                    top: 9)
                #expect(found.allSatisfy { $0.score.isFinite })
            }
        }
    }

    @Test("a query of too many words is refused")
    func longQuery() throws {
        #expect(throws: WordsError.tooManyTerms(termsMax: BM25Query.termsMax)) {
            try query(Array(0...BM25Query.termsMax))
        }
        #expect(try query([5, 6, 5]).terms.map(\.count) == [2, 1])
    }
}
