// Texts to cut, and what must be true of every document that was cut.

import TestSupport
import Testing
import Tokenizers

@testable import Models

enum ChunkSamples {
    /// What real texts have, and what they have not: letters of many scripts, marks, joined emoji,
    /// flags, controls, long words, white space of all kinds.
    static let pieces = [
        "river", "wild hog", " ", "  ", "\n", "\n\n", "\r\n", "\t", ". ", "! ", "? ", ".", "…",
        "3.14",
        "Dr. ", "東京", "。", "「水」", "ありがとう", "한국어", "Über", "naïve", "e\u{301}", "n\u{303}\u{323}",
        "👩‍👩‍👧‍👦", "🇩🇪🇫🇷", "👍🏽", "ﷺ", "ﬁ", "\u{200b}", "\u{feff}", "\u{a0}", "\u{3000}", "א",
        "العربية", "हिन्दी", "ก็", "\u{fffd}", "\u{0}", "\u{7f}", "x", "<s>", "[SEP]", "doesn't",
        "abcdefghijklmnopqrstuvwxyz", "12345678901234567890", "𝒜", "_", "—", "\"", "(", ")",
        String(repeating: "ab", count: 120), String(repeating: " ", count: 90),
        "o" + String(repeating: "\u{308}", count: 40),
    ]

    static func text(_ seed: Int, pieces count: Int) -> String {
        var numbers = Numbers(seed)
        var text = ""
        for _ in 0..<count {
            text.unicodeScalars += (pieces.randomElement(using: &numbers) ?? "").unicodeScalars
            if Bool.random(using: &numbers) { text += " " }
        }
        return text
    }

    static func model(_ name: String, prompt: String? = nil) throws -> EmbeddingModel {
        var options = EncodingOptions()
        options.prompt = prompt
        options.pooling = .mean
        return try EmbeddingModel(directory: ModelFixture.folder(name), options: options)
    }
}

extension TextChunker {
    func chunks(_ text: [UInt8]) throws -> ChunkedText {
        try text.withUnsafeBytes { bytes in
            Result { () throws(ChunkError) in try chunks(of: bytes) }
        }.get()
    }

    func chunks(_ text: String) throws -> ChunkedText { try chunks(Array(text.utf8)) }

    /// The passages as texts.
    func texts(_ text: String) throws -> [String] {
        let bytes = Array(text.utf8)
        return try chunks(bytes).chunks.map { String(decoding: bytes[$0.bytes], as: UTF8.self) }
    }
}

/// Checks passages that follow each other: nothing is lost, nothing is cut in two, offsets agree
/// with the text, and the encoder takes each as a whole.
func expectWhole(
    _ chunks: [TextChunk], of text: String, _ model: EmbeddingModel, tokens limit: Int,
    _ comment: Comment
) throws {
    let bytes = Array(text.utf8)
    var joined: [UInt8] = []
    var longest = 0
    for chunk in chunks {
        let part = Array(bytes[chunk.bytes])
        let string = try #require(String(validating: part, as: UTF8.self), comment)
        let isPlaced =
            chunk.characters.count == string.unicodeScalars.count
            && chunk.characters.lowerBound
                == String(decoding: bytes[..<chunk.bytes.lowerBound], as: UTF8.self)
                .unicodeScalars.count
        #expect(isPlaced, comment)
        #expect(chunk.bytes.lowerBound <= chunk.freshStart, comment)
        #expect(chunk.freshStart < chunk.bytes.upperBound, comment)
        #expect(chunk.freshStart == joined.count, comment)
        joined += bytes[chunk.freshStart..<chunk.bytes.upperBound]
        let found = model.tokenizer.ids(of: model.prompt + string).count
        #expect(found == chunk.tokens, comment)
        longest = max(longest, found)
    }
    #expect(joined == bytes, comment)
    #expect(longest <= limit, comment)
}
