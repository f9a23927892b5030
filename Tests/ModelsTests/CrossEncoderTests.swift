// Scores of pairs by classifiers of each family, compared with transformers and others.

import Files
import FoundationEssentials
import Tensors
import TestSupport
import Testing

@testable import Models

/// What scripts/fixtures/make_cross_encoders.py wrote beside a checkpoint.
private struct CrossEncoderFixture {
    struct Facts: Decodable {
        let pairs: [[String]]
        let maxLength: Int
        /// Before the cut.
        let tokens: [Int32]
        let logits: [[Float]]
        let scores: [[Float]]
    }

    static let names = [
        "bert", "distilbert", "roberta", "xlm-roberta", "mpnet", "modernbert", "qwen3",
    ]

    let folder: String
    let facts: Facts

    init(_ name: String) throws {
        folder = ModelFixture.folder(name, in: "cross-encoders")
        let json = try MappedFile(path: folder + "/expected.json")
        facts = try JSONDecoder().decode(Facts.self, from: Data(json.bytes))
    }

    var pairs: [(query: String, document: String)] { facts.pairs.map { ($0[0], $0[1]) } }

    func model(_ options: CrossEncoderOptions = .init()) throws -> CrossEncoder {
        try CrossEncoder(directory: folder, options: options)
    }
}

@Suite struct CrossEncoderTests {
    @Test(
        "logits and scores are those of transformers and of sentence-transformers",
        arguments: CrossEncoderFixture.names)
    func scores(name: String) throws {
        let fixture = try CrossEncoderFixture(name)
        var options = CrossEncoderOptions()
        for (isRaw, expected) in [(true, fixture.facts.logits), (false, fixture.facts.scores)] {
            options.givesLogits = isRaw
            let model = try fixture.model(options)
            #expect(model.labels == expected[0].count)
            #expect(model.maxLength == fixture.facts.maxLength)
            let found = try model.score(fixture.pairs)
            let error = distance(found.values, expected.flatMap { $0 })
            #expect(error < 1e-4, "\(name), logits \(isRaw): \(error)")
            #expect(found.tokenCounts == fixture.facts.tokens)
            #expect(found.truncatedCount == fixture.facts.tokens.count { $0 > 32 })
        }
    }

    @Test(
        "a pair's scores are the same to the bit, whatever is beside it",
        arguments: CrossEncoderFixture.names, Precision.allCases)
    func independence(name: String, precision: Precision) throws {
        let fixture = try CrossEncoderFixture(name)
        var options = CrossEncoderOptions()
        options.precision = precision
        let model = try fixture.model(options)
        let pairs = fixture.pairs
        let expected = try pairs.map { try model.score([$0]).values }
        var numbers = Numbers(22)
        let order = (0..<300).map { _ in pairs.indices.randomElement(using: &numbers) ?? 0 }
        let texts = order.flatMap { [pairs[$0].query, pairs[$0].document] }
        let found = try texts.withBytes { spans throws(ModelError) in
            let pairs = order.indices.map { (query: spans[2 * $0], document: spans[2 * $0 + 1]) }
            return try model.score(pairs, threads: 3, progress: EncodingProgress()).values
        }
        #expect(found == order.flatMap { expected[$0] })
    }

