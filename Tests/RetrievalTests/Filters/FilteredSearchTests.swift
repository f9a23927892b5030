// Searches with a filter: as many hits as there may be, and no other.

import Tensors
import TestSupport
import Testing

@testable import Retrieval

@Suite("Searching with a filter")
struct FilteredSearchTests {
    /// An index with fields, words and dense vectors, and the values of its living passages by id.
    private struct Filled {
        let index: SampleIndex
        var values: [String: [FieldValue]] = [:]
        var tokens: [String: TokenMatrix] = [:]

        init(_ parts: [Range<Int>], deleted: [String] = [], seed: Int = 11) throws {
            let dense = DenseSettings(dimension: 6, type: .f32)
            index = try SampleIndex(.residual4, parts: [], dense: dense)
            var numbers = Numbers(seed)
            for part in parts {
                let samples = samplePassages(part, dimension: 24, dense: dense)
                let fields = FieldSamples.values(samples.count, &numbers)
                let writer = try index.directory.newSegment()
                try writer.append(samples)
                var builder = try MetadataBuilder(fields: FieldSamples.names)
                var words = try InvertedFile.Builder(WordAnalysis(stemmer: nil, stopWords: .none))
                for (sample, row) in zip(samples, fields) {
                    try builder.append(row)
                    values[sample.passage.id] = row
                    tokens[sample.passage.id] = sample.tokens
                    try Array("hog word\(sample.passage.id.count)".utf8).withUnsafeBytes {
                        try words.add($0)
                    }
                }
                writer.metadata = builder
                var bytes: [UInt8] = []
                try words.finish { bytes += $0 }
                try bytes.withUnsafeBytes { _ = try index.directory.commit(writer, words: $0) }
            }
            try index.directory.delete(deleted)
            for id in deleted { values[id] = nil }
        }

        func matching(_ filter: String) throws -> Set<String> {
            let root = try Filter(filter).root
            return Set(values.filter { root.plainlyHolds($0.value) }.keys)
        }

        var shards: OpenShards {
            get throws {
                let snapshot = index.directory.snapshot
                return try OpenShards(
                    encoder: snapshot.encoder,
                    parts: snapshot.segments.enumerated().map {
                        ShardPart(number: $0, segment: $1.segment, dead: $1.dead)
                    })
            }
        }
    }

    private static let filters = [
        "year >= 2015 and lang = 'en'", "not has(lang)", "topic in ('a', 'c')", "year = 1900",
        "id = 'doc-0'", "open = true or year < 2013", "not year = 1900",
        "year = 2012 and open = true",
    ]

    private func question(_ kind: ShardQuery.Kind, _ probes: Int?, _ filter: String?) -> ShardQuery
    {
        var numbers = Numbers(5)
        var query = ShardQuery(kind)
        query.filter = filter
        switch kind {
        case .words:
            query.terms = [ShardQuery.Term(text: "hog", count: 1, passages: 300)]
            query.passageCount = 300
            query.wordCount = 600
        case .dense:
            query.vectors = numbers.floats(6)
            query.dimension = 6
        case .maxSim:
            query.vectors = clusteredTokens(6, 24, &numbers).values
            query.dimension = 24
            query.probes = probes
            query.candidates = 5
        case .pairs:
            query.query = "hog"
            query.ids = (0..<300).map { "doc-\($0)" }
        }
        return query
    }

