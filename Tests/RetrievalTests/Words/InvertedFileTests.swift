// Inverted files: what goes in comes out, merged or not, and broken bytes do no harm.

import TestSupport
import Testing

@testable import Retrieval

/// Passages of words whose frequency falls with their number, as those of language do.
func zipfPassages(_ count: Int, words: Int, seed: Int) -> [[Int]] {
    var numbers = Numbers(seed)
    return (0..<count).map { passage in
        if passage % 17 == 3 { return [] }
        return (0..<Int.random(in: 1...40, using: &numbers)).map { _ in
            let x = Double.random(in: 0..<1, using: &numbers)
            return min(words - 1, Int(Double(words) * x * x * x * x))
        }
    }
}

func text(_ words: [Int]) -> String { words.map { "w\($0)" }.joined(separator: " ") }

func build(_ passages: [[Int]]) throws -> InvertedFile {
    var builder = try InvertedFile.Builder(WordAnalysis())
    for passage in passages { try builder.add(text(passage)) }
    return try finished(builder)
}

/// What an inverted file should hold, found by counting.
func counted(_ passages: [[Int]]) -> [String: [Posting]] {
    var all: [String: [Posting]] = [:]
    for (number, words) in passages.enumerated() {
        for (word, count) in Dictionary(grouping: words, by: { $0 }).mapValues(\.count) {
            all["w\(word)", default: []].append(
                Posting(passage: UInt32(number), frequency: UInt32(count)))
        }
    }
    return all
}

