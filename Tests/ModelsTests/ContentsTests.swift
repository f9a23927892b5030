// Which files of a folder make the model, and which only stand beside it.

import Tensors
import Testing

@testable import Models

@Suite struct ContentsTests {
    @Test("of a folder only what is read counts")
    func stray() throws {
        let model = try BrokenModel(folder: ModelFixture.folder("st-dense"))
        let before = try FolderContents.names(in: model.folder)
        #expect(
            before == [
                "1_Pooling/config.json", "2_Dense/config.json", "2_Dense/model.safetensors",
                "3_Dense/config.json", "3_Dense/model.safetensors", "config.json",
                "model.safetensors", "modules.json", "sentence_bert_config.json",
                "tokenizer.json", "tokenizer_config.json",
            ])
        for name in [
            "reference-vectors.json", "extra.safetensors", "1_Pooling/notes.json",
            "onnx/config.json", "4_Other/model.safetensors",
        ] { try model.write("x", to: name) }
        #expect(try FolderContents.names(in: model.folder) == before)
        _ = try EmbeddingModel(directory: model.folder, options: EncodingOptions())
    }

    @Test("of weights in parts those count that the index names")
    func parts() throws {
        let model = try BrokenModel()
        let index = "model.safetensors.index.json"
        try model.write(
            #"{"weight_map": {"a": "part-1.safetensors", "b": "part-2.safetensors"}}"#, to: index)
        #expect(
            try FolderContents.names(in: model.folder) == [
                "config.json", "model.safetensors", "tokenizer.json",
            ])
        try model.remove("model.safetensors")
        #expect(
            try FolderContents.names(in: model.folder) == [
                "config.json", index, "part-1.safetensors", "part-2.safetensors", "tokenizer.json",
            ])
    }

    @Test(
        "a folder without weights or tokenizer is refused",
        arguments: ["model.safetensors", "tokenizer.json"])
    func lacking(file: String) throws {
        let model = try BrokenModel()
        try model.remove(file)
        do throws(ModelError) {
            _ = try FolderContents.names(in: model.folder)
            Issue.record("it is accepted")
        } catch {
            #expect(error.description.contains(file))
        }
    }
}
