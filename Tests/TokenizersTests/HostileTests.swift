// Files that lie and texts that are strange.

import Foundation
import TestSupport
import Testing
import Tokenizers

@Suite("Hostile tokenizer.json files and texts")
struct HostileTests {
    private static let small = """
        {"version":"1.0","added_tokens":[],"normalizer":null,"pre_tokenizer":{"type":"Whitespace"},
        "post_processor":null,"model":{"type":"WordPiece","unk_token":"[UNK]",
        "continuing_subword_prefix":"##","max_input_chars_per_word":100,
        "vocab":{"[UNK]":0,"a":1,"##b":2,"\\u00e9":3,"\\ud83d\\ude00":4,"\u{fffd}":5}}}
        """

    private func load(_ text: String) throws -> Tokenizer {
        try text.withBytes { bytes in
            Result { try Tokenizer(json: bytes, name: "t.json") }
        }.get()
    }

    private func error(_ text: String) -> String {
        do {
            _ = try load(text)
            return ""
        } catch {
            return "\(error)"
        }
    }

    @Test("escapes are read, and words that are no token are unknown")
    func escapes() throws {
        let tokenizer = try load(Self.small)
        var scratch = Tokenizer.Scratch()
        #expect(encode(tokenizer, "ab abb é 😀 b", &scratch) == [1, 2, 1, 2, 2, 3, 4, 0])
    }

    @Test("every prefix of a file is refused")
    func prefixes() {
        for count in 0..<Self.small.utf8.count {
            let cut = String(decoding: Array(Self.small.utf8.prefix(count)), as: UTF8.self)
            #expect(!error(cut).isEmpty, "\(count) bytes")
        }
    }

