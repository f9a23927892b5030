// Fields beside the text: what flags say of them, and what documents have in them.

import Testing

@testable import Documents

@Suite("Fields of documents")
struct MetadataFieldTests {
    private func values(
        _ fields: [String], _ format: DocumentFormat, _ text: String, header: [String] = []
    ) throws -> DocumentBatch {
        let wanted = DocumentFields(metadata: try MetadataField.list(fields))
        let layout =
            format == .csv
            ? try DocumentLayout(wanted, header: header) : try DocumentLayout(format, wanted)
        return read(text, layout)
    }

    @Test("a flag names a field, its place in documents and its type")
    func flags() throws {
        let cases: [(String, MetadataField)] = [
            ("year", MetadataField(name: "year")),
            ("year:integer", MetadataField(name: "year", kind: .integer)),
            ("year:int", MetadataField(name: "year", kind: .integer)),
            ("open:bool", MetadataField(name: "open", kind: .boolean)),
            ("year=3:number", MetadataField(name: "year", source: "3", kind: .number)),
            ("dc:date", MetadataField(name: "dc:date")),
            ("dc:date:string", MetadataField(name: "dc:date", kind: .string)),
            ("a=b=c", MetadataField(name: "a", source: "b=c")),
        ]
        for (text, expected) in cases {
            let field = try MetadataField(text)
            #expect(field == expected)
            #expect(try MetadataField(field.text) == field)
        }
        for text in ["", "=", "a=", "=b", ":integer", "a\nb", String(repeating: "x", count: 201)] {
            #expect(throws: DocumentError.badMetadataField(text)) { try MetadataField(text) }
        }
        #expect(throws: DocumentError.repeatedMetadataField("a")) {
            try MetadataField.list(["a", "b", "a=c"])
        }
    }

    @Test("a path leads into objects, unless a key of that name is there")
    func nested() throws {
        let batch = try values(
            ["year=metadata.year", "metadata.a.b", "c.d"], .jsonl,
            #"{"_id":"1","text":"t","metadata":{"year":2010,"a":{"b":"x"}},"c.d":true}"# + "\n"
                + #"{"_id":"2","text":"t","metadata":{"a.b":"y","year":null},"c":{"d":1}}"# + "\n"
                + #"{"_id":"3","text":"t","metadata":["year"],"c":7}"#)
        #expect(batch.problems.isEmpty)
        #expect(
            batch.entries.map(\.metadata) == [
                [.integer(2010), .string("x"), .boolean(true)],
                [.missing, .string("y"), .integer(1)],
                [.missing, .missing, .missing],
            ])
    }

    @Test("values of JSON keep their types")
    func json() throws {
        let batch = try values(
            ["i", "n", "s", "l", "b", "none", "one:strings", "big:number"], .jsonl,
            #"{"_id":"1","text":"t","i":-7,"n":2.0,"s":"a\u00e9","l":["x", "y\n"],"b":true,"#
                + #""none":null,"one":"z","big":12345678901234567890}"# + "\n"
                + #"{"_id":"2","text":"t","l":[]}"#)
        #expect(batch.problems.isEmpty)
        #expect(
            batch.entries[0].metadata == [
                .integer(-7), .number(2), .string("aé"), .strings(["x", "y\n"]), .boolean(true),
                .missing, .strings(["z"]), .number(12_345_678_901_234_567_168),
            ])
        #expect(
            batch.entries[1].metadata == [
                .missing, .missing, .missing, .strings([]), .missing, .missing, .missing, .missing,
            ])
    }

    @Test("a value that is not of its field's type makes the document a problem")
    func wrong() throws {
        let cases = [
            ("f:integer", "2.5", "integer"), ("f:integer", "\"3\"", "a string"),
            ("f", "9223372036854775808", "9223372036854775808"), ("f:number", "1e999", "1e999"),
            ("f:boolean", "1", "a number"), ("f:string", "[\"a\"]", "a list"),
            ("f", "[1]", "a list of other things"), ("f", "[[\"a\"]]", "a list of other things"),
            ("f", "{}", "an object"), ("f:string", "true", "true"), ("f", "-", "-"),
            ("f", "[\"a\" \"b\"]", "a comma"),
            ("f", "\"\(String(repeating: "x", count: 4_097))\"", "4097 bytes"),
            (
                "f", "[" + [String](repeating: "\"\"", count: 1_001).joined(separator: ",") + "]",
                "1001 strings"
            ),
        ]
        for (field, value, part) in cases {
            let batch = try values([field], .jsonl, #"{"_id":"d","text":"t","f":\#(value)}"#)
            #expect(batch.entries.isEmpty && batch.bytes.isEmpty)
            #expect(
                batch.problems.first?.reason.contains(part) == true && batch.problems[0].id == "d",
                "\(batch.problems)")
        }
    }

    @Test("columns of CSV and TSV are strings, or of the type that is named")
    func columns() throws {
        let header = ["id", "text", "year", "score", "tags", "open"]
        let batch = try values(
            ["year:integer", "score:number", "tags:strings", "open:boolean", "y=year"], .csv,
            "1,t,2019,-2.5e1,\"a; b;;\",TRUE\n2,t,,,,\n3,t,x,,,\n", header: header)
        #expect(
            batch.entries.map(\.metadata) == [
                [
                    .integer(2019), .number(-25), .strings(["a", "b"]), .boolean(true),
                    .string("2019"),
                ],
                [.missing, .missing, .missing, .missing, .missing],
            ])
        #expect(batch.reasons == ["3: the field \"year\" is \"x\" and not an integer of 64 bits"])
        let tabs = try values(["year=3:int", "4"], .tsv, "a\tt\t1999\tx\nb\tt\t2000\n")
        #expect(tabs.entries.map(\.metadata) == [[.integer(1999), .string("x")]])
        #expect(tabs.problems.count == 1)
        #expect(throws: DocumentError.self) {
            _ = try values(["month"], .csv, "", header: header)
        }
        #expect(throws: DocumentError.notANumber(column: "year")) {
            _ = try values(["year"], .tsv, "")
        }
        #expect(throws: DocumentError.fieldsOfText) { _ = try values(["year"], .txt, "") }
    }
}
