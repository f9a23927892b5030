// Dense vectors in lists: nothing is lost but what was not looked at, and damage is named.

import Tensors
import TestSupport
import Testing

@testable import Retrieval

@Suite("Lists of dense vectors")
struct DenseListsTests {
    private static let dimension = 20
    private static let count = 4_400

    /// Vectors of length 1 around 60 directions.
    private static let vectors: [[Float]] = {
        var numbers = Numbers(5)
        let matrix = clusteredTokens(count, dimension, &numbers)
        return (0..<count).map { Array(matrix[$0]) }
    }()

    private struct Listed {
        let scratch = try? Scratch()
        let encoder: TokenEncoder
        let path: String

        init(_ type: StoredType, listing threads: Int? = 2) throws {
            encoder = try sampleEncoder(.f32, dimension: 8, centroids: 4)
            path = scratch?.path("a.seg") ?? ""
            let writer = try SegmentWriter(
                path: path, encoder: encoder,
                dense: DenseSettings(dimension: DenseListsTests.dimension, type: type))
            let none = try TokenMatrix(dimension: 8, values: [])
            try writer.append(
                DenseListsTests.vectors.enumerated().map { number, vector in
                    (Passage(id: "\(number)", dense: vector), none)
                })
            _ = try writer.finish(listing: threads, durable: false)
        }

        func segment() throws -> Segment { try Segment(path: path, encoder: encoder) }

        func searcher(dead: [Int] = []) throws -> IndexSearcher {
            let segment = try segment()
            var tombstones = Tombstones(passages: segment.passages)
            for passage in dead { tombstones.insert(passage) }
            return IndexSearcher(
                IndexSnapshot(encoder: encoder, segments: [(segment, tombstones)]))
        }
    }

    @Test("every passage has its vector, listed or not", arguments: [StoredType.f32, .bf16])
    func kept(type: StoredType) throws {
        let listed = try Listed(type), plain = try Listed(type, listing: nil)
        let (a, b) = (try listed.segment(), try plain.segment())
        #expect(a.denseLists?.count == 256 && b.denseLists == nil)
        for passage in 0..<Self.count {
            #expect(try a.denseVector(of: passage) == b.denseVector(of: passage))
        }
        let merged = try SegmentMerge.merge(
            [(a, Tombstones(passages: Self.count))], to: listed.path + ".merged")
        let path = try #require(merged).finish(listing: 1, durable: false).path
        let again = try Segment(path: path, encoder: listed.encoder)
        #expect(try again.denseVector(of: 4_321) == b.denseVector(of: 4_321))
        #expect(try again.denseVector(of: 0) == b.denseVector(of: 0))
    }

    @Test("with all lists looked at, the hits are those of the whole segment")
    func all() throws {
        let dead = [1, 17, 4_399]
        let listed = try Listed(.bf16).searcher(dead: dead)
        let plain = try Listed(.bf16, listing: nil).searcher(dead: dead)
        for query in stride(from: 0, to: Self.count, by: 307) {
            let vector = Self.vectors[query]
            let expected = try plain.nearestByDense(
                vector, count: 12, probes: 5, threads: 2
            ) { _ in true }
            for threads in [1, 3] {
                for probes in [nil, 256, 1 << 40] {
                    let found = try listed.nearestByDense(
                        vector, count: 12, probes: probes, threads: threads
                    ) { _ in true }
                    #expect(found == expected)
                }
            }
        }
    }

    @Test("few lists have nearly all of the best ten")
    func recall() throws {
        let searcher = try Listed(.f32).searcher()
        var shared = 0
        for query in 0..<100 {
            let vector = Self.vectors[41 * query]
            let best = try [nil, 16].map { probes in
                try searcher.nearestByDense(vector, count: 10, probes: probes, threads: 1) { _ in
                    true
                }
            }
            shared += Set(best[0].map(\.place)).intersection(best[1].map(\.place)).count
        }
        #expect(shared >= 950, "\(shared) of 1,000")
    }

    @Test("where a filter leaves few passages, lists are looked at until there are enough")
    func filtered() throws {
        let searcher = try Listed(.f32).searcher()
        let hits = try searcher.nearestByDense(
            Self.vectors[0], count: 10, probes: 1, threads: 1
        ) { $0.passage % 400 == 7 }
        #expect(Set(hits.map { $0.place.passage % 400 }) == [7])
        #expect(hits.count == 10)
    }

    @Test(
        "damage is named when it is met",
        arguments: ["dense.starts", "dense.order", "dense.rows"])
    func damage(section: String) throws {
        let listed = try Listed(.f32)
        var damaged = try bytes(of: listed.path)
        let header = try damaged.withUnsafeBytes { try SegmentHeader.decode($0, path: "") }
        let place = try #require(header.sections.first { $0.name == section })
        // All but the ends, which are looked at when the segment is opened.
        for index in place.offset + 4..<place.offset + place.length - 4 { damaged[index] = 0xFF }
        let path = try #require(listed.scratch).write(damaged, to: "bad.seg")
        let error = #expect(throws: IndexError.self) {
            let segment = try Segment(path: path, encoder: listed.encoder)
            for passage in 0..<10 { _ = try segment.denseVector(of: passage) }
            _ = try IndexSearcher(segment).nearestByDense(
                Self.vectors[0], count: 10, probes: 300, threads: 1
            ) { _ in true }
        }
        #expect("\(String(describing: error))".contains("bad.seg"))
    }
}
