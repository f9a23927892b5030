// How config.json and the files beside it are read, in the keys of several versions.

import Testing

@testable import Models

@Suite struct ConfigurationTests {
    /// Hidden states of the longest text.
    private func states(_ folder: String, ids: [Int32]) throws -> [Float] {
        let (_, transformer) = try Families.load(folder, Weights(directory: folder), .f32)
        var batch = TokenBatch()
        batch.add { $0 += ids }
        let workspace = Workspace()
        return try withExtendedLifetime(workspace) {
            let hidden = try transformer.states(
                of: batch, layers: transformer.layerCount, workspace)
            return Array(
                UnsafeBufferPointer(start: hidden, count: ids.count * transformer.width))
        }
    }

    /// What is said when the folder is opened, nil if it is accepted.
    private func refusal(_ model: BrokenModel) -> String? {
        do throws(ModelError) {
            _ = try EmbeddingModel(directory: model.folder, options: EncodingOptions())
            return nil
        } catch { return error.description }
    }

    @Test("ModernBERT's layers and angles are the same in the keys of transformers 5")
    func modernBert() throws {
        let fixture = try ModelFixture("modernbert")
        let ids = try #require(fixture.facts.ids["long"])
        let model = try BrokenModel(copying: "modernbert")
        try model.replace(
            "\"global_attn_every_n_layers\": 3",
            by: """
                "layer_types": ["full_attention", "sliding_attention", "sliding_attention",
                "full_attention"], "rope_parameters": {"full_attention": {"rope_theta": 500.0,
                "rope_type": "default"}, "sliding_attention": {"rope_theta": 50.0}}
                """, in: "config.json")
        try model.replace("\"global_rope_theta\": 500.0,", by: "", in: "config.json")
        try model.replace("\"local_rope_theta\": 50.0,", by: "", in: "config.json")
        #expect(try states(model.folder, ids: ids) == states(fixture.folder, ids: ids))
    }

    @Test("a decoder's window and angles are the same in the keys of both versions")
    func decoder() throws {
        let fixture = try ModelFixture("qwen3")
        let ids = try #require(fixture.facts.ids["long"])
        let model = try BrokenModel(copying: "qwen3")
        try model.replace("\"layer_types\":", by: "\"ignored\":", in: "config.json")
        try model.replace("\"rope_parameters\":", by: "\"rope_scaling\":", in: "config.json")
        try model.replace(
            "\"head_dim\"", by: "\"rope_theta\": 300.0, \"head_dim\"", in: "config.json")
        #expect(try states(model.folder, ids: ids) == states(fixture.folder, ids: ids))
    }

    @Test(
        "without modules a model that continues text gives its last token, others the mean",
        arguments: [("mistral", Pooling.lastToken), ("bert", .mean), ("llama", .mean)])
    func customaryPooling(name: String, pooling: Pooling) throws {
        let model = try EmbeddingModel(
            directory: ModelFixture.folder(name), options: EncodingOptions())
        #expect(model.poolings == [pooling])
    }

    @Test("a length that is no length stands for all positions")
    func endlessLength() throws {
        let model = try BrokenModel()
        try model.write(
            "{\"model_max_length\": 1000000000000000019884624838656}", to: "tokenizer_config.json")
        let read = try EmbeddingModel(directory: model.folder, options: EncodingOptions())
        #expect(read.maxLength == 512)
        try model.write("{\"model_max_length\": 40}", to: "tokenizer_config.json")
        let short = try EmbeddingModel(directory: model.folder, options: EncodingOptions())
        #expect(short.maxLength == 40)
    }

    private func ids(_ model: BrokenModel, _ text: String) throws -> [Int32] {
        try EmbeddingModel(directory: model.folder, options: EncodingOptions())
            .tokenizer.ids(of: text)
    }

    @Test("tokens that tokenizer_config.json puts around texts are put there")
    func tokensAround() throws {
        let model = try BrokenModel(copying: "mistral")
        let plain = try ids(model, "hog")
        try model.write(
            """
            {"add_bos_token": true, "add_eos_token": true, "bos_token": {"content": "<|begin|>"},
            "eos_token": "<|end|>"}
            """, to: "tokenizer_config.json")
        #expect(plain.first != 0 && plain.last == 1)
        #expect(try ids(model, "hog") == [0] + plain)
        try model.write(#"{"add_bos_token": true}"#, to: "tokenizer_config.json")
        #expect(try ids(model, "hog") == plain)
    }

    @Test("tokenizer_config.json goes before BERT's normalizer, unless its class is the plain one")
    func caseOfTokenizer() throws {
        let model = try BrokenModel()
        let (lower, plain) = (try ids(model, "hog"), try ids(model, "HOG"))
        try model.write(#"{"do_lower_case": false}"#, to: "tokenizer_config.json")
        #expect(plain == lower)
        #expect(try ids(model, "HOG") != lower)
        try model.write(
            #"{"do_lower_case": false, "tokenizer_class": "PreTrainedTokenizerFast"}"#,
            to: "tokenizer_config.json")
        #expect(try ids(model, "HOG") == lower)
    }

    @Test("rotary embeddings that are not known are refused by name")
    func rotary() throws {
        let model = try BrokenModel(copying: "llama")
        try model.replace("\"llama3\"", by: "\"longrope\"", in: "config.json")
        #expect(refusal(model)?.contains("longrope") == true)
    }

    @Test(
        "padding that leaves no positions is refused",
        arguments: [-1, 97, 9_223_372_036_854_775_807])
    func padding(id: Int) throws {
        let model = try BrokenModel(copying: "roberta")
        try model.replace("\"pad_token_id\": 1", by: "\"pad_token_id\": \(id)", in: "config.json")
        #expect(refusal(model)?.contains("pad_token_id") == true)
    }

    @Test(
        "modules that lead elsewhere or are not known are refused by name",
        arguments: [
            ("../1_Pooling", "sentence_transformers.models.Pooling", "../1_Pooling"),
            ("/etc", "sentence_transformers.models.Pooling", "/etc"),
            ("", "sentence_transformers.models.WeightedLayerPooling", "WeightedLayerPooling"),
        ])
    func modules(path: String, type: String, named: String) throws {
        let model = try BrokenModel()
        try model.write(
            "[{\"idx\": 0, \"name\": \"0\", \"path\": \"\(path)\", \"type\": \"\(type)\"}]",
            to: "modules.json")
        #expect(refusal(model)?.contains(named) == true)
    }

    @Test("a pooling that is not known is refused by name")
    func pooling() throws {
        let model = try BrokenModel()
        try model.write(
            """
            [{"path": "", "type": "a.Transformer"}, {"path": ".", "type": "b.Pooling"}]
            """, to: "modules.json")
        try model.replace(
            "\"model_type\"", by: "\"pooling_mode\": \"attention\", \"model_type\"",
            in: "config.json")
        #expect(refusal(model)?.contains("the pooling attention") == true)
    }
}
