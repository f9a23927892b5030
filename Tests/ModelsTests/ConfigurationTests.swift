// How config.json and the files beside it are read, in the keys of several versions.

import Tensors
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

    @Test("normalisations in the names of BERT's first checkpoints are the same")
    func oldNames() throws {
        let fixture = try ModelFixture("bert")
        let ids = try #require(fixture.facts.ids["long"])
        let model = try BrokenModel()
        try model.rewriteWeights { tensors in
            for index in tensors.indices where tensors[index].entry.name.contains("LayerNorm") {
                let entry = tensors[index].entry
                let name = entry.name.replacing(".weight", with: ".gamma")
                    .replacing(".bias", with: ".beta")
                tensors[index].entry = .init(name: name, type: entry.type, shape: entry.shape)
            }
        }
        #expect(try states(model.folder, ids: ids) == states(fixture.folder, ids: ids))
    }

    @Test("types of tokens of a single text are refused where the model would tell them apart")
    func singleTypes() throws {
        let model = try BrokenModel()
        try model.replace("\"type_id\": 0", by: "\"type_id\": 1", in: "tokenizer.json", once: true)
        #expect(refusal(model)?.contains("the type 1") == true)
        try model.write(
            #"{"model_input_names": ["input_ids", "attention_mask"]}"#,
            to: "tokenizer_config.json")
        #expect(refusal(model) == nil)
    }

    @Test("ModernBERT's local angles are the global ones where theirs are null")
    func nullAngles() throws {
        let ids = try #require(ModelFixture("modernbert").facts.ids["long"])
        let null = try BrokenModel(copying: "modernbert")
        let same = try BrokenModel(copying: "modernbert")
        let absent = try BrokenModel(copying: "modernbert")
        let theta = "\"local_rope_theta\": 50.0"
        try null.replace(theta, by: "\"local_rope_theta\": null", in: "config.json")
        try same.replace(theta, by: "\"local_rope_theta\": 500.0", in: "config.json")
        try absent.replace(theta, by: "\"ignored\": 0", in: "config.json")
        let wanted = try states(same.folder, ids: ids)
        #expect(try states(null.folder, ids: ids) == wanted)
        #expect(try states(absent.folder, ids: ids) != wanted)
    }

    @Test("Mistral's window is that of transformers where it is not said, and none where null")
    func defaultWindow() throws {
        func before(_ text: String) throws -> Int {
            let model = try BrokenModel(copying: "mistral")
            try model.replace("\"sliding_window\": 8", by: text, in: "config.json")
            return try CheckpointFolder(path: model.folder).read(DecoderConfiguration.self)
                .pattern(layer: 0).before
        }
        #expect(try before("\"sliding_window\": 8") == 7)
        #expect(try before("\"ignored\": 8") == 4_095)
        #expect(try before("\"sliding_window\": null") == AttentionPattern.causal.before)
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
