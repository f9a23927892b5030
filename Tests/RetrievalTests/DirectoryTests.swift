// Indexes on disk: changes survive reopening, and damage is found and named.

import Files
import TestSupport
import Testing

@testable import Retrieval

@Suite("Index directories")
struct DirectoryTests {
    private func ids(_ directory: IndexDirectory) throws -> [String] {
        try directory.snapshot.segments.flatMap { part in
            try (0..<part.segment.passages).filter { !part.dead.contains($0) }
                .map { try part.segment.id(of: $0) }
        }
    }

    @Test("an index is what it was when it is opened again", arguments: TokenForm.allCases)
    func reopen(form: TokenForm) throws {
        let index = try SampleIndex(form, parts: [0..<30, 30..<50])
        try index.directory.delete(["doc-4", "doc-44"])
        let again = try IndexDirectory.open(index.scratch.directory, digest: testDigest)
        #expect(again.manifest == index.directory.manifest)
        #expect(again.manifest.passages == 48)
        #expect(again.encoder.fingerprint == index.directory.encoder.fingerprint)
        #expect(try ids(again) == ids(index.directory))
        try again.verify()
    }

    @Test("a passage that is added again replaces the old one")
    func replace() throws {
        let index = try SampleIndex(.residual4, parts: [0..<10])
        let writer = try index.directory.newSegment()
        var numbers = Numbers(3)
        try writer.append([
            (Passage(id: "doc-3", text: "new"), clusteredTokens(2, 24, &numbers)),
            (Passage(id: "doc-77"), clusteredTokens(2, 24, &numbers)),
        ])
        #expect(try index.directory.commit(writer) == 1)
        let place = try #require(try index.searcher.place(of: "doc-3"))
        #expect(place == PassagePlace(segment: 1, passage: 0))
        #expect(index.directory.manifest.passages == 11)
    }

