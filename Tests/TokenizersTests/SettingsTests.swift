// What the settings of a model's folder change of its tokenizer.json.

import Testing
import Tokenizers

@Suite("Settings that go before a tokenizer.json")
struct SettingsTests {
    private static let bert = """
        {"added_tokens":[],"normalizer":{"type":"BertNormalizer","lowercase":true},
        "pre_tokenizer":{"type":"BertPreTokenizer"},"post_processor":{"type":"TemplateProcessing",
        "single":[{"SpecialToken":{"id":"<s>","type_id":0}},{"Sequence":{"id":"A","type_id":0}}],
        "pair":[{"Sequence":{"id":"A","type_id":0}},{"Sequence":{"id":"B","type_id":1}}],
        "special_tokens":{"<s>":{"id":"<s>","ids":[1],"tokens":["<s>"]}}},
        "model":{"type":"WordPiece","unk_token":"[UNK]","vocab":{"[UNK]":0,"<s>":1,"</s>":2,
        "a":3,"A":4,"b":5,"\u{e4}":6,"\u{c4}":7,"\u{6c34}":8,"##\u{6c34}":9}}}
        """
    private static let bytes = """
        {"added_tokens":[],"normalizer":null,"post_processor":null,
        "pre_tokenizer":{"type":"ByteLevel","add_prefix_space":false,"use_regex":true},
        "model":{"type":"BPE","vocab":{"a":0,"\u{120}":1,"\u{120}a":2},
        "merges":[["\u{120}","a"]]}}
        """

    private func load(
        _ text: String, _ change: (inout TokenizerSettings) -> Void
    ) throws -> Tokenizer {
        var settings = TokenizerSettings()
        change(&settings)
        return try text.withBytes { bytes in
            Result { try Tokenizer(json: bytes, name: "t.json", settings: settings) }
        }.get()
    }

    private func ids(
        _ file: String, _ text: String, _ change: (inout TokenizerSettings) -> Void
    ) throws -> [Int32] {
        var scratch = Tokenizer.Scratch()
        return encode(try load(file, change), text, &scratch)
    }

    @Test("capitals, accents and ideographs are treated as the settings say")
    func bertNormalizer() throws {
        let text = "A \u{c4} \u{6c34}\u{6c34}"
        #expect(try ids(Self.bert, text) { _ in } == [1, 3, 3, 8, 8])
        #expect(try ids(Self.bert, text) { $0.lowercases = false } == [1, 4, 7, 8, 8])
        #expect(try ids(Self.bert, text) { $0.stripsAccents = false } == [1, 3, 6, 8, 8])
        #expect(try ids(Self.bert, text) { $0.surroundsIdeographs = false } == [1, 3, 3, 8, 9])
        let cased = Self.bert.replacing("\"lowercase\":true", with: "\"lowercase\":false")
        #expect(try ids(cased, text) { _ in } == [1, 4, 7, 8, 8])
        #expect(try ids(cased, text) { $0.lowercases = true } == [1, 3, 3, 8, 8])
    }

    @Test("a space goes before the first word if the settings say so")
    func prefixSpace() throws {
        #expect(try ids(Self.bytes, "a a") { _ in } == [0, 2])
        #expect(try ids(Self.bytes, "a a") { $0.addsPrefixSpace = true } == [2, 2])
    }

    @Test("a token that the template lacks is put around texts, and one that it has stays alone")
    func tokensAround() throws {
        #expect(try ids(Self.bert, "a b") { $0.firstToken = "<s>" } == [1, 3, 5])
        #expect(try ids(Self.bert, "a b") { $0.lastToken = "</s>" } == [1, 3, 5, 2])
        let tokenizer = try load(Self.bert) {
            ($0.firstToken, $0.lastToken) = ("<s>", "</s>")
        }
        let around = tokenizer.specialTokensAround
        #expect(around.before == 1 && around.after == 1)
        var (ids, types) = ([Int32](), [UInt8]())
        var scratch = Tokenizer.Scratch()
        "a".withBytes { first in
            "b".withBytes { second in
                _ = tokenizer.encodePair(
                    first, second, limit: nil, into: &ids, types: &types, using: &scratch)
            }
        }
        #expect(ids == [1, 3, 2, 1, 5, 2])
        #expect(types == [0, 0, 0, 1, 1, 1])
    }

    @Test("a token around texts that the tokenizer does not know is refused by name")
    func unknownToken() {
        #expect {
            try load(Self.bert) { $0.lastToken = "<eot>" }
        } throws: {
            "\($0)".contains("<eot>")
        }
    }

    @Test("of a text that is too long the beginning is cut if the settings say so")
    func front() throws {
        let tokenizer = try load(Self.bert) { $0.cutsFront = true }
        var ids: [Int32] = []
        var scratch = Tokenizer.Scratch()
        let total = "a b a A b".withBytes {
            tokenizer.encode($0, limit: 3, into: &ids, using: &scratch)
        }
        #expect(ids == [1, 3, 5] && total == 6)
    }
}