    @Test(
        "what is not supported is named",
        arguments: [
            (#"{"type":"Whitespace"}"#, #"{"type":"UnicodeScripts"}"#, "type UnicodeScripts"),
            (
                #"{"type":"Whitespace"}"#,
                #"{"type":"Split","pattern":{"Regex":"x+"},"behavior":"Isolated","invert":false}"#,
                "the pattern x+"
            ),
            (#""type":"WordPiece""#, #""type":"Magic""#, "a model of type Magic"),
            (#""normalizer":null"#, #""normalizer":{"type":"Rot13"}"#, "type Rot13"),
            (#""post_processor":null"#, #""post_processor":{"type":"X"}"#, "type X"),
            (#"{"type":"Whitespace"}"#, #"{"type":"ByteLevel"}"#, "ByteLevel with a model"),
        ])
    func unsupported(part: String, other: String, sentence: String) {
        let message = error(Self.small.replacingOccurrences(of: part, with: other))
        #expect(message.contains(sentence), "\(message)")
        #expect(message.hasPrefix("t.json needs"))
    }

    @Test("ids that only the tokens around texts have count as tokens")
    func idsOfTemplate() throws {
        let template =
            #"{"type":"TemplateProcessing","single":[{"Sequence":{"id":"A"}}],"#
            + #""pair":[{"Sequence":{"id":"A"}},{"Sequence":{"id":"B"}},"#
            + #"{"SpecialToken":{"id":"x"}}],"special_tokens":{"x":{"id":"x","ids":[1000]}}}"#
        for processor in [#"{"type":"BertProcessing","cls":["x",1000],"sep":["y",7]}"#, template] {
            let text = Self.small.replacingOccurrences(
                of: #""post_processor":null"#, with: #""post_processor":"# + processor)
            #expect(try load(text).vocabularyCount == 1001)
        }
    }

    private func load(added tokens: [(content: String, id: Int)]) throws -> Tokenizer {
        let list = tokens.map {
            #"{"id":\#($0.id),"content":"\#($0.content)","normalized":false,"special":false}"#
        }
        return try load(
            Self.small.replacingOccurrences(
                of: #""added_tokens":[]"#,
                with: #""added_tokens":[\#(list.joined(separator: ","))]"#))
    }

    @Test("added tokens that the vocabulary lacks are numbered as the library does")
    func addedIDs() throws {
        let tokenizer = try load(
            added: [("X", 10), ("Y", 2_000_000_000), ("a", 9), ("X", 4), ("Z", 6)])
        #expect(["X", "Y", "a", "Z"].map { tokenizer.id(of: $0) } == [6, 7, 1, 8])
        #expect(tokenizer.vocabularyCount == 9)
        var scratch = Tokenizer.Scratch()
        #expect(encode(tokenizer, "X Y a Z", &scratch) == [6, 7, 1, 8])
    }

    @Test("added tokens of other code points are others, even if they look alike")
    func addedSpellings() throws {
        let tokenizer = try load(added: [("\u{f6}", 6), ("o\u{308}", 7)])
        #expect(tokenizer.id(of: "\u{f6}") == 6)
        #expect(tokenizer.id(of: "o\u{308}") == 7)
        #expect(tokenizer.vocabularyCount == 8)
    }

    @Test("39: a file nested deeper than any tokenizer is refused")
    func depth() {
        let deep = String(repeating: "[", count: 100_000)
        #expect(error(deep).contains("'{' expected"))
        #expect(error("{\"x\":" + deep).contains("nested deeper than 64"))
        let sequence = String(
            repeating: #"{"type":"Sequence","normalizers":["#, count: 10_000)
        #expect(error(#"{"normalizer":"# + sequence).contains("nested deeper"))
    }

    @Test("39: a chain of normalizers cannot fill the memory")
    func explosion() throws {
        let step = #"{"type":"Replace","pattern":{"String":"a"},"content":"aaaaaaaaaaaaaaaa"}"#
        let steps = Array(repeating: step, count: 30).joined(separator: ",")
        let text = Self.small.replacingOccurrences(
            of: #""normalizer":null"#,
            with: #""normalizer":{"type":"Sequence","normalizers":[\#(steps)]}"#)
        let tokenizer = try load(text)
        var scratch = Tokenizer.Scratch()
        #expect(encode(tokenizer, "a", &scratch) == [0])
    }

    @Test("what is no UTF-8 becomes U+FFFD, as Python replaces it")
    func repair() throws {
        let tokenizer = try load(Self.small)
        var scratch = Tokenizer.Scratch()
        // One replacement for each of these: a lone byte, a start cut short, an overlong form's
        // bytes, a surrogate's bytes.
        for (bytes, expected) in [
            ([0x61, 0x20, 0xff], "a \u{fffd}"), ([0xe4, 0xb8], "\u{fffd}"),
            ([0xc0, 0x20, 0x61], "\u{fffd} a"),
            ([0xed, 0xa0, 0x80], "\u{fffd}\u{fffd}\u{fffd}"),
            ([0xf0, 0x9f, 0x98, 0x20, 0x61], "\u{fffd} a"),
        ] as [([UInt8], String)] {
            var ids: [Int32] = []
            bytes.withUnsafeBytes {
                _ = tokenizer.encode($0, limit: nil, into: &ids, using: &scratch)
            }
            #expect(ids == encode(tokenizer, expected, &scratch), "\(bytes)")
        }
    }

    @Test("a missing file is said to be missing, a directory to be none")
    func missing() throws {
        let scratch = try TestSupport.Scratch()
        #expect(throws: TokenizerError.self) { try Tokenizer(path: scratch.path("none.json")) }
        #expect(throws: TokenizerError.self) { try Tokenizer(path: scratch.directory) }
        let path = try scratch.write("{}", to: "empty.json")
        #expect {
            try Tokenizer(path: path)
        } throws: {
            "\($0)".contains("lacks its model")
        }
    }

    @Test("39: a text of one endless word takes time in proportion", arguments: FixtureTests.names)
    func endless(name: String) throws {
        let tokenizer = try FixtureTests.tokenizer(name)
        var scratch = Tokenizer.Scratch()
        let clock = ContinuousClock()
        for unit in ["a", "ab1", "é", "\u{0301}\u{0323}", " ", "'", "\n"] {
            let text = String(repeating: unit, count: 1_000_000 / unit.utf8.count)
            let elapsed = clock.measure { _ = encode(tokenizer, text, &scratch) }
            #expect(elapsed < .seconds(10), "\(name): \(unit.debugDescription)")
        }
    }
}
