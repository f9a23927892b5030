// What sentence-transformers' Transformer module says about its inputs and its outcome.

/// `sentence_bert_config.json`, or one of the names that it had for other kinds of models.
struct TransformerFile: Decodable {
    let doLowerCase: Bool?
    private let maxSeqLength: Int?
    private let transformerTask: String?
    private let modalityConfig: [String: Ignored]?
    private let processingKwargs: Processing?

    private struct Ignored: Decodable {
        init(from decoder: any Decoder) {}
    }

    private struct Processing: Decodable {
        let text: Text?

        struct Text: Decodable { let maxLength: Int? }
    }

    private static let kinds = [
        "bert", "roberta", "distilbert", "camembert", "albert", "xlm-roberta", "xlnet",
    ]

    /// The first that is there, as sentence-transformers looks for it; nil if none is.
    static func path(in directory: String) -> String? {
        kinds.map { "\(directory)/sentence_\($0)_config.json" }.first(where: isFile)
    }

    /// Tokens of a text; nil if nothing is said.
    func maxLength(_ path: String) throws(ModelError) -> Int? {
        if let length = processingKwargs?.text?.maxLength {
            return try SentenceFolder.positive(
                length, "processing_kwargs.text.max_length", path)
        }
        return try SentenceFolder.positive(maxSeqLength, "max_seq_length", path)
    }

    /// - isPooled: whether its outcome goes on to a Pooling, which is for hidden states.
    func check(_ path: String, isPooled: Bool) throws(ModelError) {
        let tasks = ["feature-extraction"] + (isPooled ? [] : ["sequence-classification"])
        if let transformerTask, !tasks.contains(transformerTask) {
            throw .unsupported(path: path, feature: "the transformer_task \(transformerTask)")
        }
        guard let modalityConfig else { return }
        guard modalityConfig["text"] != nil else {
            throw .unsupported(path: path, feature: "a modality_config without text")
        }
        // With one of these sentence-transformers makes messages of texts, too.
        guard modalityConfig["message"] == nil else {
            throw .unsupported(path: path, feature: "texts as messages of a chat template")
        }
    }
}