    @Test("compacting keeps the living, their order and their scores, and removes old files")
    func compact() throws {
        let index = try SampleIndex(.residual2, parts: [0..<30, 30..<50, 50..<60])
        try index.directory.delete((0..<60).filter { $0 % 5 == 0 }.map { "doc-\($0)" })
        let before = try ids(index.directory)
        var numbers = Numbers(8)
        let query = clusteredTokens(5, 24, &numbers)
        let options = SearchOptions(count: 100, candidates: .all)
        let hits = try index.searcher.search(query, options)
        try index.directory.compact(0..<2) { parts in
            Array("\(parts.count) parts".utf8)
        }
        #expect(index.directory.snapshot.segments.count == 2)
        #expect(
            index.directory.snapshot.segments[0].segment.words.map { Array($0) }
                == Array("2 parts".utf8))
        try index.directory.compact()
        #expect(try ids(index.directory) == before)
        let after = try index.searcher.search(query, options)
        #expect(after.map(\.id) == hits.map(\.id) && after.map(\.score) == hits.map(\.score))
        let names = index.scratch.names
        #expect(names.count == 4, "\(names)")
        try index.directory.verify()
        try index.directory.delete(before)
        try index.directory.compact()
        #expect(index.directory.manifest.segments.isEmpty && index.scratch.names.count == 3)
        #expect(try index.searcher.search(query, options).isEmpty)
    }

    @Test("a snapshot outlives the files of its time")
    func snapshot() throws {
        let index = try SampleIndex(.residual4, parts: [0..<30, 30..<50])
        let old = index.searcher
        var numbers = Numbers(8)
        let query = clusteredTokens(5, 24, &numbers)
        let hits = try old.search(query)
        try index.directory.delete(hits.map(\.id))
        try index.directory.compact()
        #expect(try old.search(query) == hits)
        #expect(try index.searcher.search(query) != hits)
    }

    @Test("a segment may be written while passages are deleted")
    func interleaved() throws {
        let index = try SampleIndex(.residual4, parts: [0..<10])
        let writers = try [index.directory.newSegment(), index.directory.newSegment()]
        try writers[0].append(samplePassages(10..<15, dimension: 24))
        try writers[1].append(samplePassages(20..<25, dimension: 24))
        try index.directory.delete(["doc-2"])
        try index.directory.commit(writers[1])
        try index.directory.commit(writers[0])
        #expect(try ids(index.directory).count == 19)
        try index.directory.verify()
    }

    @Test("what a dead writer left is removed by the next one, and by no reader")
    func orphans() throws {
        let scratch = try Scratch()
        let encoder = try sampleEncoder(.residual4, dimension: 24)
        do {
            _ = try IndexDirectory.create(
                scratch.directory, model: testModel, encoder: encoder, digest: testDigest)
        }
        for name in ["segment-9-1.seg", ".segment-9-1.seg.abc.partial", "dead-4-0.bits", "mine"] {
            _ = try scratch.write("left", to: name)
        }
        _ = try IndexDirectory.open(scratch.directory, digest: testDigest)
        #expect(scratch.names.count == 7)
        _ = try IndexDirectory.open(scratch.directory, forWriting: true, digest: testDigest)
        #expect(scratch.names == ["encoder-0.safetensors", "lock", "manifest.json", "mine"])
    }

    @Test("one process writes at a time")
    func lock() throws {
        let index = try SampleIndex(.residual4, parts: [0..<3])
        let path = index.scratch.directory
        #expect(throws: IndexError.locked(path: path)) {
            try IndexDirectory.open(path, forWriting: true, digest: testDigest)
        }
        #expect(throws: Never.self) { try IndexDirectory.open(path, digest: testDigest) }
    }

    @Test("where there is no index, opening one for writing says so and leaves no lock")
    func noLock() throws {
        let scratch = try Scratch()
        let error = #expect(throws: IndexError.self) {
            try IndexDirectory.open(scratch.directory, forWriting: true, digest: testDigest)
        }
        guard case .file(.unreadable) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(scratch.names.isEmpty)
    }

    @Test("who has read a manifest before it changed gets the index that took its place")
    func overtaken() throws {
        let index = try SampleIndex(.residual4, parts: [0..<30, 30..<50])
        let old = index.directory.manifest
        try index.directory.delete(["doc-3"])
        try index.directory.compact()
        let (manifest, snapshot) = try IndexDirectory.load(index.scratch.directory, from: old)
        #expect(manifest == index.directory.manifest)
        #expect(snapshot.segments.map(\.segment.passages) == [49])
    }

    @Test("an index is not begun where there is one")
    func existing() throws {
        let encoder = try sampleEncoder(.residual4, dimension: 24)
        let scratch = try Scratch()
        func create() throws {
            _ = try IndexDirectory.create(
                scratch.directory, model: testModel, encoder: encoder, digest: testDigest)
        }
        try create()
        #expect(throws: IndexError.self) { try create() }
    }

    @Test("verifying names the file with a changed byte")
    func verify() throws {
        let index = try SampleIndex(.residual4, parts: [0..<30, 30..<50])
        try index.directory.delete(["doc-2"])
        for name in index.scratch.names where name != "lock" && name != "manifest.json" {
            let path = index.scratch.path(name)
            let good = try bytes(of: path)
            var bad = good
            bad[bad.count / 2] ^= 0x10
            _ = try index.scratch.write(bad, to: name)
            let error = #expect(throws: IndexError.self) { try index.directory.verify() }
            #expect(error?.description.contains(name) ?? false)
            _ = try index.scratch.write(Array(good.dropLast()), to: name)
            let opening = #expect(throws: IndexError.self) {
                try IndexDirectory.open(index.scratch.directory, digest: testDigest)
            }
            #expect(opening?.description.contains(name) ?? false)
            _ = try index.scratch.write(good, to: name)
        }
        try index.directory.verify()
    }

    @Test("a mutated manifest, encoder or bitmap is read or refused", arguments: [1, 2])
    func mutated(seed: Int) throws {
        let index = try SampleIndex(.residual4, parts: [0..<30, 30..<50])
        try index.directory.delete(["doc-2"])
        var numbers = Numbers(seed)
        for name in index.scratch.names where !name.hasSuffix(".seg") && name != "lock" {
            let good = try bytes(of: index.scratch.path(name))
            for _ in 0..<150 {
                var bad = good
                // Encoders begin with a header, where damage is worth more.
                let place = Int.random(in: 0..<min(700, bad.count), using: &numbers)
                if Bool.random(using: &numbers) {
                    bad[place] = UInt8.random(in: 0...255, using: &numbers)
                } else {
                    bad.removeLast(Int.random(in: 0..<bad.count, using: &numbers))
                }
                _ = try index.scratch.write(bad, to: name)
                do {
                    let directory = try IndexDirectory.open(
                        index.scratch.directory, digest: testDigest)
                    var query = Numbers(8)
                    _ = try IndexSearcher(directory.snapshot).search(
                        clusteredTokens(5, 24, &query))
                } catch {
                    #expect("\(error)".contains(index.scratch.directory))
                }
            }
            _ = try index.scratch.write(good, to: name)
        }
    }

    @Test("a manifest names no file elsewhere")
    func escape() throws {
        let index = try SampleIndex(.residual4, parts: [0..<3])
        let text = String(
            decoding: try bytes(of: index.scratch.path("manifest.json")), as: UTF8.self)
        for name in ["../segment-1-1.seg", "/etc/passwd", "..", ""] {
            let bad = text.replacing("segment-1-1.seg", with: name)
            _ = try index.scratch.write(bad, to: "manifest.json")
            #expect(throws: IndexError.self) {
                try IndexDirectory.open(index.scratch.directory, digest: testDigest)
            }
        }
    }
}
