// Late chunking: vectors of passages out of one pass over the document.

import Tensors
import TestSupport
import Testing
import Tokenizers

@testable import Models

@Suite struct LateChunkingTests {
    private func late(
        _ model: EmbeddingModel, _ text: String, _ chunks: [Range<Int>]
    ) throws -> [Float] {
        try Array(text.utf8).withUnsafeBytes { bytes in
            Result { () throws(ChunkError) in try model.lateChunkVectors(bytes, chunks) }
        }.get()
    }

    /// [tokens, width] of the whole text.
    private func states(_ name: String, _ text: String) throws -> [[Float]] {
        var options = EncodingOptions()
        options.isTokenLevel = true
        options.normalizes = false
        let model = try EmbeddingModel(directory: ModelFixture.folder(name), options: options)
        return try Array(text.utf8).withUnsafeBytes { bytes in
            let encoded = try model.encode([bytes], threads: 1, progress: EncodingProgress())
            return (0..<Int(encoded.rowCounts[0])).map { row in
                let start = encoded.vectors.floats + row * encoded.dimension
                return Array(UnsafeBufferPointer(start: start, count: encoded.dimension))
            }
        }
    }

    @Test(
        "a chunk's vector is the mean of its tokens' states in the whole document",
        arguments: ["bert", "roberta", "modernbert", "qwen3"])
    func means(family: String) throws {
        let text = "the wild hog swims over rivers and hills, as one; workers move models"
        var options = EncodingOptions()
        options.pooling = .mean
        options.normalizes = false
        let model = try EmbeddingModel(directory: ModelFixture.folder(family), options: options)
        let first = Array(text.utf8).firstIndex(of: 0x2c).map { $0 + 1 } ?? 0
        let found = try late(model, text, [0..<first, first..<text.utf8.count, 0..<0])
        let rows = try states(family, text)
        let (before, after) = model.tokenizer.specialTokensAround
        let head = String(text.prefix(first))
        let split = model.tokenizer.ids(of: head).count - after
        for (number, range) in [before..<split, split..<rows.count - after].enumerated() {
            let mean = (0..<model.dimension).map { column in
                rows[range].reduce(0) { $0 + $1[column] } / Float(range.count)
            }
            let vector = found[number * model.dimension..<(number + 1) * model.dimension]
            #expect(distance(mean, vector) < 1e-5, "\(family) \(number)")
        }
        #expect(found.suffix(model.dimension).allSatisfy { $0 == 0 })
    }

    @Test("a document that is too long is refused and not cut, and so is a range beyond it")
    func refusals() throws {
        let model = try ChunkSamples.model("tiny-bert")
        let long = String(repeating: "hog ", count: model.maxLength)
        #expect(throws: ChunkError.self) { try late(model, long, [0..<4]) }
        #expect(throws: ChunkError.self) { try late(model, "hog", [0..<4]) }
        #expect(throws: ChunkError.self) { try late(model, "hog", [-1..<2]) }
        #expect(try late(model, "hog", [0..<3]).count == model.dimension)
    }

    @Test("a document with more bytes than its tokens could tell is refused, and not tokenized")
    func manyBytes() throws {
        let model = try ChunkSamples.model("tiny-bert")
        let most = String(repeating: " ", count: 64 * model.maxLength)
        #expect(try late(model, most, [0..<1]).count == model.dimension)
        #expect {
            try late(model, most + " ", [0..<1])
        } throws: {
            "\($0)".contains("at most \(64 * model.maxLength)")
        }
    }
}
