// Searching: exact where all are looked at, and near it with candidates.

import TestSupport
import Testing

@testable import Retrieval

@Suite("Searching an index")
struct SearchTests {
    private func query(_ seed: Int = 5, _ count: Int = 6) -> TokenMatrix {
        var numbers = Numbers(seed)
        return clusteredTokens(count, 24, &numbers)
    }

    @Test("an exhaustive search ranks by MaxSim of what is stored", arguments: TokenForm.allCases)
    func exhaustive(form: TokenForm) throws {
        let index = try SampleIndex(form, parts: [0..<70, 70..<71, 71..<150])
        let query = query()
        let options = SearchOptions(count: 1000, candidates: .all)
        let hits = try index.searcher.search(query, options)
        #expect(hits.count == (0..<150).count { $0 * 7 % 12 != 0 })
        #expect(zip(hits, hits.dropFirst()).allSatisfy { $0.score >= $1.score })
        for hit in hits {
            let segment = index.directory.snapshot.segments[hit.place.segment].segment
            let tokens = try decodedTokens(segment, hit.place.passage)
            #expect(abs(Double(hit.score) - plainMaxSim(query, tokens)) < 0.02)
        }
    }

    @Test("all candidates give the exhaustive search", arguments: TokenForm.allCases)
    func allCandidates(form: TokenForm) throws {
        let index = try SampleIndex(form, parts: [0..<70, 70..<150])
        let all = try index.searcher.search(query(), SearchOptions(count: 20, candidates: .all))
        let found = try index.searcher.search(
            query(), SearchOptions(count: 20, candidates: .nearest(probes: 32, limit: 1000)))
        #expect(found == all)
    }

    @Test("a few candidates hold the best passages")
    func fewCandidates() throws {
        let index = try SampleIndex(.residual4, parts: [0..<400])
        var same = 0
        for seed in 1...10 {
            let all = try index.searcher.search(
                query(seed), SearchOptions(count: 10, candidates: .all))
            let found = try index.searcher.search(
                query(seed), SearchOptions(count: 10, candidates: .nearest(probes: 4, limit: 60)))
            same += Set(all.map(\.id)).intersection(found.map(\.id)).count
        }
        #expect(same >= 85, "\(same) of 100")
    }

    @Test("threads change nothing")
    func threads() throws {
        let index = try SampleIndex(.residual2, parts: [0..<90, 90..<150])
        for candidates in [SearchOptions.Candidates.all, .nearest(probes: 3, limit: 30)] {
            let found = try [1, 2, 5].map {
                try index.searcher.search(
                    query(), SearchOptions(count: 12, candidates: candidates, threads: $0))
            }
            #expect(found[0] == found[1] && found[0] == found[2])
        }
    }

    @Test("equal scores come in the order of the index")
    func ties() throws {
        let scratch = try Scratch()
        let directory = try IndexDirectory.create(
            scratch.directory, model: testModel,
            encoder: try sampleEncoder(.residual4, dimension: 24), digest: testDigest)
        let tokens = query(9, 3)
        for part in [["z", "b", "y"], ["a", "x"]] {
            let writer = try directory.newSegment()
            try writer.append(part.map { (Passage(id: $0), tokens) })
            try directory.commit(writer)
        }
        let searcher = IndexSearcher(directory.snapshot)
        for candidates in [SearchOptions.Candidates.all, .nearest(probes: 2, limit: 5)] {
            let hits = try searcher.search(
                tokens, SearchOptions(count: 4, candidates: candidates))
            #expect(hits.map(\.id) == ["z", "b", "y", "a"])
        }
    }

    @Test("any number of hits may be asked for")
    func counts() throws {
        let index = try SampleIndex(.int8, parts: [0..<30])
        for count in [0, 1, 1 << 31, .max] {
            for candidates in [SearchOptions.Candidates.all, .nearest(probes: .max, limit: .max)] {
                let hits = try index.searcher.search(
                    query(), SearchOptions(count: count, candidates: candidates))
                #expect(hits.count == min(count, (0..<30).count { $0 * 7 % 12 != 0 }))
            }
            _ = try index.searcher.search(query(), SearchOptions(count: count))
        }
    }

    @Test("a filter leaves out, and tombstones too")
    func filter() throws {
        let index = try SampleIndex(.residual4, parts: [0..<40, 40..<80])
        #expect(try index.directory.delete(["doc-1", "doc-41", "none", "doc-1"]) == 2)
        for candidates in [SearchOptions.Candidates.all, .nearest(probes: 32, limit: 1000)] {
            let options = SearchOptions(count: 100, candidates: candidates)
            let all = try index.searcher.search(query(), options)
            #expect(!all.contains { ["doc-1", "doc-41"].contains($0.id) } && all.count > 60)
            let odd = try index.searcher.search(query(), options) { $0.passage % 2 == 1 }
            #expect(odd == all.filter { $0.place.passage % 2 == 1 })
        }
    }

    @Test("an explanation adds up to the score", arguments: TokenForm.allCases)
    func explain(form: TokenForm) throws {
        let index = try SampleIndex(form, parts: [0..<40])
        let query = query()
        for hit in try index.searcher.search(query, SearchOptions(count: 5)) {
            let matches = try index.searcher.explain(query, hit.place)
            #expect(matches.count == query.count)
            #expect(abs(matches.reduce(0) { $0 + $1.score } - hit.score) < 1e-4)
            let segment = index.directory.snapshot.segments[0].segment
            let tokens = try decodedTokens(segment, hit.place.passage)
            for (number, match) in matches.enumerated() {
                let product = zip(query[number], tokens[match.token]).reduce(0) {
                    $0 + $1.0 * $1.1
                }
                #expect(abs(product - match.score) < 0.01)
            }
        }
        let empty = PassagePlace(segment: 0, passage: 0)
        #expect(throws: IndexError.unknown(id: "doc-0")) {
            try index.searcher.explain(query, empty)
        }
    }

    @Test("given passages are ranked as a search ranks them")
    func rank() throws {
        let index = try SampleIndex(.residual4, parts: [0..<40, 40..<80])
        let ids = ["doc-41", "doc-3", "nobody", "doc-3", "doc-12"]
        let ranked = try index.searcher.rank(query(), ids: ids, count: 10)
        let all = try index.searcher.search(query(), SearchOptions(count: 100, candidates: .all))
        #expect(ranked == all.filter { ids.contains($0.id) })
        #expect(ranked.count == 2)
    }

    @Test("a query without tokens, and one of another dimension")
    func strange() throws {
        let index = try SampleIndex(.residual4, parts: [0..<40])
        let none = TokenMatrix(checked: 24, [])
        #expect(try index.searcher.search(none).isEmpty)
        let all = try index.searcher.search(none, SearchOptions(count: 3, candidates: .all))
        #expect(all.map(\.score) == [0, 0, 0])
        let long = TokenMatrix(checked: 24, [Float](repeating: 0.1, count: 24 * 10_001))
        #expect(throws: IndexError.vectors(.tooManyTokens(found: 10_001, limit: 10_000))) {
            try index.searcher.search(long)
        }
        let other = TokenMatrix(checked: 3, [1, 2, 3])
        let expected = IndexError.vectors(.dimension(found: 3, expected: "24"))
        #expect(throws: expected) { try index.searcher.search(other) }
    }
}
