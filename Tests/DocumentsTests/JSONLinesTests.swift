// Documents of .jsonl files, sound and broken.

import Documents
import Testing

@Suite struct JSONLinesTests {
    @Test("id, title and text of BEIR are found, whatever stands between them")
    func beir() throws {
        let batch = read(
            """
            {"_id": "d1", "title": "A wild hog", "text": "It moves.", "m": {"a": [{"text": "no"}]}}
            {"text":"no title","extra":null,"_id":"d2"}\r

            { "metadata" : {} , "title" : "", "_id" : 3 , "text" : "a number" }
            """, try layout(.jsonl))
        #expect(batch.ids == ["d1", "d2", "3"])
        #expect(batch.texts == ["A wild hog It moves.", "no title", "a number"])
        #expect(
            batch.entries.map(\.line) == [1, 2, 4] && batch.entries.map(\.record) == [0, 1, 3])
        #expect(batch.problems.isEmpty)
    }

    @Test("fields have the names and the order that they are given")
    func fields() throws {
        let fields = DocumentFields(id: "doi", text: ["abstract", "title"])
        let batch = read(
            #"{"title": "T", "abstract": "A", "doi": "x", "text": "not this"}"#,
            try layout(.jsonl, fields))
        #expect(batch.ids == ["x"] && batch.texts == ["A T"])
        let lacking = read(#"{"title": "T", "doi": "x"}"#, try layout(.jsonl, fields))
        #expect(lacking.reasons == [#"1: there is no "abstract""#])
    }

    @Test("escapes are resolved, surrogate pairs joined and halves replaced")
    func escapes() throws {
        let batch = read(
            #"{"_id": "a\"\\\/b", "text": "\b\f\n\r\t\u00e9\u20AC\ud83d\ude00|"#
                + #"\ud83d|\ude00\ud83d\u0041"}"#,
            try layout(.jsonl))
        #expect(batch.ids == [#"a"\/b"#])
        #expect(batch.texts == ["\u{8}\u{c}\n\r\té€😀|\u{fffd}|\u{fffd}\u{fffd}A"])
        #expect(batch.repaired == 1)
        #expect(
            read(#"{"\u005fid": "k", "te\u0078t": "escaped keys"}"#, try layout(.jsonl)).ids == [
                "k"
            ])
    }

    @Test("the last of fields with one name counts, as in Python")
    func repeated() throws {
        let batch = read(#"{"_id": "a", "_id": "b", "text": 1, "text": "x"}"#, try layout(.jsonl))
        #expect(batch.ids == ["b"] && batch.texts == ["x"])
    }

    @Test(
        "what is no document is a problem with its line and a reason",
        arguments: [
            ("[1]", "not a JSON object"), ("{", "key in quotes"), (#"{"_id""#, "colon"),
            (#"{"_id": "a"#, "does not end"), (#"{"_id": "a" "text": "b"}"#, "comma"),
            (#"{"_id": "a", "text": "b"} x"#, "follows"), (#"{"_id": "a"}"#, #"no "text""#),
            (#"{"text": "a"}"#, #"no "_id""#), (#"{"_id": null, "text": "a"}"#, #"no "_id""#),
            (#"{"_id": "a", "text": 1}"#, "a number"), (#"{"_id": "a", "text": ["b"]}"#, "a list"),
            (#"{"_id": {}, "text": "b"}"#, "an object"), (#"{"_id": "a", "text": true}"#, "true"),
            (#"{"_id": "a", "text": "\q"}"#, "escape"), (#"{"_id": "a", "text": "\u12"}"#, "hexa"),
            (#"{"_id": "a", "text": "b\"}"#, "does not end"),
            (#"{"_id": "", "text": "b"}"#, "empty"),
            ("{\"_id\": \"a\", \"text\": \"\u{1}\"}", "control"),
            (#"{"_id": "a", "text": " "}"#, "empty"),
            (#"{"_id": "a", "text": "b", "x": [}]}"#, "brackets"),
            (#"{"_id": nope, "text": "b"}"#, "known"),
            (#"{"_id": "a", "text": "b", "x": [[{]]}"#, "brackets"), ("{\"_id\"\0:1}", "colon"),
        ])
    func malformed(_ line: String, _ reason: String) throws {
        let batch = read(
            "{\"_id\": \"before\", \"text\": \"x\"}\n\(line)\n{\"_id\": 9, \"text\": \"y\"}",
            try layout(.jsonl))
        #expect(batch.ids == ["before", "9"])
        #expect(batch.reasons.count == 1)
        #expect(batch.reasons.first?.hasPrefix("2: ") == true)
        #expect(batch.reasons.first?.contains(reason) == true, "\(batch.reasons)")
        #expect(batch.bytes.count == "beforex9y".utf8.count, "what was read of it is left behind")
    }

    @Test("values nested very deep are a problem and no crash")
    func deep() throws {
        let deep = String(repeating: "[", count: 200_000)
        let batch = read(#"{"_id": "a", "text": "b", "x": \#(deep)"#, try layout(.jsonl))
        #expect(batch.reasons == ["1: values are nested more than 1000 deep"])
        let sound = String(repeating: "[", count: 900) + String(repeating: "]", count: 900)
        #expect(
            read(#"{"_id": "a", "text": "b", "x": \#(sound)}"#, try layout(.jsonl)).ids == ["a"])
    }

    @Test("bytes that are not UTF-8 are replaced and counted, documents with NUL are kept")
    func repaired() throws {
        let bytes =
            Array(#"{"_id": "a", "text": "x"#.utf8) + [0xff, 0xe2, 0x82] + Array("y\"}\n".utf8)
            + Array(#"{"_id": "b", "text": "x\u0000y"}"#.utf8)
        let batch = read(bytes, try layout(.jsonl))
        #expect(batch.texts == ["x\u{fffd}\u{fffd}y", "x\0y"])
        #expect(batch.repaired == 1)
    }

    @Test("a document of 20 million bytes full of escapes is read in a moment")
    func large() throws {
        let body = String(repeating: #"\\\"x"#, count: 4_000_000)
        let batch = read(#"{"_id": "a", "text": "\#(body)"}"#, try layout(.jsonl))
        #expect(batch.entries.first?.text.count == 12_000_000)
    }
}
