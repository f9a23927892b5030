// Counting, vocabularies, and text that is not what it should be.

import Files
import Foundation
import Tensors
import TestSupport
import Testing
import WordVectors

@Suite struct WordCounterTests {
    @Test("the table is the same for any number of threads and any division of the blocks")
    func determinism() throws {
        let text = noiseText(
            bytes: 3_000_000, separators: Array(" \n".utf8), letters: Array("abcdefghijkl".utf8),
            seed: 9)
        let source = MemorySource(text)
        let one = payload(try countAll(source))
        for threads in [2, 3, 8] {
            #expect(payload(try countAll(source, threads: threads)) == one)
        }
        let layout = CorpusLayout(fileSizes: source.fileSizes)
        let plan = PartitionPlan(layout: layout, partitions: 5, seed: 3)
        let parts = try plan.partitions.map {
            try WordCounter.count(source, layout: layout, blocks: $0, threads: 2)
        }
        #expect(payload(try CountTable.merge(parts)) == one)
    }

    @Test("35: invalid UTF-8 is replaced as Python replaces it")
    func invalidUTF8() throws {
        let fixture = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../Fixtures/invalid_utf8.tsv")
        let lines = try String(contentsOf: fixture, encoding: .utf8).split(separator: "\n")
        #expect(lines.count > 1000)
        for line in lines {
            let fields = line.split(separator: "\t").map { unhex($0) }
            let table = try countAll(MemorySource(fields[0]))
            #expect(table.entries == 1)
            #expect(table.withKey(at: 0) { Array($0) } == fields[1])
            let isReplaced = fields[0] != fields[1]
            #expect(WordCounter.Tallies(table).replacedTokens == (isReplaced ? 1 : 0))
        }
    }

    private func unhex(_ text: Substring) -> [UInt8] {
        var bytes: [UInt8] = []
        var rest = text
        while let byte = UInt8(rest.prefix(2), radix: 16) {
            bytes.append(byte)
            rest = rest.dropFirst(2)
        }
        return bytes
    }

    @Test("words of every length up to the limit are kept apart")
    func lengths() throws {
        let text = (1 ... 1024).map { String(repeating: "x", count: $0) }.joined(separator: " ")
        let table = try countAll(MemorySource(Array("\(text) \(text)".utf8)))
        #expect(table.entries == 1024)
        #expect((0 ..< 1024).allSatisfy { table.count(at: $0) == 2 })
    }

    @Test("sentences end at either kind of newline, and empty ones do not count")
    func sentences() throws {
        let table = try countAll(MemorySource(Array("a b\r\nc\r\rd\n\n \n e".utf8)))
        #expect(WordCounter.Tallies(table).sentences == 4)
    }

    @Test("a cancelled count ends with .cancelled")
    func cancellation() throws {
        let source = MemorySource(Array("a b c".utf8))
        let layout = CorpusLayout(fileSizes: source.fileSizes)
        let progress = TextProgress()
        progress.cancel()
        #expect(throws: FileError.cancelled) {
            try WordCounter.count(source, layout: layout, blocks: [0], progress: progress)
        }
    }

    @Test("a local file counts like the same bytes in memory, and progress reaches its size")
    func localFiles() throws {
        let scratch = try Scratch()
        let text = noiseText(
            bytes: 300_000, separators: Array(" \n".utf8), letters: Array("abcd".utf8), seed: 10)
        let paths = [
            try scratch.write(text, to: "a"), try scratch.write([], to: "b"),
            try scratch.write("tail", to: "c"),
        ]
        let source = try LocalTextSource(paths: paths)
        let layout = CorpusLayout(fileSizes: source.fileSizes)
        let progress = TextProgress()
        let table = try WordCounter.count(
            source, layout: layout, blocks: Array(0 ..< layout.blockCount), threads: 2,
            progress: progress)
        let memory = try countAll(MemorySource(text, [], Array("tail".utf8)))
        #expect(payload(table) == payload(memory))
        #expect(progress.bytesDone == text.count + 4)
    }

    @Test("32: a file that shrinks, grows or is rewritten is an error that names it")
    func changedInput() throws {
        for change in [Array("short".utf8), [UInt8](repeating: 0x61, count: 200_001)] {
            let scratch = try Scratch()
            let path = try scratch.write([UInt8](repeating: 0x61, count: 200_000), to: "a")
            let source = try LocalTextSource(paths: [path])
            _ = try scratch.write(change, to: "a")
            #expect(throws: FileError.inputChanged(path: path)) { try countAll(source) }
        }
    }

    @Test("missing files and directories are refused by name")
    func unreadable() throws {
        let scratch = try Scratch()
        for path in [scratch.path("none"), scratch.directory] {
            #expect {
                try LocalTextSource(paths: [path])
            } throws: { "\($0)".contains(path) }
        }
    }
}

@Suite struct VocabularyTests {
    private func vocabulary(_ text: String, minimum: UInt64 = 1, limit: Int? = nil) throws
        -> Vocabulary
    {
        try Vocabulary(
            countAll(MemorySource(Array(text.utf8))).pruned(minimum: minimum, limit: limit))
    }

    @Test("ids follow the counts, then the bytes, and every word finds its own")
    func ids() throws {
        let some = try vocabulary("b a c a b a-very-long-word-of-more-than-sixteen-bytes a")
        #expect((0 ..< some.count).map { some.words[$0] }
            == ["a", "b", "a-very-long-word-of-more-than-sixteen-bytes", "c"])
        #expect(some.counts == [3, 2, 1, 1])
        #expect(some.total == 7)
        for id in 0 ..< some.count { #expect(some.id(of: some.words[id]) == Int32(id)) }
        for absent in ["", "d", "aa", "a-very-long-word-of-more-than-sixteen-byteS"] {
            #expect(some.id(of: absent) == nil)
        }
    }

    @Test("tallies of the whole corpus survive pruning")
    func tallies() throws {
        let some = try vocabulary("a a b\nc", minimum: 2)
        #expect(some.count == 1)
        #expect(some.tallies.tokens == 4)
        #expect(some.tallies.sentences == 2)
    }

    @Test("36: a table in the order of keys, or with words no text can hold, is refused")
    func refusals() throws {
        let table = try countAll(MemorySource(Array("a b".utf8)))
        #expect(throws: CountTableError.self) { try Vocabulary(table) }
        var builder = try CountTableBuilder(
            order: .rank, entries: 1, keyBytes: 3, tallies: [0, 0, 0, 0])
        try Array("a b".utf8).withUnsafeBytes { try builder.append(key: $0, count: 1) }
        let spaced = try builder.finish()
        #expect(throws: CountTableError.self) { try Vocabulary(spaced) }
    }

    @Test("36: a ranked table that repeats a word is refused")
    func repeated() throws {
        var builder = try CountTableBuilder(
            order: .rank, entries: 2, keyBytes: 2, tallies: [0, 0, 0, 0])
        for count: UInt64 in [2, 1] {
            try Array("a".utf8).withUnsafeBytes { try builder.append(key: $0, count: count) }
        }
        let table = try builder.finish()
        #expect(throws: CountTableError.malformed(reason: "1 words repeat")) {
            try Vocabulary(table)
        }
    }
}
