// Which files of a folder make the model, and which only stand beside it.

import Glibc
import Tensors
import TestSupport
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

    @Test("names of files are the same wherever the folder is")
    func place() throws {
        let folder = ModelFixture.folder("st-dense")
        let scratch = try Scratch()
        for name in ["mod\u{e8}le", "e\u{300}", "\u{6a21}\u{578b}"] {
            try #require(symlink(folder, scratch.path(name)) == 0)
            #expect(
                try FolderContents.names(in: scratch.path(name)) == FolderContents.names(in: folder)
            )
        }
    }

    @Test("the Transformer's settings count by the name that they have")
    func oldName() throws {
        let model = try BrokenModel()
        try model.write("{}", to: "sentence_xlnet_config.json")
        try model.write("{}", to: "sentence_roberta_config.json")
        #expect(
            try FolderContents.names(in: model.folder) == [
                "config.json", "model.safetensors", "sentence_roberta_config.json",
                "tokenizer.json",
            ])
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
