// How the files of settings beside config.json are obeyed.

import Testing

@testable import Models

@Suite struct SettingsTests {
    /// What is said when the folder is opened, nil if it is accepted.
    private func refusal(_ model: BrokenModel) -> String? {
        do throws(ModelError) {
            _ = try EmbeddingModel(directory: model.folder, options: EncodingOptions())
            return nil
        } catch { return error.description }
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
        try model.write(
            """
            {"add_bos_token": true, "bos_token": "<|begin|>", "tokenizer_class": "Qwen2Tokenizer"}
            """, to: "tokenizer_config.json")
        #expect(try ids(model, "hog") == plain)
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

    @Test("the Transformer's settings are read by each of their names, the first that is there")
    func transformerNames() throws {
        let model = try BrokenModel(copying: "roberta")
        func length() throws -> Int {
            try EmbeddingModel(directory: model.folder, options: EncodingOptions()).maxLength
        }
        try model.write(#"{"max_seq_length": 30}"#, to: "sentence_xlnet_config.json")
        #expect(try length() == 30)
        try model.write(#"{"max_seq_length": 40}"#, to: "sentence_roberta_config.json")
        #expect(try length() == 40)
        try model.write(
            #"{"max_seq_length": 50, "processing_kwargs": {"text": {"max_length": 45}}}"#,
            to: "sentence_bert_config.json")
        #expect(try length() == 45)
    }

    @Test(
        "inputs and outcomes of the Transformer that are no hidden states of texts are refused",
        arguments: [
            (#""transformer_task": "fill-mask""#, "fill-mask"),
            (#""modality_config": {"image": {}}"#, "without text"),
            (#""modality_config": {"text": {}, "message": {}}"#, "chat template"),
        ])
    func transformerKeys(text: String, part: String) throws {
        let model = try BrokenModel()
        try model.write("{\(text)}", to: "sentence_bert_config.json")
        #expect(refusal(model)?.contains(part) == true)
    }

    @Test("a prompt that is null is empty, and so are those that every model has")
    func emptyPrompts() throws {
        let model = try BrokenModel()
        try model.write(
            #"{"prompts": {"passage": null}, "default_prompt_name": "document"}"#,
            to: "config_sentence_transformers.json")
        var options = EncodingOptions()
        #expect(try EmbeddingModel(directory: model.folder, options: options).prompt == "")
        options.promptName = "passage"
        #expect(try EmbeddingModel(directory: model.folder, options: options).prompt == "")
    }
}
