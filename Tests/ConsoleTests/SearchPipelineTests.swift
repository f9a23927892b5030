// Stages of a search as users write them, and the fusion of rankings.

import Protocol
import Testing

@testable import Console

@Suite("Search pipeline")
struct SearchPipelineTests {
    @Test("finders stand side by side at the beginning, rankers follow")
    func stages() throws {
        let pipeline = try SearchPipeline("bm25:1000, dense:500,maxsim:100,cross-encoder:10")
        #expect(pipeline.first.map(\.kind) == [.bm25, .dense])
        #expect(pipeline.then.map(\.count) == [100, 10])
        #expect(pipeline.top == 10)
        let alone = try SearchPipeline("maxsim:20")
        #expect(alone.first.map(\.kind) == [.maxsim] && alone.then.isEmpty && alone.top == 20)
    }

    @Test(
        "what makes no sense is refused",
        arguments: [
            "", "bm25", "bm25:0", "bm25:-1", "bm25:99999999999999999999", "bm52:10", "bm25:10:20",
            "cross-encoder:10", "bm25:10,maxsim:11", "maxsim:10,", "maxsim:2147483648",
        ])
    func refused(_ text: String) {
        #expect(throws: Fault.self) { _ = try SearchPipeline(text) }
    }

    @Test("a passage that two rankings have stands before those that one has")
    func fused() {
        func hit(_ id: String, _ passage: UInt32) -> Hit {
            Hit(score: 1, shard: 0, passage: passage, id: id)
        }
        let fused = RankFusion.fuse([
            [hit("a", 0), hit("b", 1), hit("c", 2)], [hit("d", 3), hit("c", 2)],
        ])
        #expect(fused.map(\.id) == ["c", "a", "d", "b"])
        #expect(abs(fused[0].score - Float(1.0 / 63 + 1.0 / 62)) < 1e-7)
    }

    @Test("one ranking keeps its scores")
    func single() {
        let hits = [Hit(score: 7, shard: 1, passage: 2, id: "x")]
        #expect(RankFusion.fuse([hits]) == hits)
    }
}
