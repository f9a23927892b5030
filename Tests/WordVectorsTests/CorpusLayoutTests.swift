// Blocks: every token in exactly one, whatever the text and the size.

import Tensors
import TestSupport
import Testing
import WordVectors

private let letters = Array("abcdefgh".utf8)

private let texts: [(name: String, bytes: [UInt8])] = [
    ("empty", []),
    ("one word", Array("word".utf8)),
    ("lines", noiseText(bytes: 4000, separators: Array(" \n".utf8), letters: letters, seed: 1)),
    ("one line", noiseText(bytes: 4000, separators: [0x20], letters: letters, seed: 2)),
    ("CRLF", Array("ab cd\r\nef\r\n\r\ngh ij\rkl\r\n".utf8)),
    ("every separator", noiseText(
        bytes: 2000, separators: [0, 9, 10, 11, 12, 13, 32], letters: letters, seed: 3)),
    ("byte order mark", [0xef, 0xbb, 0xbf] + Array("first second\nthird".utf8)),
    ("only a byte order mark", [0xef, 0xbb, 0xbf]),
    ("byte order mark and a word", [0xef, 0xbb, 0xbf, 0x61, 0x62]),
    ("UTF-8", Array(String(repeating: "naïve 日本 🎉🎉 x\n", count: 30).utf8)),
    ("invalid UTF-8", noiseText(
        bytes: 3000, separators: [10, 32],
        letters: [0x61, 0x80, 0xbf, 0xc0, 0xc3, 0xa9, 0xe2, 0x82, 0xac, 0xf0, 0x9f, 0xed, 0xff],
        seed: 4)),
    ("long words", Array(
        (1020 ... 1030).map { String(repeating: "w", count: $0) }.joined(separator: " ").utf8)),
    ("blanks", Array(" \n\n  \r\n\0\0 ".utf8)),
    ("binary", noiseText(
        bytes: 3000, separators: Array(0 ... 255), letters: Array(0 ... 255), seed: 5)),
]

private func expectEveryTokenOnce(_ source: MemorySource, blockBytes: Int) throws {
    let reference = ReferenceText(source.files)
    let layout = CorpusLayout(fileSizes: source.fileSizes, blockBytes: blockBytes)
    var previous = (file: -1, end: 0)
    for block in 0 ..< layout.blockCount {
        let (file, range) = try layout.range(of: block, in: source)
        #expect(range.lowerBound == (file == previous.file ? previous.end : 0))
        if previous.file >= 0, file != previous.file {
            #expect(previous.end == source.fileSizes[previous.file])
        }
        previous = (file, range.upperBound)
    }
    // Each block alone, so that a token in two of them would be counted twice.
    let parts = try (0 ..< layout.blockCount).map {
        try WordCounter.count(source, layout: layout, blocks: [$0])
    }
    let table = try CountTable.merge(parts)
    #expect(words(table) == reference.counts)
    let tallies = WordCounter.Tallies(table)
    #expect(tallies.overlongTokens == reference.overlong)
    #expect(tallies.replacedTokens == reference.replaced)
    #expect(tallies.tokens == reference.tokens.count)
}

@Suite struct CorpusLayoutTests {
    @Test("every token lies in exactly one block", arguments: texts.indices)
    func everyTokenOnce(index: Int) throws {
        let text = texts[index].bytes
        for blockBytes in [1, 2, 3, 7, 64, 100, 1000, 65536] {
            try expectEveryTokenOnce(MemorySource(text), blockBytes: blockBytes)
        }
    }

    @Test("files do not run into each other, and empty ones do no harm")
    func manyFiles() throws {
        let source = MemorySource(
            [], Array("ab".utf8), [], Array("cd ef".utf8), [0xef, 0xbb, 0xbf, 0x67], [])
        for blockBytes in [1, 2, 5, 100] {
            try expectEveryTokenOnce(source, blockBytes: blockBytes)
        }
    }

    @Test("35: a line of 5 MB is cut between words")
    func longLine() throws {
        let text = noiseText(bytes: 5_000_000, separators: [0x20], letters: letters, seed: 6)
        for blockBytes in [65536, 100_003, 1 << 20] {
            try expectEveryTokenOnce(MemorySource(text), blockBytes: blockBytes)
        }
    }

    @Test("a word of a million characters, and one of three, count as one overlong token each")
    func hugeWords() throws {
        for length in [1_000_000, 3_000_000] {
            let huge = [UInt8](repeating: 0x78, count: length)
            let text = Array("before ".utf8) + huge + Array(" between\n".utf8) + huge
            for blockBytes in [65536, 100_003, 1_048_575] {
                let source = MemorySource(text)
                try expectEveryTokenOnce(source, blockBytes: blockBytes)
                let tallies = WordCounter.Tallies(try countAll(source, blockBytes: blockBytes))
                #expect(tallies.overlongTokens == 2)
            }
        }
    }

    @Test("short lines are never cut")
    func wholeLines() throws {
        let text = Array(String(repeating: "one two three four\n", count: 500).utf8)
        let source = MemorySource(text)
        for blockBytes in [1, 10, 100, 1000] {
            let table = try countAll(source, blockBytes: blockBytes)
            #expect(WordCounter.Tallies(table).sentences == 500)
        }
    }

    @Test("a boundary moves only forward and stays where it was moved to")
    func boundaries() throws {
        let text = noiseText(
            bytes: 3000, separators: Array(" \n\r".utf8), letters: letters, seed: 8)
        let source = MemorySource(text)
        let layout = CorpusLayout(fileSizes: source.fileSizes)
        var last = 0
        for offset in 0 ... text.count {
            let boundary = try layout.boundary(at: offset, file: 0, in: source)
            #expect(boundary >= offset && boundary >= last)
            #expect(try layout.boundary(at: boundary, file: 0, in: source) == boundary)
            last = boundary
        }
    }
}
