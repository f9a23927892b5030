// Documents of .txt, .tsv and .csv files, and the columns they are in.

import TestSupport
import Testing

@testable import Documents

@Suite struct DelimitedTests {
    @Test("each line of a .txt file that is not blank is a document with its number as id")
    func lines() throws {
        let batch = read("one\r\n\n  \ttwo \nthree", try layout(.txt))
        #expect(batch.ids == ["0", "2", "3"])
        #expect(batch.texts == ["one", "  \ttwo ", "three"])
        #expect(throws: DocumentError.fieldsOfText) {
            try layout(.txt, DocumentFields(id: "x"))
        }
    }

    @Test("columns of .tsv are chosen by number, and quotes mean nothing")
    func tsv() throws {
        let batch = read("7\t\"a\" b\tmore\n\n8\tc\n9\n", try layout(.tsv))
        #expect(batch.ids == ["7", "8"] && batch.texts == ["\"a\" b", "c"])
        #expect(batch.reasons == ["4: there are 1 columns, and column 2 is wanted"])
        let other = read("t\tx\ti", try layout(.tsv, DocumentFields(id: "3", text: ["2", "1"])))
        #expect(other.ids == ["i"] && other.texts == ["x t"])
        #expect(throws: DocumentError.notANumber(column: "text")) {
            try layout(.tsv, DocumentFields(text: ["text"]))
        }
    }

    @Test("quotes of .csv hold commas, newlines and doubled quotes")
    func csv() throws {
        let batch = read(
            "1,\"a, \"\"b\"\"\r\nc\"\r\n2,plain \"5\"\" disk\n3,\"\"\"\"\n4,\"x\"", try layout(.csv)
        )
        #expect(batch.ids == ["1", "2", "3", "4"])
        #expect(batch.texts == ["a, \"b\"\r\nc", "plain \"5\"\" disk", "\"", "x"])
        #expect(batch.entries.map(\.line) == [1, 3, 4, 5])
    }

    @Test("a quote that is not closed, or closed too early, is a problem with its line")
    func badQuotes() throws {
        let early = read("1,\"a\"b\n2,c\n", try layout(.csv))
        #expect(early.ids == ["2"])
        #expect(early.reasons == ["1: text follows the quote that closes a field"])
        let open = read("1,a\n2,\"b\n3,c\n", try layout(.csv))
        #expect(open.ids == ["1"])
        #expect(open.reasons == ["2: a quoted field does not end"])
    }

    @Test("the first record of .csv names the columns")
    func header() throws {
        let scratch = try Scratch()
        let mark = "\u{feff}"
        let path = try scratch.write("\(mark)text,\"the\nid\",title\na,b,c\n", to: "a.csv")
        let beginning = try CSVHeader.beginning(of: path, .csv).get()
        #expect(beginning.columns == ["text", "the\nid", "title"])
        #expect(beginning.start == 23 && beginning.line == 3)
        let fields = DocumentFields(id: "the\nid")
        #expect(try DocumentLayout(fields, header: beginning.columns).columns == [1, 2, 0])
        #expect(throws: DocumentError.noColumn("_id", known: beginning.columns)) {
            try DocumentLayout(DocumentFields(), header: beginning.columns)
        }
        #expect(try DocumentLayout(DocumentFields(), header: ["id", "text"]).columns == [0, 1])
        let open = try scratch.write(
            "\"never" + String(repeating: "x", count: 2 << 20), to: "b.csv")
        #expect(throws: DocumentError.noHeader) { try CSVHeader.beginning(of: open, .csv).get() }
    }

    @Test("the format is that of the ending, also of a compressed file")
    func endings() {
        let names: [(String, DocumentFormat?)] = [
            ("a.jsonl", .jsonl), ("/b/a.JSONL.gz", .jsonl), ("a.ndjson.zst", .jsonl),
            ("a.txt", .txt), ("a.tsv.gz", .tsv), ("a.csv", .csv), ("a", nil), ("jsonl", nil),
            ("a.gz", nil), ("a.json", nil), ("", nil), ("/", nil),
        ]
        for (name, format) in names { #expect(DocumentFormat(ofName: name) == format, "\(name)") }
    }

    @Test("ill-formed sequences become U+FFFD as Swift replaces them")
    func repairs() {
        var generator = SystemRandomNumberGenerator()
        let parts: [UInt8] = [
            0x41, 0x7f, 0x80, 0xbf, 0xc0, 0xc2, 0xdf, 0xe0, 0xa0, 0xed, 0x9f, 0xef, 0xf0, 0x90,
            0xf4,
            0x8f, 0xf5, 0xff, 0x20,
        ]
        for _ in 0..<20_000 {
            let bytes = (0..<Int.random(in: 0...24, using: &generator)).map { _ in
                parts.randomElement(using: &generator) ?? 0
            }
            var repaired: [UInt8] = []
            var repairs = 0
            bytes.withUnsafeBytes { repaired.appendRepaired($0, repairs: &repairs) }
            #expect(repaired == Array(String(decoding: bytes, as: UTF8.self).utf8), "\(bytes)")
            #expect((repairs == 0) == (repaired == bytes), "\(bytes)")
        }
    }

    @Test("ids that a line cannot hold are JSON strings")
    func ids() {
        #expect(DocumentID.line("plain ü 1") == "plain ü 1")
        #expect(DocumentID.line("a\nb\u{2028}") == "\"a\\u000ab\\u2028\"")
        #expect(DocumentID.line("\"q\\") == "\"\\\"q\\\\\"")
    }
}
