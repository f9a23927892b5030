// What a folder must not be, and what is said about it.

import Glibc
import Tensors
import TestSupport
import Testing

@testable import Models

@Suite struct RefusalTests {
    /// What is said when the folder is opened.
    private func refusal(_ model: BrokenModel, options: EncodingOptions = .init()) -> String? {
        do throws(ModelError) {
            _ = try EmbeddingModel(directory: model.folder, options: options)
            return nil
        } catch {
            return error.description
        }
    }

    @Test("an untouched copy is accepted")
    func untouched() throws {
        #expect(try refusal(BrokenModel()) == nil)
    }

    @Test("truncated weights are refused", arguments: [0, 7, 100, 20_000])
    func truncated(count: Int) throws {
        let model = try BrokenModel()
        try model.truncateWeights(to: count)
        let sentence = try #require(refusal(model))
        #expect(sentence.contains("model.safetensors"))
    }

    @Test("a missing tensor is named")
    func missing() throws {
        let model = try BrokenModel()
        try model.rewriteWeights {
            $0.removeAll { $0.entry.name.hasSuffix("layer.1.output.dense.bias") }
        }
        let sentence = try #require(refusal(model))
        #expect(sentence.contains("layer.1.output.dense.bias"))
    }

    @Test("a surplus tensor is named")
    func surplus() throws {
        let model = try BrokenModel()
        try model.rewriteWeights {
            $0.append(
                .init(
                    entry: .init(name: "encoder.adapter.weight", type: .f32, shape: [1]),
                    bytes: [0, 0, 0, 0]))
        }
        let sentence = try #require(refusal(model))
        #expect(sentence.contains("encoder.adapter.weight"))
    }

    @Test("a weight that is not a number is named", arguments: ["NaN", "infinity"])
    func notANumber(kind: String) throws {
        let model = try BrokenModel()
        try model.rewriteWeights { tensors in
            for index in tensors.indices
            where tensors[index].entry.name.hasSuffix("layer.0.output.dense.weight") {
                let value: Float = kind == "NaN" ? .nan : .infinity
                withUnsafeBytes(of: value) {
                    tensors[index].bytes.replaceSubrange(40..<44, with: $0)
                }
            }
        }
        let sentence = try #require(refusal(model))
        #expect(sentence.contains("layer.0.output.dense.weight"))
    }

    @Test(
        "a value of a vocabulary in 16 bits that is not a number is named, wherever it stands",
        arguments: [("qwen3", "embed_tokens.weight"), ("distilbert", "word_embeddings.weight")],
        [0, 4_098, -1])
    func notANumberOf16Bits(model: (name: String, table: String), place: Int) throws {
        let broken = try BrokenModel(copying: model.name)
        try broken.rewriteWeights { tensors in
            for index in tensors.indices where tensors[index].entry.name.hasSuffix(model.table) {
                let at = place < 0 ? tensors[index].bytes.count - 2 : 2 * place
                tensors[index].bytes.replaceSubrange(at..<at + 2, with: [0xFF, 0xFF])
            }
        }
        let sentence = try #require(refusal(broken))
        #expect(sentence.contains(model.table))
    }

    @Test("a tensor of another shape is named with both shapes")
    func shape() throws {
        let model = try BrokenModel()
        try model.replace("\"hidden_size\": 32", by: "\"hidden_size\": 40", in: "config.json")
        let sentence = try #require(refusal(model))
        #expect(sentence.contains("32") && sentence.contains("40"))
    }

    @Test("an unknown architecture is named, with those that are known")
    func architecture() throws {
        let model = try BrokenModel()
        try model.replace(
            "\"model_type\": \"bert\"", by: "\"model_type\": \"t5\"", in: "config.json")
        let sentence = try #require(refusal(model))
        #expect(sentence.contains("t5"))
        for known in ["bert", "distilbert", "modernbert", "mpnet", "nomic_bert", "qwen3"] {
            #expect(sentence.contains(known))
        }
    }

