// Vectors of tokens and of texts of one pass, against two passes.

import TestSupport
import Testing

@testable import Models

@Suite struct JointEncodingTests {
    /// Some of them are beyond the length of the models, some next to empty.
    private static let texts: [String] = {
        var numbers = Numbers(31)
        let words = ["river", "A", "worker", "small", ",", "12", "Über", "東京", "doesn't"]
        return (0..<40).map { _ in
            let count = [0, 1, 3, 10, 40, 300].randomElement(using: &numbers) ?? 1
            return (0..<count).map { _ in words.randomElement(using: &numbers) ?? "" }
                .joined(separator: " ")
        }
    }()

    private func compare(
        _ folder: String, _ options: LateInteractionOptions,
        _ change: (inout EncodingOptions) -> Void
    ) throws {
        let tokens = try LateInteractionModel(directory: folder, options: options)
        var embedding = EncodingOptions()
        embedding.precision = options.precision
        embedding.maxLength = options.documentLength
        embedding.layer = options.layer
        change(&embedding)
        let beside = try EmbeddingModel(directory: folder, options: embedding, beside: tokens)
        let alone = try EmbeddingModel(directory: folder, options: embedding)
        let joint = try #require(JointEncoding(tokens, beside), "\(folder)")
        for threads in [1, 3] {
            let (both, expectedTokens, expectedTexts) = try Self.texts.withBytes {
                spans throws(ModelError) in
                (
                    try joint.encode(spans, threads: threads, progress: EncodingProgress()),
                    try tokens.encodeDocuments(spans, threads: 1, progress: EncodingProgress()),
                    try alone.encode(spans, threads: 1, progress: EncodingProgress())
                )
            }
            #expect(both.tokens.parts == expectedTokens.parts, "\(folder)")
            #expect(both.tokens.tokenCounts == expectedTokens.tokenCounts)
            #expect(both.texts.parts == expectedTexts.parts, "\(folder)")
            #expect(both.texts.rowCounts == expectedTexts.rowCounts)
            #expect(both.texts.tokenCounts == expectedTexts.tokenCounts)
        }
    }

    @Test(
        "one pass makes the vectors of two, to the last bit",
        arguments: [
            "bert", "distilbert", "modernbert", "mpnet", "nomic", "qwen3", "st-dense", "st-new",
            "tiny-bert",
        ])
    func same(name: String) throws {
        let folder = ModelFixture.folder(name)
        let isPooled = name.hasPrefix("st-") || name == "tiny-bert"
        var options = LateInteractionOptions()
        try compare(folder, options) { if !isPooled { $0.pooling = .mean } }
        options.projection = .random(dimension: 8, seed: 1)
        options.keepsSpecialTokens = false
        options.skipsPunctuation = true
        options.documentLength = 24
        try compare(folder, options) { $0.pooling = .max }
        options.precision = .bf16
        options.layer = 1
        try compare(folder, options) { $0.pooling = .cls }
    }

    @Test(
        "a query has the vectors of two passes after one, to the last bit",
        arguments: ["bert", "modernbert", "qwen3", "st-dense", "st-new", "tiny-bert"])
    func queries(name: String) throws {
        let folder = ModelFixture.folder(name)
        let tokens = try LateInteractionModel(
            directory: folder, options: LateInteractionOptions())
        var options = EncodingOptions()
        if !name.hasPrefix("st-"), name != "tiny-bert" { options.pooling = .mean }
        if tokens.prompts["query"] != nil { options.promptName = "query" }
        let beside = try EmbeddingModel(directory: folder, options: options, beside: tokens)
        let alone = try EmbeddingModel(directory: folder, options: options)
        let joint = try #require(JointEncoding(queriesOf: tokens, beside), "\(folder)")
        for text in Self.texts {
            let (both, expectedTokens, expectedText) = try [text].withBytes {
                spans throws(ModelError) in
                (
                    try joint.encode(spans, threads: 1, progress: EncodingProgress()),
                    try tokens.encodeQueries(spans, threads: 1, progress: EncodingProgress()),
                    try alone.encode(spans, threads: 1, progress: EncodingProgress())
                )
            }
            #expect(both.tokens.parts == expectedTokens.parts, "\(folder)")
            #expect(both.tokens.truncatedCount == expectedTokens.truncatedCount)
            #expect(both.texts.parts == expectedText.parts, "\(folder)")
        }
    }

    @Test("models that read a document as other tokens are not run together")
    func apart() throws {
        let folder = ModelFixture.folder("tiny-bert")
        let tokens = try LateInteractionModel(
            directory: folder, options: LateInteractionOptions())
        let changes: [(inout EncodingOptions) -> Void] = [
            { $0.maxLength = 9 }, { $0.prompt = "A river: " }, { $0.layer = 1 },
            { $0.precision = .int8 }, { $0.isTokenLevel = true },
        ]
        for change in changes {
            var options = EncodingOptions()
            change(&options)
            let model = try EmbeddingModel(directory: folder, options: options, beside: tokens)
            #expect(JointEncoding(tokens, model) == nil)
            #expect(JointEncoding(queriesOf: tokens, model) == nil)
        }
        // The mark of the role is a token of its own.
        let marked = ModelFixture.folder("pylate-bert", in: "late-interaction")
        let colbert = try LateInteractionModel(
            directory: marked, options: LateInteractionOptions())
        var options = EncodingOptions()
        options.pooling = .mean
        options.maxLength = colbert.documentLength
        if let model = try? EmbeddingModel(directory: marked, options: options, beside: colbert) {
            #expect(JointEncoding(colbert, model) == nil)
        }
    }
}
