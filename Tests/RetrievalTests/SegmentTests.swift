// Segments: what is written comes back, and damage is an error that names the file.

import Files
import Tensors
import TestSupport
import Testing

@testable import Retrieval

@Suite("Segments")
struct SegmentTests {
    @Test("everything of a passage comes back", arguments: TokenForm.allCases)
    func roundTrip(form: TokenForm) throws {
        let scratch = try Scratch()
        let dense = DenseSettings(dimension: 5, type: .f32)
        let encoder = try sampleEncoder(form, dimension: 24)
        let samples = samplePassages(0..<300, dimension: 24, dense: dense)
        let writer = try SegmentWriter(path: scratch.path("a.seg"), encoder: encoder, dense: dense)
        try writer.append(Array(samples[..<7]))
        try writer.append(Array(samples[7...]), threads: 2)
        let words = Array("words of somebody else".utf8)
        let summary = try words.withUnsafeBytes { try writer.finish(words: $0) }
        #expect(scratch.names == ["a.seg"])
        let segment = try Segment(path: summary.path, encoder: encoder)
        #expect(segment.passages == 300 && segment.tokens == summary.tokens)
        #expect(segment.words.map { Array($0) } == words)
        for (index, sample) in samples.enumerated() {
            #expect(try segment.id(of: index) == sample.passage.id)
            #expect(try segment.passage(id: sample.passage.id) == index)
            let stored = try segment.text(of: index)
            #expect(stored.text == sample.passage.text)
            #expect(stored.metadata == sample.passage.metadata)
            #expect(try segment.denseVector(of: index) == sample.passage.dense)
            #expect(try segment.encodedTokens(of: index) == encoder.encode(sample.tokens))
        }
        #expect(try segment.passage(id: "doc-300") == nil)
        #expect(try segment.passage(id: "") == nil)
        for centroid in 0..<encoder.centroids.count {
            let expected = try samples.indices.filter {
                try segment.encodedTokens(of: $0).centroids.contains(UInt16(centroid))
            }
            #expect(try segment.passages(with: [centroid]) == expected)
        }
    }