@Suite("Inverted files")
struct InvertedFileTests {
    @Test("hold every passage of every term, in order", arguments: [0, 1, 2, 300, 5_000])
    func contents(count: Int) throws {
        let passages = zipfPassages(count, words: 700, seed: count)
        let file = try build(passages)
        let expected = counted(passages)
        let all = try file.allPostings()
        #expect(
            all.map(\.term) == expected.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) })
        for (term, postings) in all { #expect(postings == expected[term]) }
        #expect(file.passageCount == count && file.termCount == expected.count)
        #expect(file.totalLength == passages.reduce(0) { $0 + $1.count })
        #expect(file.postingCount == expected.values.reduce(0) { $0 + $1.count })
        for (number, words) in passages.enumerated() {
            #expect(file.length(of: number) == words.count)
        }
        for term in expected.keys { #expect(file.passages(with: term) == expected[term]?.count) }
        for term in ["", "w", "w0x", "zzz", "a", "w00"] { #expect(file.passages(with: term) == 0) }
    }

    @Test("distances and frequencies of any width come back")
    func widths() throws {
        var lengths = [UInt32](repeating: 70_000, count: 300_000)
        lengths[0] = 1
        var bytes: [UInt8] = []
        var writer = InvertedFileWriter(WordAnalysis(), lengths: lengths) { bytes += Array($0) }
        let lists: [[Posting]] = [
            [Posting(passage: 299_999, frequency: .max)],
            (0..<128).map { Posting(passage: UInt32($0), frequency: 256) },
            (0..<129).map { Posting(passage: UInt32($0 * 2_000), frequency: UInt32($0 * 500 + 1)) },
            (0..<300_000).map { Posting(passage: UInt32($0), frequency: 1) },
        ]
        for (index, list) in lists.enumerated() {
            try writer.add(Array("t\(index)".utf8), list[...])
        }
        try writer.finish()
        let file = try InvertedFile(copying: bytes)
        #expect(try file.allPostings().map(\.postings) == lists)
    }

    @Test("parts begin at multiples of 64 bytes")
    func alignment() throws {
        let layout = try build(zipfPassages(100, words: 50, seed: 1)).layout
        for offset in [
            layout.lengthsOffset, layout.recordsOffset, layout.blocksOffset, layout.termsOffset,
            layout.analysisOffset, layout.fileBytes,
        ] { #expect(offset % 64 == 0 && offset > 0) }
    }

    @Test("merged without a passage less, are the file that was made at once, byte for byte")
    func merge() throws {
        let passages = zipfPassages(1_000, words: 300, seed: 4)
        let parts = try [0..<1, 1..<400, 400..<400, 400..<1_000].map {
            try build(Array(passages[$0]))
        }
        var merged: [UInt8] = []
        try InvertedFile.merge(parts) { merged += Array($0) }
        var builder = try InvertedFile.Builder(WordAnalysis())
        for passage in passages { try builder.add(text(passage)) }
        #expect(try merged == bytes(builder))
    }

    @Test("merged with passages gone, are the file of those that stayed")
    func mergeWithout() throws {
        let passages = zipfPassages(500, words: 300, seed: 5)
        let parts = try [0..<200, 200..<500].map { try build(Array(passages[$0])) }
        let starts: [UInt32] = [0, 200]
        let isKept: (Int, UInt32) -> Bool = { part, passage in (starts[part] + passage) % 3 != 0 }
        var merged: [UInt8] = []
        try InvertedFile.merge(parts, keeping: isKept) { merged += Array($0) }
        var builder = try InvertedFile.Builder(WordAnalysis())
        for (number, passage) in passages.enumerated() where number % 3 != 0 {
            try builder.add(text(passage))
        }
        #expect(try merged == bytes(builder))
        var none: [UInt8] = []
        try InvertedFile.merge(parts, keeping: { _, _ in false }) { none += Array($0) }
        let empty = try InvertedFile(copying: none)
        #expect(empty.passageCount == 0 && empty.termCount == 0)
        var nothing: [UInt8] = []
        try InvertedFile.merge([]) { nothing += Array($0) }
        #expect(try InvertedFile(copying: nothing).passageCount == 0)
    }

    @Test("made with other words, are not merged")
    func mergeOthers() throws {
        var other = try InvertedFile.Builder(.english)
        try other.add("x")
        let files = [try finished(other), try build([[1]])]
        var message = ""
        do { try InvertedFile.merge(files) { _ in } } catch { message = "\(error)" }
        #expect(message.contains("cannot be put together"))
    }

    @Test("cut off anywhere, are refused")
    func truncated() throws {
        var builder = try InvertedFile.Builder(WordAnalysis())
        for passage in zipfPassages(60, words: 40, seed: 6) { try builder.add(text(passage)) }
        let whole = try bytes(builder)
        for count in 0..<whole.count {
            #expect(throws: WordsError.self) { try InvertedFile(copying: Array(whole[..<count])) }
            let tail = Array(whole[(whole.count - count)...])
            #expect(throws: WordsError.self) { try InvertedFile(copying: tail) }
        }
        #expect(throws: WordsError.self) { try InvertedFile(copying: whole + [0]) }
    }

    @Test("with any bytes changed, are refused or answer with passages that exist")
    func mutated() throws {
        var builder = try InvertedFile.Builder(WordAnalysis())
        for passage in zipfPassages(300, words: 100, seed: 7) { try builder.add(text(passage)) }
        let whole = try bytes(builder)
        let query = try BM25Query("w0 w1 w2 w5 w30 w99 w50", WordAnalyzer(WordAnalysis()))
        var numbers = Numbers(8)
        var opened = 0
        for round in 0..<8_000 {
            var bytes = whole
            // Half of the changes go where the offsets are.
            let low = round % 2 == 0 ? 0 : bytes.count - 1_500
            for _ in 0..<Int.random(in: 1...5, using: &numbers) {
                let place = Int.random(in: low..<bytes.count, using: &numbers)
                bytes[place] = [0, 0xFF, UInt8.random(in: 0...255, using: &numbers)].randomElement(
                    using: &numbers)!
            }
            guard let file = try? InvertedFile(copying: bytes) else { continue }
            opened += 1
            let found = file.search(query, statistics: query.statistics(of: file), top: 50)
            #expect(found.count <= 50)
            #expect(found.allSatisfy { Int($0.number) < file.passageCount && $0.score > 0 })
            _ = try? file.allPostings()
            try? InvertedFile.merge([file, file]) { _ in }
        }
        #expect(opened > 2_000 && opened < 8_000)
    }
}