    @Test(
        "sizes that no model has are refused",
        arguments: [
            ("\"num_hidden_layers\": 2", "\"num_hidden_layers\": -1"),
            ("\"num_hidden_layers\": 2", "\"num_hidden_layers\": 9223372036854775807"),
            ("\"num_attention_heads\": 4", "\"num_attention_heads\": 0"),
            ("\"num_attention_heads\": 4", "\"num_attention_heads\": 5"),
            ("\"hidden_size\": 32", "\"hidden_size\": 0"),
            ("\"hidden_size\": 32", "\"hidden_size\": 4611686018427387904"),
            ("\"vocab_size\": 320", "\"vocab_size\": -5"),
            ("\"max_position_embeddings\": 512", "\"max_position_embeddings\": 0"),
            ("\"hidden_act\": \"gelu\"", "\"hidden_act\": \"swoosh\""),
        ])
    func sizes(old: String, new: String) throws {
        let model = try BrokenModel()
        try model.replace(old, by: new, in: "config.json")
        #expect(refusal(model) != nil)
    }

    @Test(
        "a decoder's head of a width that no model has is refused, however wide",
        arguments: ["0", "-8", "9223372036854775807", "4611686018427387905"])
    func headWidth(value: String) throws {
        let model = try BrokenModel(copying: "qwen3")
        try model.replace("\"head_dim\"", by: "\"ignored\"", in: "config.json")
        try model.replace("{", by: "{\"head_dim\": \(value),", in: "config.json", once: true)
        #expect(try #require(refusal(model)).contains("head_dim \(value)"))
    }

    @Test("a normalisation that adds no sound number is refused", arguments: ["-1", "1e39"])
    func epsilon(value: String) throws {
        let model = try BrokenModel()
        try model.replace(
            "\"layer_norm_eps\": 0.02", by: "\"layer_norm_eps\": \(value)", in: "config.json")
        let sentence = try #require(refusal(model))
        #expect(sentence.contains("config.json") && sentence.contains("epsilon"))
    }

    @Test(
        "an encoder that is to be used as a decoder is refused by name",
        arguments: ["bert", "roberta", "modernbert", "nomic", "mpnet", "distilbert"])
    func decoder(family: String) throws {
        let model = try BrokenModel(copying: family)
        try model.replace("{", by: "{\"is_decoder\": true,", in: "config.json", once: true)
        #expect(try #require(refusal(model)).contains("is_decoder"))
    }

    @Test("what a file lacks or has in another form is told by the file's own key")
    func keys() throws {
        let lacking = try BrokenModel()
        try lacking.replace("\"hidden_size\"", by: "\"hidden\"", in: "config.json")
        #expect(try #require(refusal(lacking)).contains("lacks the key hidden_size"))
        let other = try BrokenModel()
        try other.replace("\"hidden_size\": 32", by: "\"hidden_size\": []", in: "config.json")
        #expect(try #require(refusal(other)).contains("hidden_size has another type"))
    }

    @Test(
        "settings of the folder that are out of range are told with their file",
        arguments: [
            ("sentence_bert_config.json", "{\"max_seq_length\": 0}", "max_seq_length 0"),
            ("sentence_bert_config.json", "{\"max_seq_length\": -3}", "max_seq_length -3"),
            ("config_sentence_transformers.json", "{\"truncate_dim\": -5}", "truncate_dim -5"),
            (
                "config_sentence_transformers.json",
                "{\"prompts\": {\"q\": \"Q: \"}, \"default_prompt_name\": \"z\"}",
                "default_prompt_name z"
            ),
        ])
    func folderSettings(file: String, text: String, part: String) throws {
        let model = try BrokenModel()
        try model.write(text, to: file)
        do throws(ModelError) {
            _ = try EmbeddingModel(directory: model.folder, options: EncodingOptions())
            Issue.record("\(text) is accepted")
        } catch {
            guard case .configuration(let path, let reason) = error else {
                Issue.record("\(error)")
                return
            }
            #expect(path.hasSuffix(file) && reason.contains(part))
        }
    }

    @Test("pipes where files should be are refused and not waited for")
    func pipes() throws {
        for file in ["config.json", "model.safetensors", "tokenizer.json"] {
            let model = try BrokenModel()
            try model.remove(file)
            mkfifo("\(model.folder)/\(file)", 0o600)
            #expect(refusal(model) != nil, "\(file)")
        }
    }
}