    @Test("dense vectors are kept in every type", arguments: StoredType.allCases)
    func dense(type: StoredType) throws {
        let scratch = try Scratch()
        let encoder = try sampleEncoder(.int8, dimension: 24)
        let settings = DenseSettings(dimension: 2, type: type)
        let writer = try SegmentWriter(
            path: scratch.path("a.seg"), encoder: encoder, dense: settings)
        let tokens = TokenMatrix(checked: 24, [])
        try writer.append([(Passage(id: "a", dense: [0.6, -0.8]), tokens)])
        #expect(throws: IndexError.self) {
            try writer.append([(Passage(id: "b", dense: [1]), tokens)])
        }
        #expect(throws: IndexError.self) { try writer.append([(Passage(id: "b"), tokens)]) }
        if type == .int8 {
            #expect(throws: IndexError.self) {
                try writer.append([(Passage(id: "b", dense: [3, 4]), tokens)])
            }
        }
        let segment = try Segment(path: writer.finish().path, encoder: encoder)
        let vector = try #require(try segment.denseVector(of: 0))
        if type == .binary {
            #expect(vector == [1, 0])
        } else {
            #expect(abs(vector[0] - 0.6) < 0.005 && abs(vector[1] + 0.8) < 0.005)
        }
    }

    @Test("an empty segment is one")
    func empty() throws {
        let scratch = try Scratch()
        let encoder = try sampleEncoder(.residual4, dimension: 24)
        let writer = try SegmentWriter(path: scratch.path("a.seg"), encoder: encoder)
        let segment = try Segment(path: writer.finish().path, encoder: encoder)
        #expect(segment.passages == 0)
        #expect(try segment.passage(id: "a") == nil)
        #expect(try segment.passages(with: [0, 31]).isEmpty)
    }

    @Test("an id twice, or too long, is refused")
    func ids() throws {
        let scratch = try Scratch()
        let encoder = try sampleEncoder(.residual4, dimension: 24)
        let tokens = TokenMatrix(checked: 24, [])
        let writer = try SegmentWriter(path: scratch.path("a.seg"), encoder: encoder)
        let long = String(repeating: "x", count: Passage.idBytesMax + 1)
        #expect(throws: IndexError.self) { try writer.append([(Passage(id: long), tokens)]) }
        for id in ["b", "a", "b"] { try writer.append([(Passage(id: id), tokens)]) }
        #expect(throws: IndexError.duplicate(id: "b")) { try writer.finish() }
        #expect(scratch.names.isEmpty)
    }

    @Test("an id twice in a segment on its way is left to the merge, which keeps one passage")
    func mergedIDs() throws {
        let scratch = try Scratch()
        let encoder = try sampleEncoder(.residual4, dimension: 24)
        let tokens = TokenMatrix(checked: 24, [])
        let writer = try SegmentWriter(path: scratch.path("a.seg"), encoder: encoder)
        writer.idsMayRepeat = true
        for (id, text) in [("b", "first"), ("a", "other"), ("b", "second")] {
            try writer.append([(Passage(id: id, text: text), tokens)])
        }
        let segment = try Segment(path: writer.finish().path, encoder: encoder)
        var dead = Tombstones(passages: 3)
        let living = try #require(
            try SegmentMerge.merge([(segment, dead)], to: scratch.path("b.seg")))
        #expect(throws: IndexError.duplicate(id: "b")) { try living.finish() }
        dead.insert(2)
        let merged = try #require(
            try SegmentMerge.merge([(segment, dead)], to: scratch.path("c.seg")))
        let whole = try Segment(path: merged.finish().path, encoder: encoder)
        #expect(whole.passages == 2)
        let place = try #require(try whole.passage(id: "b"))
        #expect(try whole.text(of: place).text == "first")
    }

    @Test("texts are the same, whether they are read one by one or on the way through a segment")
    func texts() throws {
        let scratch = try Scratch()
        let encoder = try sampleEncoder(.residual4, dimension: 24)
        let writer = try SegmentWriter(path: scratch.path("a.seg"), encoder: encoder)
        // Some blocks have many passages, some one.
        let texts = (0..<300).map {
            $0 % 7 == 3 ? nil : String(repeating: "text \($0) ", count: $0)
        }
        for (index, text) in texts.enumerated() {
            let passage = Passage(
                id: "\(index)", text: text, metadata: index % 5 == 0 ? "{}" : nil)
            try writer.append([(passage, TokenMatrix(checked: 24, []))])
        }
        let segment = try Segment(path: writer.finish().path, encoder: encoder)
        var passing = StoredTexts(segment)
        // Forward with gaps, as a merge goes, and back again.
        for passage in Array(0..<300).filter({ $0 % 4 != 1 }) + [299, 17, 18, 17, 0] {
            let (text, metadata) = try passing.text(of: passage)
            #expect(text == texts[passage] && metadata == (passage % 5 == 0 ? "{}" : nil))
            #expect(try segment.text(of: passage).text == text)
        }
    }

    @Test("a text as long as a document may be is kept whole")
    func longText() throws {
        let scratch = try Scratch()
        let encoder = try sampleEncoder(.residual4, dimension: 24)
        let writer = try SegmentWriter(path: scratch.path("a.seg"), encoder: encoder)
        let text = String(repeating: "0123456789abcdef", count: 4 << 20)
        for id in ["short", "long"] {
            let passage = Passage(id: id, text: id == "long" ? text : id)
            try writer.append([(passage, TokenMatrix(checked: 24, []))])
        }
        let segment = try Segment(path: writer.finish().path, encoder: encoder)
        #expect(try segment.text(of: 0).text == "short")
        #expect(try segment.text(of: 1).text == text)
    }

    @Test("another encoder's segment is refused")
    func otherEncoder() throws {
        let scratch = try Scratch()
        let encoder = try sampleEncoder(.residual4, dimension: 24)
        let writer = try SegmentWriter(path: scratch.path("a.seg"), encoder: encoder)
        let path = try writer.finish().path
        for other in [
            try sampleEncoder(.residual4, dimension: 24, centroids: 31),
            try sampleEncoder(.residual2, dimension: 24),
        ] {
            #expect(throws: IndexError.self) { try Segment(path: path, encoder: other) }
        }
    }

    @Test("a truncated segment is an error that names the file")
    func truncated() throws {
        let scratch = try Scratch()
        let encoder = try sampleEncoder(.residual2, dimension: 24)
        let whole = try bytes(of: write(scratch, encoder, 40))
        let steps = Array(0..<700) + Array(stride(from: 700, to: whole.count, by: 61))
        for count in steps where count < whole.count {
            let path = try scratch.write(Array(whole[..<count]), to: "cut.seg")
            let error = #expect(throws: IndexError.self) {
                try Segment(path: path, encoder: encoder)
            }
            #expect(error?.description.contains("cut.seg") ?? false)
        }
    }

    @Test("a mutated segment is read or refused, and never trapped on", arguments: [1, 2, 3])
    func mutated(seed: Int) throws {
        let scratch = try Scratch()
        var numbers = Numbers(seed)
        let forms: [TokenForm] = [.residual2, .int8, .residual4]
        let encoder = try sampleEncoder(forms[seed - 1], dimension: 24)
        let whole = try bytes(of: write(scratch, encoder, 40))
        var query = Numbers(7)
        let tokens = clusteredTokens(4, 24, &query)
        var refused = 0
        for _ in 0..<400 {
            var damaged = whole
            for _ in 0..<Int.random(in: 1...4, using: &numbers) {
                // Behind the header, whose checksum would hide the rest.
                let place = Int.random(in: 576..<whole.count, using: &numbers)
                damaged[place] =
                    [0, 0x7F, 0xFF, UInt8.random(in: 0...255, using: &numbers)]
                    .randomElement(using: &numbers) ?? 0
            }
            let path = try scratch.write(damaged, to: "bad.seg")
            if useAll(path, encoder, tokens) { refused += 1 }
        }
        #expect(refused > 20)
    }

    /// Does everything that one can do with a segment; true when something was refused.
    private func useAll(_ path: String, _ encoder: TokenEncoder, _ query: TokenMatrix) -> Bool {
        guard let segment = try? Segment(path: path, encoder: encoder) else { return true }
        var failed = false
        func attempt(_ body: () throws -> Void) {
            do { try body() } catch {
                failed = true
                #expect("\(error)".contains(path))
            }
        }
        for passage in 0..<segment.passages {
            attempt { _ = try segment.id(of: passage) }
            attempt { _ = try segment.text(of: passage) }
            attempt { _ = try segment.encodedTokens(of: passage) }
        }
        attempt { _ = try segment.passage(id: "doc-17") }
        attempt { _ = try segment.passages(with: Array(0..<encoder.centroids.count)) }
        let searcher = IndexSearcher(segment)
        attempt { _ = try searcher.search(query, SearchOptions(candidates: .all)) }
        attempt {
            _ = try searcher.search(
                query, SearchOptions(candidates: .nearest(probes: 4, limit: 10)))
        }
        attempt {
            let dead = Tombstones(passages: segment.passages)
            _ = try SegmentMerge.merge([(segment, dead)], to: path + ".merged")?.finish()
        }
        return failed
    }

    @Test("merging is writing the living passages anew", arguments: TokenForm.allCases)
    func merge(form: TokenForm) throws {
        let scratch = try Scratch()
        let dense = DenseSettings(dimension: 3, type: .bf16)
        let encoder = try sampleEncoder(form, dimension: 24)
        let samples = samplePassages(0..<90, dimension: 24, dense: dense)
        func write(_ name: String, _ part: [Sample]) throws -> Segment {
            let writer = try SegmentWriter(
                path: scratch.path(name), encoder: encoder, dense: dense)
            try writer.append(part)
            return try Segment(path: writer.finish().path, encoder: encoder)
        }
        let (a, b) = (
            try write("a", Array(samples[..<50])), try write("b", Array(samples[50...]))
        )
        var (deadA, deadB) = (Tombstones(passages: 50), Tombstones(passages: 40))
        for passage in [0, 3, 49] { deadA.insert(passage) }
        deadB.insert(39)
        let writer = try SegmentMerge.merge([(a, deadA), (b, deadB)], to: scratch.path("m"))
        _ = try #require(writer).finish()
        let living = samples.enumerated().filter { ![0, 3, 49, 89].contains($0.offset) }
        _ = try write("direct", living.map(\.element))
        #expect(try bytes(of: scratch.path("m")) == bytes(of: scratch.path("direct")))
    }

    private func write(_ scratch: Scratch, _ encoder: TokenEncoder, _ count: Int) throws -> String {
        let writer = try SegmentWriter(path: scratch.path("a.seg"), encoder: encoder)
        try writer.append(samplePassages(0..<count, dimension: 24))
        return try writer.finish().path
    }
}
