// Where passages end: sentences, paragraphs, parents, changes of subject; and late chunking.

import TestSupport
import Testing
import Tokenizers

@testable import Models

@Suite struct ChunkPlaceTests {
    private func sentences(_ text: String) -> [String] {
        let bytes = Array(text.utf8)
        let ends = bytes.withUnsafeBytes { SentenceSplitter.ends(in: PassageText(bytes: $0)) }
        return zip([0] + ends, ends).map { String(decoding: bytes[$0..<$1], as: UTF8.self) }
    }

    @Test(
        "sentences end where a reader sees it",
        arguments: [
            ["The hog swam. ", "It was cold! ", "Was it? ", "Yes."],
            ["Dr. Smith met J. R. Miller at 3.14 p.m. and left. ", "He wrote vs. nobody."],
            ["“Stop!” ", "“Why?” she asked. ", "(It rained.) ", "End"],
            ["Wait... what? ", "Wait… ", "No?! ", "Fine."],
            ["See example.com or v1.2.3 now. ", "Then go."],
            ["今日は寒い。", "「はい。」", "行こう！", "え？", "終わり"],
            ["A heading\n\n", "Text over\ntwo lines. ", "More\n \n", "Last"],
            ["1. First point here\n2. still the same. ", "Next."],
            ["  leading. ", "Ünder. ", "Über. "], ["क्या? ", "हाँ। ", "ठीक"], ["no end at all"],
            [" \n\n "],
        ])
    func splitting(_ expected: [String]) {
        #expect(sentences(expected.joined()) == expected)
    }

    private func texts(
        _ strategy: ChunkStrategy, tokens: Int, _ text: String, _ name: String = "bert"
    ) throws -> [String] {
        let model = try ChunkSamples.model(name)
        let chunker = try TextChunker(
            ChunkPlan(strategy, tokens: tokens), TokenMeasure(of: model), model: model)
        return try chunker.texts(text)
    }

    @Test("whole sentences are packed, and as many as wanted are repeated")
    func packing() throws {
        let all = (0..<6).map { "The \($0) hog ran. " }
        let model = try ChunkSamples.model("bert")
        let two = model.tokenizer.ids(of: all[0] + all[1]).count
        let pairs = try texts(.sentences(), tokens: max(two, 10), all.joined())
        #expect(pairs == [all[0] + all[1], all[2] + all[3], all[4] + all[5]])
        let three = model.tokenizer.ids(of: all[0...2].joined()).count
        let shared = try texts(.sentences(overlap: 1), tokens: three, all.joined())
        #expect(shared == [all[0...2].joined(), all[2...4].joined(), all[4] + all[5]])
    }

    @Test("paragraphs are packed; one that is too long is cut at sentences")
    func paragraphs() throws {
        let short = "The hog ran.\n\n"
        let long = "The hog ran far. It swam. "
        let text = short + long + long + long + "\n \n" + short
        let model = try ChunkSamples.model("bert")
        let limit = model.tokenizer.ids(of: long + "The hog ran far. ").count
        let parts = try texts(.paragraphs, tokens: limit, text)
        #expect(parts.joined() == text && parts.first == short && parts.count > 3)
        #expect(parts.dropFirst().allSatisfy { $0.hasPrefix("The hog") || $0.hasPrefix("It swam") })
        #expect(try texts(.paragraphs, tokens: 60, short + short) == [short + short])
    }

    @Test("every chunk lies in its parent, and a parent that fits a chunk is one")
    func hierarchy() throws {
        let model = try ChunkSamples.model("bert")
        let chunker = try TextChunker(
            ChunkPlan(.hierarchical(parentTokens: 60), tokens: 20), TokenMeasure(of: model))
        let found = try chunker.chunks(PlainText.words(400))
        #expect(found.parents.count > 3 && found.chunks.count > 2 * found.parents.count)
        for (number, parent) in found.parents.enumerated() {
            let own = found.chunks.filter { $0.parent == number }
            #expect(own.first?.bytes.lowerBound == parent.bytes.lowerBound)
            #expect(own.last?.bytes.upperBound == parent.bytes.upperBound)
        }
        let short = try chunker.chunks("The hog.")
        #expect(short.parents.map(\.bytes) == short.chunks.map(\.bytes))
    }

    @Test("semantic breaks are where neighbouring sentences are least alike")
    func semantic() throws {
        let model = try ChunkSamples.model("tiny-bert")
        let sentences = (0..<4).map { _ in "The wild hog swims. " } + ["東京 12 Über — models! "]
        let text = sentences.joined()
        for threshold in [SemanticThreshold.percentile(20), .cosine(0.999)] {
            #expect(
                try texts(.semantic(threshold), tokens: 70, text, "tiny-bert") == [
                    sentences[0...3].joined(), sentences[4],
                ])
        }
        #expect(try texts(.semantic(.cosine(-1)), tokens: 70, text, "tiny-bert").count == 1)
        #expect(model.tokenizer.ids(of: text).count <= 70)
    }
}
