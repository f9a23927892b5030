// Runs and judgments that are broken, large, or of unusual make.

import Files
import Retrieval
import TestSupport
import Testing

@Suite("Readers of runs and judgments")
struct RunReaderTests {
    private func run(_ text: String) throws -> RankedRun {
        let bytes = Array(text.utf8)
        return try bytes.withUnsafeBytes {
            try RankedRun(bytes: $0, name: "x.run")
        }
    }

    private func qrels(_ text: String) throws -> Qrels {
        let bytes = Array(text.utf8)
        return try bytes.withUnsafeBytes {
            try Qrels(bytes: $0, name: "x.qrels")
        }
    }

    private func message(_ body: () throws -> Void) -> String {
        do { try body() } catch { return "\(error)" }
        return ""
    }

    @Test(
        "a bad line of a run is named by its number",
        arguments: [
            ("a Q0 d 1 2 t\n\nb Q0 d 1 nan t\n", "line 3: the score \"nan\""),
            ("a Q0 d 1 NaN t\n", "line 1: the score \"NaN\""),
            ("a Q0 d 1 -nan(0x7) t\n", "line 1: the score"),
            ("a Q0 d 1 1,5 t\n", "line 1: the score \"1,5\""),
            ("a Q0 d 1 2 t\na Q0 e 1 2\n", "line 2: 5 fields"),
            ("a Q0 d 1 2 t x\n", "line 1: 7 fields"),
            ("a Q0 d 1 2 t x y z w\n", "line 1: there are more than 8 fields"),
            ("a d 0\n", "line 1: the rank 0"), ("a d 99999999\n", "line 1: the rank 99999999"),
            ("a d x\n", "line 1: the rank \"x\""), ("a d 1\nb Q0 d 1 2 t\n", "line 2: 6 fields"),
            ("a Q0 d 1 2 t\r\nb\0 Q0 d 1 2 t\n", "line 2: there is a zero byte"),
            ("a Q0 d 1 2 t\na Q0 e 2 1 t\n\nb Q0 d 1 1 t\na Q0 d 3 0 t", "line 5: document \"d\""),
        ])
    func badRuns(text: String, expected: String) {
        let message = message { _ = try run(text) }
        #expect(message.contains("x.run, \(expected)"), "\(message)")
    }

    @Test(
        "a bad line of judgments is named by its number",
        arguments: [
            ("a 0 d 1.5\n", "line 1: the grade \"1.5\""), ("a 0 d\n", "line 1: 3 fields"),
            ("a 0 d 2147483648\n", "line 1: the grade"), ("a 0 d -\n", "line 1: the grade"),
            ("a 0 d 99999999999999999999999\n", "line 1: the grade"),
            ("query-id\tcorpus-id\tscore\na\td\t1\n\na\td\t0\n", "line 4: document \"d\""),
            ("query-id\tcorpus-id\tscore\na\t0\td\t1\n", "line 2: 4 fields"),
            ("a 0 d 1\na 0 d 1\n", "line 2: document \"d\""),
        ])
    func badQrels(text: String, expected: String) {
        let message = message { _ = try qrels(text) }
        #expect(message.contains("x.qrels, \(expected)"), "\(message)")
    }

    @Test("a line has a limit, and what comes before it is not lost to memory")
    func longLine() {
        let text = "a Q0 d 1 2 t\n" + String(repeating: "x", count: 20_000)
        let message = message { _ = try run(text) }
        #expect(message.contains("line 2: a line has at most 16384 bytes"))
    }

    @Test("a mark of byte order, line ends of Windows and a last line without end are read")
    func dialects() throws {
        let run = try run("\u{FEFF}a Q0 d1 1 2e1 t\r\n\r\n  a\tQ0\td2\t2\t-inf\tt")
        #expect(run.query(0) == "a" && run.count == 2)
        #expect(run.documents(ofQuery: 0).map(\.id) == ["d1", "d2"])
        #expect(run.documents(ofQuery: 0).map(\.score) == [20, -.infinity])
        #expect(try qrels("\u{FEFF}query-id\tcorpus-id\tscore\r\na\td1\t+2\r\n").count == 1)
    }

    @Test("what was written is read again", arguments: [RankedRun.Format.trec, .msMarco])
    func roundTrip(format: RankedRun.Format) throws {
        let scratch = try Scratch()
        let path = scratch.path("x.run")
        let writer = try RunWriter(path: path, format: format, tag: "bm25")
        try writer.write(query: "q1", documents: [("d2", 1.5), ("d1", 1e-30), ("é", -3)])
        try writer.write(query: "q2", documents: [])
        try writer.write(query: "q3", documents: [("d1", 0.1)])
        try writer.commit()
        let run = try RankedRun(path: path)
        #expect(run.format == format && run.queryCount == 2)
        #expect(run.documents(ofQuery: 0).map(\.id) == ["d2", "d1", "é"])
        let expected: [Float] = format == .trec ? [1.5, 1e-30, -3] : [-1, -2, -3]
        #expect(run.documents(ofQuery: 0).map(\.score) == expected)
        #expect(run.number(ofQuery: "q3") == 1 && run.number(ofQuery: "q2") == nil)
    }

    @Test("ids that a run cannot hold are not written", arguments: ["", "a b", "a\n", "a\0"])
    func unwritable(id: String) throws {
        let scratch = try Scratch()
        let writer = try RunWriter(path: scratch.path("x"), tag: "t")
        let inQuery = message { try writer.write(query: id, documents: []) }
        let inDocument = message { try writer.write(query: "q", documents: [(id, 1)]) }
        let notANumber = message { try writer.write(query: "q", documents: [("d", .nan)]) }
        #expect(inQuery.contains("white space") && inDocument.contains("white space"))
        #expect(notANumber.contains("not a number"))
    }

    @Test("mutated files are refused or read, never a trap")
    func mutated() {
        let texts = ["a Q0 d1 1 2.5 t\nb Q0 d2 1 3 t\nb Q0 d1 2 1 t\n", "7\td1\t2\n7\td2\t1\n"]
        var numbers = Numbers(5)
        var refused = 0
        for _ in 0..<5_000 {
            var bytes = Array(texts.randomElement(using: &numbers)!.utf8)
            for _ in 0..<Int.random(in: 1...4, using: &numbers) {
                let place = Int.random(in: 0..<bytes.count, using: &numbers)
                bytes[place] = UInt8.random(in: 0...255, using: &numbers)
            }
            let cut = Int.random(in: 0...bytes.count, using: &numbers)
            let asRun = try? bytes[..<cut].withUnsafeBytes { try RankedRun(bytes: $0, name: "x") }
            let asQrels = try? bytes[..<cut].withUnsafeBytes { try Qrels(bytes: $0, name: "x") }
            refused += asRun == nil ? 1 : 0
            #expect(asRun?.count ?? 0 <= 3 && asQrels?.count ?? 0 <= 3)
        }
        #expect(refused > 1_000 && refused < 5_000)
    }
}
