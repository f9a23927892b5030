// Hits as bytes, and the merge of lists.

import Protocol
import Testing

@Suite("Hits")
struct HitsTests {
    private let hits = [
        Hit(score: 2.5, shard: 1, passage: 7, id: "a", extra: [1, 2, 3]),
        Hit(score: 1, shard: 0, passage: 2, id: "høg"), Hit(score: 1, shard: 0, passage: 3, id: ""),
    ]

    @Test("they are read as they were written")
    func same() throws {
        #expect(try Hits.decode(Hits.encode(hits)) == hits)
        #expect(try Hits.decode(Hits.encode([])).isEmpty)
    }

    @Test("cut bytes, bytes behind, another order and scores that are not finite are refused")
    func refused() throws {
        let bytes = Hits.encode(hits).bytes
        for count in bytes.indices {
            #expect(throws: CodecError.self) { _ = try Hits.decode(Frame(Array(bytes[..<count]))) }
        }
        #expect(throws: CodecError.self) { _ = try Hits.decode(Frame(bytes + [0])) }
        #expect(throws: CodecError.self) { _ = try Hits.decode(Hits.encode(hits.reversed())) }
        let nan = [Hit(score: .nan, shard: 0, passage: 0, id: "a")]
        #expect(throws: CodecError.self) { _ = try Hits.decode(Hits.encode(nan)) }
        #expect(throws: CodecError.self) { _ = try Hits.decode(Frame([255, 255, 255, 255])) }
    }

    @Test("a merge is the best of all lists, whichever way they were cut")
    func merged() {
        var random = UInt64(9)
        var all: [Hit] = []
        for number in 0..<200 {
            random = random &* 6_364_136_223_846_793_005 &+ 1
            all.append(
                Hit(
                    score: Float(random >> 61), shard: UInt32(number % 7), passage: UInt32(number),
                    id: "\(number)"))
        }
        let sorted = all.sorted { $0.precedes($1) }
        let lists = (0..<7).map { shard in sorted.filter { $0.shard == shard } }
        for top in [0, 1, 10, 200, 1_000] {
            #expect(Hits.merge(lists, top: top) == Array(sorted.prefix(top)))
        }
    }
}
