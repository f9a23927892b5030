// Documents in passages: nothing lost, nothing too long, for any text and any tokenizer.

import TestSupport
import Testing
import Tokenizers

@testable import Models

@Suite struct ChunkTests {
    private static let strategies: [ChunkStrategy] = [
        .fixed(overlap: 0), .fixed(overlap: 9), .sentences(), .sentences(overlap: 2), .paragraphs,
        .semantic(.percentile(30)), .semantic(.cosine(0.9)), .hierarchical(parentTokens: 100),
    ]

    @Test(
        "random texts come back whole from passages that the encoder takes whole",
        arguments: ModelFixture.families)
    func random(family: String) throws {
        for prompt in ["", "passage: "] {
            let model = try ChunkSamples.model(family, prompt: prompt)
            for (number, strategy) in Self.strategies.enumerated() {
                let plan = ChunkPlan(strategy, tokens: min(40 + number, model.maxLength))
                let chunker = try TextChunker(plan, TokenMeasure(of: model), model: model)
                for seed in 0..<6 {
                    let text = ChunkSamples.text(seed, pieces: seed * seed * 10 + 1)
                    let found = try chunker.chunks(text)
                    let comment: Comment = "\(family) \(strategy) \(seed)"
                    try expectWhole(found.chunks, of: text, model, tokens: plan.tokens, comment)
                    guard case .hierarchical(let most) = strategy else { continue }
                    try expectWhole(found.parents, of: text, model, tokens: most, comment)
                    for chunk in found.chunks {
                        let parent = found.parents[try #require(chunk.parent)]
                        #expect(parent.bytes.contains(chunk.bytes.lowerBound), comment)
                        #expect(parent.bytes.upperBound >= chunk.bytes.upperBound, comment)
                    }
                }
            }
        }
    }

    @Test("passages are as long as they may be")
    func full() throws {
        let model = try ChunkSamples.model("bert")
        let text = PlainText.words(4_000)
        let chunker = try TextChunker(
            ChunkPlan(.fixed(overlap: 8), tokens: 48), TokenMeasure(of: model))
        let chunks = try chunker.chunks(text).chunks
        let bytes = Array(text.utf8)
        for (chunk, next) in zip(chunks, chunks.dropFirst()) {
            // One word more would be too much.
            let rest = bytes[chunk.bytes.upperBound...]
            let word = rest.prefix { $0 != 0x20 }
            let longer = String(decoding: bytes[chunk.bytes] + word, as: UTF8.self)
            #expect(model.tokenizer.ids(of: longer).count > 48)
            let shared = String(
                decoding: bytes[next.bytes.lowerBound..<chunk.bytes.upperBound], as: UTF8.self)
            #expect((1...8 + 2).contains(model.tokenizer.ids(of: shared).count))
        }
        #expect(chunks.count > 50)
    }

    @Test("characters that people see stay whole, unless they are longer than any passage")
    func characters() throws {
        let model = try ChunkSamples.model("llama")
        let chunker = try TextChunker(
            ChunkPlan(.fixed(overlap: 0), tokens: 64), TokenMeasure(of: model))
        for character in ["e\u{301}", "👩‍👩‍👧", "🇩🇪", "각", "東"] {
            let text = String(repeating: character, count: 200)
            let parts = try chunker.texts(text)
            #expect(parts.count > 2 && parts.joined() == text)
            for part in parts { #expect(part.allSatisfy { String($0) == character }) }
        }
        let marks = "o" + String(repeating: "\u{308}", count: 3_000)
        #expect(
            try chunker.texts(marks).joined().unicodeScalars.elementsEqual(marks.unicodeScalars))
    }

    @Test("bytes that are not UTF-8 are cut, too, and none is lost")
    func invalid() throws {
        let model = try ChunkSamples.model("qwen2")
        var numbers = Numbers(3)
        for strategy in [ChunkStrategy.fixed(overlap: 4), .sentences(overlap: 1), .paragraphs] {
            let chunker = try TextChunker(
                ChunkPlan(strategy, tokens: 32), TokenMeasure(of: model))
            for _ in 0..<40 {
                let kinds: [ClosedRange<UInt8>] = [0...255, 0x80...0xbf, 0xe0...0xff, 0x20...0xff]
                let kind = kinds.randomElement(using: &numbers) ?? 0...255
                let bytes = (0..<700).map { _ in UInt8.random(in: kind, using: &numbers) }
                let chunks = try chunker.chunks(bytes).chunks
                #expect(chunks.flatMap { bytes[$0.freshStart..<$0.bytes.upperBound] } == bytes)
                #expect(chunks.allSatisfy { $0.tokens <= 32 })
            }
        }
    }

    @Test("an empty document has no passages, a short one has one")
    func short() throws {
        let model = try ChunkSamples.model("tiny-bert")
        for strategy in Self.strategies {
            let chunker = try TextChunker(
                ChunkPlan(strategy, tokens: 30), TokenMeasure(of: model), model: model)
            #expect(try chunker.chunks("") == ChunkedText())
            #expect(try chunker.texts("the wild hog") == ["the wild hog"])
        }
    }

    @Test("what no document could be cut by is refused with a sentence")
    func refusals() throws {
        let model = try ChunkSamples.model("tiny-bert")
        let plans: [(ChunkPlan, String)] = [
            (ChunkPlan(tokens: model.maxLength + 1), "longer than the \(model.maxLength)"),
            (ChunkPlan(tokens: 3), "at least 10"), (ChunkPlan(tokens: -1), "at least"),
            (ChunkPlan(.fixed(overlap: 20), tokens: 30), "within 0 and 14"),
            (ChunkPlan(.fixed(overlap: -1), tokens: 30), "within 0 and 14"),
            (ChunkPlan(.sentences(overlap: -1), tokens: 30), "sentences"),
            (ChunkPlan(.semantic(.percentile(101)), tokens: 30), "percentile 101"),
            (ChunkPlan(.semantic(.cosine(.nan)), tokens: 30), "cosine nan"),
            (ChunkPlan(.semantic(.cosine(0)), tokens: 30), "need a model"),
            (ChunkPlan(.hierarchical(parentTokens: 29), tokens: 30), "parents of 29"),
        ]
        for (plan, part) in plans {
            do throws(ChunkError) {
                _ = try TextChunker(plan, TokenMeasure(of: model))
                Issue.record("\(plan)")
            } catch { #expect("\(error)".contains(part), "\(error)") }
        }
    }

    @Test("more tokens than any chunk may have are refused, whatever the model takes")
    func limit() throws {
        let broken = try BrokenModel(copying: "llama")
        try broken.replace(
            "\"max_position_embeddings\": 256", by: "\"max_position_embeddings\": 2000000",
            in: "config.json")
        let model = try EmbeddingModel(directory: broken.folder, options: EncodingOptions())
        let plan = ChunkPlan(.hierarchical(parentTokens: 1_600_000), tokens: 1_500_000)
        #expect {
            try TextChunker(plan, TokenMeasure(of: model))
        } throws: {
            "\($0)".contains("1048576")
        }
    }

    @Test("cutting ends when it is stopped", arguments: ["fixed", "paragraphs", "semantic"])
    func stopped(strategy: String) throws {
        let model = try ChunkSamples.model("tiny-bert")
        let strategies: [String: ChunkStrategy] = [
            "fixed": .fixed(), "paragraphs": .paragraphs, "semantic": .semantic(),
        ]
        let chunker = try TextChunker(
            ChunkPlan(try #require(strategies[strategy]), tokens: 120), TokenMeasure(of: model),
            model: model, progress: EncodingProgress { true })
        #expect {
            try chunker.chunks("The hog swims. Rivers flow.")
        } throws: {
            "\($0)" == "stopped on request"
        }
    }

    @Test("a million spaces, and a word without an end, take no time and become many passages")
    func monsters() throws {
        let model = try ChunkSamples.model("bert")
        let chunker = try TextChunker(
            ChunkPlan(.fixed(overlap: 10), tokens: 40), TokenMeasure(of: model))
        let monsters = [" ", "a", "\u{308}", "\n", "東", "🇩🇪", ". ", "\r\n"].map {
            String(repeating: $0, count: 1_000_000 / $0.utf8.count)
        }
        let clock = ContinuousClock()
        for monster in monsters {
            let start = clock.now
            let chunks = try chunker.chunks(monster).chunks
            #expect(chunks.count > 100 && chunks.last?.bytes.upperBound == monster.utf8.count)
            #expect(clock.now - start < .seconds(20))
        }
    }
}

enum PlainText {
    static func words(_ count: Int) -> String {
        var numbers = Numbers(5)
        let words = ["river", "a", "worker", "small", "models", "doesn't", "antidisestablishment"]
        return (0..<count).map { _ in words.randomElement(using: &numbers) ?? "" }
            .joined(separator: " ")
    }
}
