// What the flags of a search mean: its queries, and how much of an answer is wanted.

import Protocol
import TestSupport
import Testing

@testable import Console

@Suite("Search arguments")
struct SearchArgumentsTests {
    @Test("a file with two queries of one id is refused by the second one's line")
    func repeatedQueries() throws {
        let scratch = try Scratch()
        let path = try scratch.write("q1\tthe hog\nq2\tthe river\nq1\tagain\n", to: "q.tsv")
        let fault = #expect(throws: Fault.self) { try QueryFile.read(path) }
        #expect(fault?.code == .data)
        #expect(fault?.description.contains("q.tsv:3: the id \"q1\" is that of line 1") == true)
    }

    @Test("ids of queries that differ only by their Unicode normalisation are different")
    func normalisation() throws {
        let scratch = try Scratch()
        let path = try scratch.write("caf\u{E9}\tone\ncafe\u{301}\ttwo\n", to: "q.tsv")
        #expect(try QueryFile.read(path).map(\.text) == ["one", "two"])
    }

    @Test("--top leaves the first of what the pipeline leaves, and all of it if it is not given")
    func top() {
        let hits = (0..<4).map { Hit(score: 1, shard: 0, passage: UInt32($0), id: "d\($0)") }
        let answer = SearchAnswer(
            hits: hits, stages: [], missing: [], isTruncated: false, encodingMilliseconds: 0,
            milliseconds: 0)
        #expect(answer.cut(to: 2).hits == Array(hits.prefix(2)))
        #expect(answer.cut(to: 9).hits == hits)
        #expect(answer.cut(to: nil).hits == hits)
    }
}
