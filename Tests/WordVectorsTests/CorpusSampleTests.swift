// What a sample tells of its corpus, on texts of which everything is known.

import Glibc
import Tensors
import TestSupport
import Testing

@testable import WordVectors

@Suite struct CorpusSampleTests {
    /// Words whose ranks r occur as r^-1.6, so that different ones grow as n^(1 / 1.6).
    private func text(words: Int) -> String {
        var numbers = Numbers(3)
        return (0..<words).map { index in
            let rank = pow(Double.random(in: 1e-6...1, using: &numbers), -1 / 0.6)
            return "w\(Int(rank))\(index % 20 == 19 ? "\n" : " ")"
        }.joined()
    }

    private func sample(_ text: String, bytesMax: Int) throws -> CorpusSample {
        let source = MemorySource(Array(text.utf8))
        let layout = CorpusLayout(fileSizes: source.fileSizes, blockBytes: 1_024)
        return try CorpusSample(source, layout: layout, bytesMax: bytesMax)
    }

    @Test("a sample that is the whole corpus tells no estimate but the truth")
    func whole() throws {
        let sample = try sample("a a a b b c\n", bytesMax: 1 << 20)
        #expect(sample.isWhole && sample.words == 6)
        #expect(sample.vocabulary(minimum: 2) == 2 && sample.occurrences(minimum: 2) == 5)
        #expect(sample.different(6) == 3)
    }

    @Test("a quarter of a corpus tells its vocabulary within 15 %, and its words")
    func estimate() throws {
        let text = text(words: 200_000)
        let whole = try sample(text, bytesMax: .max)
        let part = try sample(text, bytesMax: text.utf8.count / 4)
        #expect(!part.isWhole && part.sampledBytes < text.utf8.count / 3)
        for minimum in [1, 2, 5] {
            let ratio = part.vocabulary(minimum: minimum) / whole.vocabulary(minimum: minimum)
            #expect((0.85...1.15).contains(ratio), "minimum \(minimum): \(ratio)")
            let kept = part.occurrences(minimum: minimum) / whole.occurrences(minimum: minimum)
            #expect((0.98...1.02).contains(kept), "minimum \(minimum): \(kept)")
        }
        #expect(abs(part.words / whole.words - 1) < 0.05)
        #expect(abs(part.exponent - 1 / 1.6) < 0.06)
    }

    @Test(
        "the blocks of a sample are different ones, spread over the corpus",
        arguments: [(0, 3), (1, 3), (3, 3), (100, 7), (1_000, 128), (129, 128)])
    func spread(_ count: Int, _ limit: Int) {
        let blocks = CorpusSample.spread(count, atMost: limit)
        #expect(blocks.count == min(count, limit) && Set(blocks).count == blocks.count)
        #expect(blocks.allSatisfy { (0..<max(count, 1)).contains($0) })
        guard blocks.count > 3 else { return }
        // Two of the first four lie in each half.
        #expect(blocks.prefix(4).count { $0 < count / 2 } == 2)
    }

    @Test("a sample whose first blocks are blank tells numbers all the same")
    func blanks() throws {
        let blank = String(repeating: " ", count: 1_024)
        // Every second block is looked at, the third of them last.
        let text = blank + blank + text(words: 150) + String(repeating: blank, count: 253)
        let sample = try sample(text, bytesMax: 128 << 10)
        try #require(!sample.isWhole && sample.table.total > 0)
        for minimum in [1, 5, 1_000] {
            #expect(sample.vocabulary(minimum: minimum).isFinite, "minimum \(minimum)")
            #expect(sample.occurrences(minimum: minimum).isFinite, "minimum \(minimum)")
        }
    }

    @Test("a corpus without a word is refused")
    func empty() {
        #expect(throws: (any Error).self) { try sample(" \n \n", bytesMax: 100) }
    }
}
