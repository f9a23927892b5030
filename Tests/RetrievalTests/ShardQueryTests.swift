// Questions as they travel: whole, or refused.

import FoundationEssentials
import TestSupport
import Testing

@testable import Retrieval

@Suite("Questions to shards")
struct ShardQueryTests {
    private var samples: [ShardQuery] {
        var words = ShardQuery(.words)
        words.terms = [ShardQuery.Term(text: "høg", count: 2, passages: 17)]
        words.passageCount = 100
        words.wordCount = 12_345
        var vectors = ShardQuery(.maxSim)
        vectors.vectors = [1, -0.5, 0.25, 0]
        vectors.dimension = 2
        vectors.probes = 4
        vectors.candidates = 100
        vectors.ids = ["a", "b"]
        vectors.wantsText = true
        vectors.wantsExplanation = true
        var pairs = ShardQuery(.pairs)
        pairs.query = "wild høg"
        pairs.ids = []
        var filtered = words
        filtered.filter = #"year >= 2019 and lang = "de""#
        filtered.fields = ["year", "größe"]
        return [words, vectors, pairs, filtered]
    }

    @Test("a question is read as it was written")
    func same() throws {
        for query in samples {
            let bytes = try query.encoded()
            let read = try bytes.withUnsafeBytes { try ShardQuery($0) }
            #expect(read == query)
        }
    }

    @Test("bytes that are cut or changed are refused or are another question, and nothing traps")
    func damaged() throws {
        for query in samples {
            let bytes = try query.encoded()
            for count in bytes.indices {
                let part = Array(bytes[..<count])
                let read = part.withUnsafeBytes { try? ShardQuery($0) }
                #expect(read == nil || read?.vectors.count != query.vectors.count)
            }
            for index in bytes.indices {
                var changed = bytes
                changed[index] ^= 0x80
                _ = changed.withUnsafeBytes { try? ShardQuery($0) }
            }
        }
    }

    @Test("ids that differ only by their Unicode normalisation are those of different passages")
    func normalisation() throws {
        let scratch = try Scratch()
        let encoder = try sampleEncoder(.residual4, dimension: 24)
        let writer = try SegmentWriter(path: scratch.path("a.seg"), encoder: encoder)
        let ids = ["caf\u{E9}", "cafe\u{301}"]
        for id in ids {
            try writer.append([(Passage(id: id, text: id), TokenMatrix(checked: 24, []))])
        }
        let segment = try Segment(path: writer.finish().path, encoder: encoder)
        let part = ShardPart(number: 0, segment: segment, dead: Tombstones(passages: 2))
        let shards = try OpenShards(encoder: encoder, parts: [part])
        var query = ShardQuery(.pairs)
        query.query = "coffee"
        query.ids = ids
        #expect(try shards.answer(query, top: 2, threads: 1).map(\.passage) == [0, 1])
    }

    @Test("as many different words as a query may have are asked of shards, and no more")
    func words() throws {
        var query = ShardQuery(.words)
        query.terms = (0..<BM25Query.termsMax).map {
            ShardQuery.Term(text: "w\($0)", count: 1, passages: 1)
        }
        query.passageCount = 1
        query.wordCount = 1
        let full = try query.encoded()
        #expect(try full.withUnsafeBytes { try ShardQuery($0) } == query)
        query.terms.append(ShardQuery.Term(text: "more", count: 1, passages: 1))
        let over = try query.encoded()
        #expect(throws: RetrievalError.self) {
            try over.withUnsafeBytes { try ShardQuery($0) }
        }
    }

    @Test("a worker that knows no filters refuses a question that has one")
    func old() throws {
        // What such a worker reads of the JSON.
        struct Known: Decodable {
            enum Kind: String, Decodable { case words, dense, maxSim, pairs }
            var kind: Kind
        }
        for query in samples {
            let bytes = try query.encoded()
            let count = bytes.withUnsafeBytes { Int($0.loadUnaligned(as: UInt32.self)) }
            let known = try? JSONDecoder().decode(Known.self, from: Data(bytes[4..<4 + count]))
            #expect((known == nil) == (query.filter != nil))
        }
    }

    @Test("40: vectors that are not finite, or do not fill their rows, are refused")
    func refused() throws {
        var query = samples[1]
        query.vectors[1] = .nan
        let nan = try query.encoded()
        #expect(throws: RetrievalError.self) { try nan.withUnsafeBytes { _ = try ShardQuery($0) } }
        query.vectors = [1, 2, 3]
        let odd = try query.encoded()
        #expect(throws: RetrievalError.self) { try odd.withUnsafeBytes { _ = try ShardQuery($0) } }
        query.vectors = []
        let none = try query.encoded()
        #expect(throws: RetrievalError.self) { try none.withUnsafeBytes { _ = try ShardQuery($0) } }
    }

    @Test("what a hit carries besides is read back, and cut bytes are refused")
    func extra() throws {
        var hit = ShardHit(score: 1, shard: 0, passage: 0, id: "a", text: "wild høg")
        hit.explanation = [TokenMatch(token: 3, score: 0.5), TokenMatch(token: 0, score: -1)]
        var bytes = hit.extra
        let (text, matches, none) = try ShardHit.read(extra: bytes)
        #expect(text == "wild høg" && matches == hit.explanation && none.isEmpty)
        let fields: [String: FieldValue] = [
            "year": .integer(2019), "score": .number(2.5), "lang": .string("\"d\"\n"),
            "topic": .strings(["a", "é"]), "open": .boolean(true),
        ]
        for values in [fields, [:]] {
            hit.fields = values
            #expect(try ShardHit.read(extra: hit.extra).fields == values)
        }
        hit.text = nil
        hit.explanation = nil
        hit.fields = fields
        #expect(try ShardHit.read(extra: hit.extra).fields == fields)
        for count in 1..<bytes.count {
            #expect(throws: RetrievalError.self) {
                _ = try ShardHit.read(extra: Array(bytes[..<count]))
            }
        }
        bytes = hit.extra
        for count in 9..<bytes.count {
            #expect(throws: RetrievalError.self) {
                _ = try ShardHit.read(extra: Array(bytes[..<count]))
            }
        }
        #expect(try ShardHit.read(extra: []).text == nil)
    }
}
