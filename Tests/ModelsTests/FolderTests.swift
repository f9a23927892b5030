// Folders of sentence-transformers, compared with what it makes of them.

import Testing

@testable import Models

@Suite struct FolderTests {
    private func vectors(_ model: EmbeddingModel, _ texts: [String]) throws -> [[Float]] {
        let encoded = try model.encode(texts)
        return texts.indices.map { row in
            let start = encoded.vectors.floats + row * encoded.dimension
            return Array(UnsafeBufferPointer(start: start, count: encoded.dimension))
        }
    }

    @Test(
        "modules, prompts, lengths and dimensions are obeyed as sentence-transformers does",
        arguments: ModelFixture.folders)
    func folders(name: String) throws {
        let fixture = try ModelFixture(name)
        for (index, wanted) in (fixture.facts.cases ?? []).enumerated() {
            var options = EncodingOptions()
            options.prompt = wanted.prompt
            options.promptName = wanted.promptName
            options.dimension = wanted.dimension
            let model = try EmbeddingModel(directory: fixture.folder, options: options)
            #expect(model.maxLength == fixture.facts.maxLength)
            let keys = fixture.facts.texts.keys.sorted()
            let found = try vectors(model, keys.compactMap { fixture.facts.texts[$0] })
            for (key, vector) in zip(keys, found) {
                let error = distance(vector, try fixture.numbers("case.\(index).\(key)"))
                #expect(error < 1e-4, "\(name), case \(index), \(key): \(error)")
            }
        }
    }

    @Test("texts are cut to the length of the folder, and that is counted")
    func truncation() throws {
        let fixture = try ModelFixture("st-old")
        let model = try EmbeddingModel(directory: fixture.folder, options: EncodingOptions())
        let encoded = try model.encode(["A river flows.", fixture.facts.texts["long"] ?? ""])
        #expect(encoded.truncatedCount == 1)
        #expect(encoded.tokenCounts[1] > 500)
    }

    @Test("a vector for each token has the rows of the text, special tokens included")
    func tokenLevel() throws {
        let fixture = try ModelFixture("tiny-bert")
        var options = EncodingOptions()
        options.isTokenLevel = true
        let model = try EmbeddingModel(directory: fixture.folder, options: options)
        let encoded = try model.encode(["A river flows.", "river"])
        #expect(
            encoded.rowCounts.map(Int.init)
                == ["short", "word"].map { fixture.facts.ids[$0]?.count ?? 0 })
    }

    @Test("layers that were trained for pooled vectors are not applied to those of tokens")
    func tokensWithoutDense() throws {
        var options = EncodingOptions()
        options.isTokenLevel = true
        let model = try EmbeddingModel(
            directory: ModelFixture.folder("st-dense"), options: options)
        #expect(model.dimension == 32 && model.isNormalized)
    }

    @Test("options beside what the model can do are refused with a sentence")
    func options() throws {
        let folder = ModelFixture.folder("st-new")
        func refusal(_ change: (inout EncodingOptions) -> Void) -> String? {
            var options = EncodingOptions()
            change(&options)
            do throws(ModelError) {
                _ = try EmbeddingModel(directory: folder, options: options)
                return nil
            } catch { return error.description }
        }
        #expect(refusal { $0.layer = 3 }?.contains("0...2") == true)
        #expect(refusal { $0.layer = -1 } != nil)
        #expect(refusal { $0.dimension = 65 }?.contains("64") == true)
        #expect(refusal { $0.dimension = 0 } != nil)
        #expect(refusal { $0.maxLength = 129 }?.contains("128") == true)
        #expect(refusal { $0.maxLength = 2 } != nil)
        #expect(refusal { $0.promptName = "nothing" }?.contains("document, query") == true)
        #expect(refusal { $0.layer = 0 } == nil)
    }
}
