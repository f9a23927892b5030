// Pairs counted, scored and joined, against gensim and against a plain implementation.

import Files
import Foundation
import Tensors
import TestSupport
import Testing
import WordVectors

@Suite struct PhraseTests {
    @Test("two passes over real text find and join what gensim finds and joins", arguments: [1, 3])
    func gensim(units: Int) throws {
        let source = MemorySource(try fixture("text.txt"))
        var passes: [CountTable] = []
        for pass in 1...2 {
            let found = try phrases(
                of: source, after: passes, minimum: 3, threshold: 20, units: units)
            let lines = String(decoding: try fixture("pass-\(pass).tsv"), as: UTF8.self)
                .split(separator: "\n")
            #expect(found.pairs.entries == lines.count)
            for (index, line) in lines.enumerated() {
                let fields = line.split(separator: "\t").map(String.init)
                let key = found.pairs.withKey(at: index) { String(decoding: $0, as: UTF8.self) }
                #expect(key == fields[0])
                #expect(found.pairs.count(at: index) == UInt64(fields[1]))
                let score = try #require(Double(fields[2]))
                #expect(abs(found.scores[index] - score) <= 1e-12 * score)
            }
            passes.append(found.pairs)
            #expect(try joined(source, passes) == fixture("pass-\(pass).txt"))
        }
    }

    @Test("pairs are those of neighbours in a sentence, whatever the bytes", arguments: 0..<6)
    func pairs(seed: Int) throws {
        let text = strangeText(seed)
        let table = try counts(of: MemorySource(text, text), after: [], blockBytes: 1 << 30)
        let plain = PlainPairs([text, text])
        #expect(words(table) == plain.counts)
        #expect(WordCounter.Tallies(table).tokens == plain.tokens)
    }

    @Test("words are joined as a plain implementation joins them", arguments: 0..<6)
    func plainly(seed: Int) throws {
        let text = strangeText(seed)
        let source = MemorySource(text)
        let found = try phrases(
            of: source, minimum: 1, threshold: 0.5, blockBytes: 1 << 30)
        #expect(found.pairs.entries > 10)
        let keys = Set(
            (0..<found.pairs.entries).map { index in
                found.pairs.withKey(at: index) { String(decoding: $0, as: UTF8.self) }
            })
        let written = try joined(source, [found.pairs], delimiter: "·", blockBytes: 1 << 30)
        #expect(written == PlainPairs.join(text, keys, Array("·".utf8)))
        #expect(written != text)
    }

    @Test("scores are those of the formula, and a score at the threshold is not enough")
    func formula() throws {
        // N = 11; a: 4, b: 4, c: 3; "a b": 3, "b c": 3.
        let source = MemorySource(Array("a b c\na b c\na b\na\nb c".utf8))
        let found = try phrases(of: source, minimum: 1, threshold: 0.9)
        let keys = (0..<found.pairs.entries).map { index in
            found.pairs.withKey(at: index) { String(decoding: $0, as: UTF8.self) }
        }
        #expect(keys == ["a b", "b c"])
        // (3 - 1) / (4 · 4) · 11 and (3 - 1) / (4 · 3) · 11
        let expected: [Double] = [1.375, 2.0 / 4.0 / 3.0 * 11.0]
        #expect(found.scores == expected)
        let atThreshold = try phrases(of: source, minimum: 1, threshold: expected[0])
        #expect(atThreshold.pairs.entries == 1)
        let rare = try phrases(of: source, minimum: 3, threshold: 0)
        #expect(rare.pairs.entries == 0)
    }

    @Test("of three words that follow each other the first two are joined")
    func greedy() throws {
        let phrases = try table(["a a", "a b", "b c"])
        #expect(try text("a b c\na a a a b c", [phrases]) == "a_b c\na_a a_a b_c")
        let second = try table(["a_b c", "a_a a_a"])
        #expect(try text("a b c\na a a a b c", [phrases, second]) == "a_b_c\na_a_a_a b_c")
    }