    @Test("every first stage finds what the filter lets through, and as many as are wanted")
    func stages() throws {
        let filled = try Filled([0..<130, 130..<131, 131..<300], deleted: ["doc-7", "doc-200"])
        let shards = try filled.shards
        for filter in Self.filters {
            let matching = try filled.matching(filter)
            let cases: [(ShardQuery.Kind, Int?)] = [
                (.words, nil), (.dense, nil), (.pairs, nil), (.maxSim, nil), (.maxSim, 1),
                (.maxSim, 32),
            ]
            for (kind, probes) in cases {
                // Passages without tokens are no hits of MaxSim.
                let expected =
                    kind == .maxSim
                    ? matching.filter { filled.tokens[$0]?.count ?? 0 > 0 } : matching
                for top in [3, 40, 300] {
                    let hits = try shards.answer(
                        question(kind, probes, filter), top: top, threads: 2)
                    let ids = Set(hits.map(\.id))
                    #expect(ids.isSubset(of: expected), "\(kind) \(filter)")
                    // Which pairs are the best, a model has to say.
                    let wanted = kind == .pairs ? expected.count : min(top, expected.count)
                    #expect(
                        ids.count == wanted && ids.count == hits.count,
                        "\(kind) \(filter): \(ids.count) of \(expected.count)")
                }
            }
        }
    }

    @Test("hits with a filter are those without it that pass it, in their order")
    func order() throws {
        let filled = try Filled([0..<200, 200..<300])
        let shards = try filled.shards
        for filter in Self.filters {
            let matching = try filled.matching(filter)
            for kind in [ShardQuery.Kind.words, .dense, .maxSim, .pairs] {
                let all = try shards.answer(question(kind, nil, nil), top: 300, threads: 1)
                let some = try shards.answer(question(kind, nil, filter), top: 300, threads: 1)
                #expect(some == all.filter { matching.contains($0.id) }, "\(kind) \(filter)")
                var named = question(kind, nil, filter)
                named.ids = (0..<150).map { "doc-\($0)" }
                let chosen = try shards.answer(named, top: 300, threads: 1)
                let numbers = Set((0..<150).map { "doc-\($0)" })
                #expect(chosen.map(\.id) == some.map(\.id).filter(numbers.contains))
            }
        }
    }

    @Test("values of fields come with the hits")
    func shown() throws {
        let filled = try Filled([0..<100])
        var query = question(.words, nil, nil)
        query.fields = ["year", "topic", "nowhere"]
        for hit in try filled.shards.answer(query, top: 100, threads: 1) {
            let row = try #require(filled.values[hit.id])
            var expected: [String: FieldValue] = [:]
            if row[0] != .missing { expected["year"] = row[0] }
            if row[3] != .strings([]) { expected["topic"] = row[3] }
            #expect(hit.fields == expected)
        }
    }

    @Test("a filter that cannot be read or does not fit the fields is an error")
    func refused() throws {
        let shards = try Filled([0..<20]).shards
        for filter in ["year >", "year = 'x'", "topic = 3"] {
            let query = question(.words, nil, filter)
            #expect(throws: IndexError.self) { _ = try shards.answer(query, top: 3, threads: 1) }
        }
    }

    @Test("fields survive adding, deleting, compacting and opening again")
    func kept() throws {
        let filled = try Filled([0..<90, 90..<150], deleted: ["doc-3", "doc-100"])
        let directory = filled.index.directory
        func check() throws {
            let fields = try #require(directory.manifest.fields)
            #expect(fields.map(\.name) == FieldSamples.names)
            let years = filled.values.values.count { $0[0] != .missing }
            #expect(fields[0] == FieldEntry(name: "year", type: .integer, passages: years))
            #expect(fields[5] == FieldEntry(name: "never", type: .none, passages: 0))
            for (segment, dead) in directory.snapshot.segments {
                for passage in 0..<segment.passages where !dead.contains(passage) {
                    let row = try #require(filled.values[try segment.id(of: passage)])
                    for (name, value) in zip(FieldSamples.names, row) {
                        let found = try segment.values(of: [name], passage: passage)[name]
                        #expect(found ?? .missing == (value == .strings([]) ? .missing : value))
                    }
                }
            }
        }
        try check()
        let other = try SampleIndex(.residual4, parts: [], dense: directory.manifest.dense)
        try other.directory.append(directory.snapshot.segments)
        #expect(other.directory.manifest.fields == directory.manifest.fields)
        try directory.compactAll()
        #expect(directory.manifest.segments.count == 1)
        try check()
        let again = try IndexDirectory.open(directory.path, digest: testDigest)
        #expect(again.manifest.fields == directory.manifest.fields)
    }

    @Test("segments with and without fields are one index; of other types they are not")
    func mixed() throws {
        let index = try SampleIndex(.int8, parts: [0..<20])
        #expect(index.directory.manifest.fields == nil)
        func add(_ range: Range<Int>, _ value: FieldValue) throws {
            let writer = try index.directory.newSegment()
            try writer.append(samplePassages(range, dimension: 24))
            var builder = try MetadataBuilder(fields: ["year"])
            for _ in range { try builder.append([value]) }
            writer.metadata = builder
            try index.directory.commit(writer)
        }
        try add(20..<30, .integer(2019))
        try add(30..<40, .number(2.5))
        #expect(
            index.directory.manifest.fields
                == [FieldEntry(name: "year", type: .number, passages: 20)])
        #expect(throws: IndexError.self) { try add(40..<50, .string("x")) }
        #expect(index.directory.manifest.passages == 40)
        try index.directory.compactAll()
        let segment = try #require(index.directory.snapshot.segments.first?.segment)
        #expect(try segment.passages(of: Filter("year = 2019")).count == 10)
        #expect(try segment.passages(of: Filter("not has(year)")).count == 20)
    }

    @Test("a damaged section is refused, and the error names the file")
    func damaged() throws {
        let filled = try Filled([0..<60])
        let path = try #require(filled.index.directory.snapshot.segments.first?.segment.path)
        let encoder = filled.index.directory.encoder
        let bytes = try bytes(of: path)
        let place = try #require(
            bytes.indices.first { bytes[$0...].starts(with: MetadataLayout.magic) })
        for offset in [0, 8, 16, 40, 50, 100] {
            var changed = bytes
            changed[place + offset] ^= 1
            _ = try filled.index.scratch.write(
                changed, to: String(path.split(separator: "/").last ?? ""))
            do throws(IndexError) {
                _ = try Segment(path: path, encoder: encoder)
                Issue.record("a changed byte at \(offset) is not noticed")
            } catch {
                #expect(error.description.contains(path) && error.description.contains("metadata"))
            }
        }
    }
}