    @Test("the type of the second text counts where the tokenizer gives it to the model")
    func types() throws {
        let fixture = try CrossEncoderFixture("bert")
        let copy = try BrokenModel(folder: fixture.folder)
        try copy.write(
            """
            {"model_input_names": ["input_ids", "attention_mask"], "model_max_length": 32}
            """,
            to: "tokenizer_config.json")
        let plain = try CrossEncoder(directory: copy.folder, options: .init())
        #expect(
            try plain.score(fixture.pairs).values != fixture.model().score(fixture.pairs).values)
    }

    @Test("nothing to score gives no scores")
    func nothing() throws {
        let none: [(query: String, document: String)] = []
        #expect(try CrossEncoderFixture("bert").model().score(none).values.isEmpty)
    }

    /// What is said when the folder is opened, nil if it is accepted.
    private func refusal(
        _ name: String = "bert", _ options: CrossEncoderOptions = .init(),
        _ spoil: (BrokenModel) throws -> Void
    ) throws -> String? {
        let copy = try BrokenModel(folder: CrossEncoderFixture(name).folder)
        try spoil(copy)
        do throws(ModelError) {
            _ = try CrossEncoder(directory: copy.folder, options: options)
            return nil
        } catch { return error.description }
    }

    @Test("an untouched copy is accepted")
    func untouched() throws {
        #expect(try refusal { _ in } == nil)
    }

    @Test(
        "a missing tensor of the head is named",
        arguments: [
            ("bert", "bert.pooler.dense.weight"), ("bert", "classifier.bias"),
            ("distilbert", "pre_classifier.weight"), ("roberta", "classifier.out_proj.weight"),
            ("mpnet", "classifier.dense.bias"), ("modernbert", "head.norm.weight"),
            ("modernbert", "head.dense.bias"), ("qwen3", "score.weight"),
        ])
    func missing(name: String, tensor: String) throws {
        let sentence = try refusal(name) { model in
            try model.rewriteWeights { $0.removeAll { $0.entry.name == tensor } }
        }
        #expect(sentence?.contains(tensor) == true, "\(sentence ?? "accepted")")
    }

    @Test(
        "a head of another shape is named with both shapes",
        arguments: [
            ("bert", "classifier.weight", [8, 1]), ("bert", "classifier.weight", [8]),
            ("bert", "bert.pooler.dense.weight", [4, 16]), ("qwen3", "score.weight", [2, 4]),
            ("roberta", "classifier.out_proj.weight", [2, 4]),
        ])
    func shapes(name: String, tensor: String, shape: [Int]) throws {
        let sentence = try refusal(name) { model in
            try model.rewriteWeights { tensors in
                for index in tensors.indices where tensors[index].entry.name == tensor {
                    tensors[index].entry.shape = shape
                }
            }
        }
        #expect(sentence != nil)
    }

    @Test("more labels than config.json says are refused")
    func labels() throws {
        let sentence = try refusal("xlm-roberta") { model in
            try model.replace(
                "\"2\": \"LABEL_2\"", by: "\"2\": \"a\", \"3\": \"b\"", in: "config.json")
        }
        #expect(sentence?.contains("classifier.out_proj.weight") == true, "\(sentence ?? "")")
    }

    @Test("an activation that is not known is named")
    func activation() throws {
        let old = try refusal("distilbert") { model in
            try model.replace("linear.Identity", by: "activation.Softplus", in: "config.json")
        }
        let new = try refusal("roberta") { model in
            try model.replace("activation.Tanh", by: "activation.Softplus", in: "config.json")
        }
        for sentence in [old, new] { #expect(sentence?.contains("Softplus") == true) }
    }

    @Test("a model that is no classifier is refused by its name")
    func architecture() throws {
        let sentence = try refusal { model in
            try model.replace("BertForSequenceClassification", by: "BertModel", in: "config.json")
        }
        #expect(sentence?.contains("BertModel") == true)
    }

    @Test("types that the model does not know are refused")
    func unknownType() throws {
        let sentence = try refusal { model in
            try model.replace("\"type_id\":1", by: "\"type_id\":7", in: "tokenizer.json")
        }
        #expect(sentence?.contains("type 7") == true)
    }

    @Test("lengths beyond the positions are refused", arguments: [0, 3, 35, Int.max])
    func lengths(length: Int) throws {
        var options = CrossEncoderOptions()
        options.maxLength = length
        #expect(try refusal("bert", options) { _ in }?.contains("--max-length") == true)
    }

    @Test("the kind of a folder is told from its settings")
    func kinds() throws {
        for name in CrossEncoderFixture.names {
            let summary = try ModelSummary.read(
                directory: ModelFixture.folder(name, in: "cross-encoders"), precision: .f32)
            #expect(summary.kind == .crossEncoder)
        }
        for name in LateInteractionFixture.names {
            let summary = try ModelSummary.read(
                directory: ModelFixture.folder(name, in: "late-interaction"), precision: .f32)
            #expect(summary.kind == .lateInteraction)
            #expect(summary.queryLength == (name == "multi-vector" ? 14 : 12))
        }
        for name in ModelFixture.families + ModelFixture.folders {
            #expect(try ModelKind(directory: ModelFixture.folder(name)) == .embedding)
        }
    }
}