    @Test("line ends, blank lines and white space beside phrases stay; none is joined across them")
    func whiteSpace() throws {
        let phrases = try table(["a b", "é ü"])
        let cases = [
            "a\nb": "a\nb", "a \r\n b": "a \r\n b", "\n\n a \t b\r\n\r\n": "\n\n a_b\r\n\r\n",
            "  a b  ": "  a_b  ", "a\u{b}b": "a_b", "é ü x": "é_ü x", "": "", "\u{feff}a b": "a_b",
        ]
        for (before, after) in cases { #expect(try text(before, [phrases]) == after) }
        #expect(try text("a b", [phrases], delimiter: "⁀—") == "a⁀—b")
    }

    @Test("files follow each other on lines of their own, and no phrase spans two of them")
    func files() throws {
        let source = MemorySource(
            Array("x a".utf8), [], Array("\u{feff}b a\n".utf8), Array("b a b".utf8))
        let written = try joined(source, [try table(["a b"])])
        #expect(String(decoding: written, as: UTF8.self) == "x a\nb a\nb a_b")
    }

    @Test("a word that is dropped for its length parts its neighbours")
    func overlong() throws {
        let long = String(repeating: "x", count: 1_025)
        let line = "a \(long) b"
        let counted = try counts(of: MemorySource(Array(line.utf8)), after: [])
        #expect(words(counted) == ["a": 1, "b": 1])
        #expect(try text(line, [try table(["a b"])]) == line)
    }

    @Test("two words that would make one of more than 1,024 bytes are no phrase")
    func lengthLimit() throws {
        for (length, count) in [(511, 1), (512, 0)] {
            let word = String(repeating: "y", count: length)
            let pair = "\(word) z\(word)"
            let source = MemorySource(Array("\(pair)\n\(pair)\n\(pair)".utf8))
            let found = try phrases(of: source, minimum: 1, threshold: 0)
            #expect(found.pairs.entries == count)
        }
    }

    @Test("phrases that are not two words are refused")
    func refusals() throws {
        for key in ["a", "a b c", " a", "a ", "a  b", "a\nb", "a\tb c"] {
            let phrases = try table([key])
            #expect(throws: CountTableError.self) {
                try PhraseJoiner(passes: [phrases], delimiter: "_")
            }
        }
    }

    @Test("a pair that occurs more often than its words is refused, not divided by nothing")
    func inconsistent() throws {
        for keys in [["a b": 9], ["a": 9, "a b": 9], ["a": 9, "b": 8, "a b": 9], [" ": 9]] {
            let forged = try table(of: keys.mapValues(UInt64.init))
            #expect(throws: CountTableError.self) {
                try CountTable.associated(
                    [forged], minimum: 1, threshold: 0, pairBytesMax: 1_000)
            }
        }
    }
}

// MARK: - what the tests share

private func fixture(_ name: String) throws -> [UInt8] {
    try bytes(
        of: URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../Fixtures/phrases/\(name)").path)
}

/// Words and pairs, counted by so many units of blocks and merged.
private func counts(
    of source: MemorySource, after passes: [CountTable], units: Int = 1,
    blockBytes: Int = CorpusLayout.blockBytesDefault
) throws -> CountTable {
    let tables = try unitTables(of: source, passes, units, blockBytes)
    return try CountTable.merge(tables)
}

private func unitTables(
    of source: MemorySource, _ passes: [CountTable], _ units: Int, _ blockBytes: Int
) throws -> [CountTable] {
    let layout = CorpusLayout(fileSizes: source.fileSizes, blockBytes: blockBytes)
    let joiner = try PhraseJoiner(passes: passes, delimiter: "_")
    return try Parallel.ranges(of: layout.blockCount, threads: units).map { blocks in
        try WordCounter.countPairs(
            source, layout: layout, blocks: Array(blocks), joining: joiner, threads: 2)
    }
}

private func phrases(
    of source: MemorySource, after passes: [CountTable] = [], minimum: UInt64, threshold: Double,
    units: Int = 1, blockBytes: Int = CorpusLayout.blockBytesDefault
) throws -> ScoredPairs {
    try CountTable.associated(
        try unitTables(of: source, passes, units, blockBytes), minimum: minimum,
        threshold: threshold, pairBytesMax: PhraseJoiner.pairBytesMax(delimiter: "_"))
}

private func joined(
    _ source: MemorySource, _ passes: [CountTable], delimiter: String = "_",
    blockBytes: Int = CorpusLayout.blockBytesDefault
) throws -> [UInt8] {
    let scratch = try Scratch()
    let joiner = try PhraseJoiner(passes: passes, delimiter: delimiter)
    let file = try AtomicFile(path: scratch.path("joined"))
    var writer = PhraseWriter(joining: joiner, to: file, threads: 2)
    for text in source.files {
        let layout = CorpusLayout(fileSizes: [text.count], blockBytes: blockBytes)
        try writer.append(MemorySource(text), layout: layout)
    }
    try file.commit(durable: false)
    return try bytes(of: scratch.path("joined"))
}

private func text(
    _ text: String, _ passes: [CountTable], delimiter: String = "_"
) throws -> String {
    String(
        decoding: try joined(MemorySource(Array(text.utf8)), passes, delimiter: delimiter),
        as: UTF8.self)
}

private func table(_ keys: [String]) throws -> CountTable {
    try table(of: Dictionary(uniqueKeysWithValues: keys.map { ($0, 1) }))
}

private func table(of counts: [String: UInt64]) throws -> CountTable {
    let keys = counts.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    var builder = try CountTableBuilder(
        entries: keys.count, keyBytes: keys.reduce(0) { $0 + $1.utf8.count },
        tallies: [0, 0, 0, 0])
    for key in keys {
        try Array(key.utf8).withUnsafeBytes { try builder.append(key: $0, count: counts[key] ?? 1) }
    }
    return try builder.finish()
}

/// Few words, many kinds of white space, ill-formed UTF-8, and a word that is too long.
private func strangeText(_ seed: Int) -> [UInt8] {
    let noise = noiseText(
        bytes: 3_000, separators: [0, 9, 10, 13, 32, 32, 32, 32, 32, 32],
        letters: [0x61, 0x61, 0x62, 0xc3, 0xa9, 0xff], seed: seed + 1)
    let short = noise.split(omittingEmptySubsequences: false) { $0 <= 32 }.map { $0.prefix(2) }
    let blanks = noise.filter { $0 <= 32 }
    var text: [UInt8] = []
    for (word, blank) in zip(short, blanks) { text += word + [blank] }
    return text + [UInt8](repeating: 0x61, count: 1_025) + [32] + text.prefix(500)
}

/// Counting and joining by the rules, written for clarity.
private struct PlainPairs {
    var counts: [String: UInt64] = [:]
    var tokens: UInt64 = 0

    init(_ files: [[UInt8]]) {
        for file in files {
            for line in file.split(whereSeparator: { $0 == 10 || $0 == 13 }) {
                var last: String?
                for token in line.split(whereSeparator: Self.isBlank) {
                    guard token.count <= 1_024 else {
                        last = nil
                        continue
                    }
                    let word = String(decoding: token, as: UTF8.self)
                    counts[word, default: 0] += 1
                    if let last { counts["\(last) \(word)", default: 0] += 1 }
                    last = word
                    tokens += 1
                }
            }
        }
    }

    static func isBlank(_ byte: UInt8) -> Bool { [0, 9, 10, 11, 12, 13, 32].contains(byte) }

    static func join(_ text: [UInt8], _ phrases: Set<String>, _ delimiter: [UInt8]) -> [UInt8] {
        var output: [UInt8] = []
        var (last, blank) = ("", [UInt8]())
        var position = 0
        while position < text.count {
            if isBlank(text[position]) {
                blank.append(text[position])
                position += 1
                continue
            }
            let end = text[position...].firstIndex(where: isBlank) ?? text.count
            let token = text[position..<end]
            let word = String(decoding: token, as: UTF8.self)
            if blank.contains(10) || blank.contains(13) { last = "" }
            let isPhrase = !last.isEmpty && phrases.contains("\(last) \(word)")
            output += (isPhrase ? delimiter : blank) + token
            last = isPhrase || token.count > 1_024 ? "" : word
            blank = []
            position = end
        }
        return output + blank
    }
}
