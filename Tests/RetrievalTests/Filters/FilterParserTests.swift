// Filters as people write them: what they mean, and where they are wrong.

import TestSupport
import Testing

@testable import Retrieval

@Suite("Reading filters")
struct FilterParserTests {
    /// The tree in one line, every part in parentheses.
    private func tree(_ text: String) throws -> String { try Filter(text).root.written }

    @Test("\"and\" binds tighter than \"or\", \"not\" tighter than both")
    func precedence() throws {
        let cases = [
            ("a = 1 or b = 2 and c = 3", "(a = 1 or (b = 2 and c = 3))"),
            ("(a = 1 or b = 2) and c = 3", "((a = 1 or b = 2) and c = 3)"),
            ("not a = 1 and b = 2", "(not a = 1 and b = 2)"),
            ("not (a = 1 and b = 2)", "not (a = 1 and b = 2)"),
            ("not not has(a)", "not not has(a)"),
            ("a = 1 and b = 2 and c = 3", "(a = 1 and b = 2 and c = 3)"),
            (
                #"year >= 2019 and (lang = "en" or lang = "de") and not topic in ("x", "y")"#,
                #"(year >= 2019 and (lang = "en" or lang = "de") and not topic in ("x", "y"))"#
            ),
        ]
        for (text, expected) in cases { #expect(try tree(text) == expected) }
    }

    @Test(
        "words in any case, both quotes, escapes, names in backquotes and all comparisons are read")
    func tokens() throws {
        let cases = [
            ("A = 1 AND Not b IN (1,2)", "(A = 1 and not b in (1, 2))"),
            ("a not in (true, FALSE)", "not a in (true, false)"),
            (#"a = 'it\'s' or a="\"q\" \\""#, #"(a = "it's" or a = ""q" \")"#),
            ("`in` = 1 and `weird name` != 2", "(in = 1 and weird name != 2)"),
            (
                "a<-1 and a<=+2 and a>1.5e3 and a>=.5",
                "(a < -1 and a <= 2 and a > 1500.0 and a >= 0.5)"
            ),
            ("a == 1", "a = 1"),
            ("dc:date = 'x' and a-b.c_d = 1", #"(dc:date = "x" and a-b.c_d = 1)"#),
            ("größe > 3", "größe > 3"), ("has = 1 or HAS (has)", "(has = 1 or has(has))"),
            ("a = 9223372036854775807", "a = 9223372036854775807"),
            ("a = 9223372036854775808", "a = 9.223372036854776e+18"),
        ]
        for (text, expected) in cases { #expect(try tree(text) == expected) }
    }

    @Test("what is wrong is told with its place")
    func places() throws {
        let cases: [(String, Int, String)] = [
            ("", 1, "empty"), ("   ", 4, "empty"), ("year", 5, "comparison"),
            ("year >= ", 9, "value is expected"), ("year >= lang", 9, "quotes"),
            ("year >= 2019 lang = 1", 14, "\"or\" or the end"),
            ("year => 2019", 6, "no comparison"), ("year ! 2019", 6, "no comparison"),
            ("(year = 1", 10, "closing parenthesis"), ("year = 1)", 9, "the end"),
            ("year in 3", 9, "opening parenthesis"), ("year in ()", 10, "value"),
            ("year in (1 2)", 12, "comma"), ("lang = \"en", 8, "does not end"),
            ("date = 2019-01-01", 8, "no number"), ("and = 1", 1, "`and`"), ("not", 4, "field"),
            ("has(3)", 5, "field"), ("größe = ;", 9, "expected here"), ("a = 1 &", 7, "expected"),
            ("a not = 1", 7, "\"in\""), ("a = 1e999", 5, "no number"), ("5 = a", 1, "field"),
        ]
        for (text, column, part) in cases {
            do throws(FilterProblem) {
                let filter = try Filter(text)
                Issue.record("\(text) is read as \(filter.root.written)")
            } catch {
                #expect(error.column == column, "\(text): \(error)")
                #expect(error.reason.contains(part), "\(text): \(error)")
                #expect(error.description.contains("column \(column)"))
            }
        }
    }

    @Test("the caret stands below the place, also in a long filter")
    func caret() throws {
        for blanks in [0, 3, 49, 50, 51, 400] {
            let text = String(repeating: " ", count: blanks) + "é = 1 and ?"
            do throws(FilterProblem) {
                _ = try Filter(text)
                Issue.record("it is read")
            } catch {
                let lines = error.excerpt.split(separator: "\n").map { Array($0) }
                try #require(lines.count == 2)
                let caret = try #require(lines[1].firstIndex(of: "^"))
                #expect(lines[0][caret] == "?" && lines[0].count <= 80, "\(error)")
            }
        }
    }

    @Test("a filter is no longer and no deeper than it may be")
    func limits() throws {
        let nested = { (count: Int) in
            String(repeating: "(", count: count) + "a = 1" + String(repeating: ")", count: count)
        }
        #expect(try tree(nested(Filter.depthMax)) == "a = 1")
        #expect(throws: FilterProblem.self) { try Filter(nested(Filter.depthMax + 1)) }
        #expect(throws: FilterProblem.self) {
            try Filter(String(repeating: "not ", count: 1_000) + "a = 1")
        }
        let many = "a in (" + [String](repeating: "1", count: 8_000).joined(separator: ",") + ")"
        #expect(many.utf8.count <= Filter.bytesMax)
        _ = try Filter(many)
        let long = String(repeating: " ", count: Filter.bytesMax) + "a = 1"
        #expect(throws: FilterProblem.self) { try Filter(long) }
    }

    @Test("fields and values are compared with what the index has")
    func checked() throws {
        let known = [
            FieldEntry(name: "year", type: .integer, passages: 3),
            FieldEntry(name: "score", type: .number, passages: 3),
            FieldEntry(name: "lang", type: .string, passages: 3),
            FieldEntry(name: "topic", type: .strings, passages: 3),
            FieldEntry(name: "open", type: .boolean, passages: 3),
            FieldEntry(name: "later", type: .none, passages: 0),
        ]
        for text in [
            "year >= 2.5 and score = 3", "lang < 'x' and topic in ('a', 'b')", "open != true",
            "later = 1 or later = 'x'", "has(topic)",
        ] { try Filter(text).check(known) }
        let cases: [(String, Int, String)] = [
            ("yaer >= 2019", 1, "year (integer), score (number)"), ("year = '2019'", 8, "a string"),
            ("lang = 3", 8, "a number"), ("topic in ('a', 1)", 16, "a number"),
            ("open = 'true'", 8, "a string"), ("open > false", 1, "use = or !="),
            ("year = true", 8, "true or false"), ("year = 1 and not has(nothing)", 22, "no field"),
        ]
        for (text, column, part) in cases {
            do throws(FilterProblem) {
                try Filter(text).check(known)
                Issue.record("\(text) passes")
            } catch {
                #expect(error.column == column && error.reason.contains(part), "\(error)")
            }
        }
        #expect(try Filter("a = 1 and b = 2 or not has(a)").fields == ["a", "b"])
    }

    @Test("any bytes are read or refused, and what is read is read the same again")
    func random() throws {
        var numbers = Numbers(7)
        let parts = [
            "a", "year", " ", "(", ")", "and", " or ", "not ", " in ", ",", "=", "!=", "<", ">=",
            "1", "-2.5", "'x'", "\"", "`", "has(a)", "true", "é", "\u{0}", "\\", "in", ".",
        ]
        var accepted = 0
        for _ in 0..<20_000 {
            let count = Int.random(in: 0...12, using: &numbers)
            let text = (0..<count).map { _ in parts.randomElement(using: &numbers) ?? "" }.joined()
            guard let filter = try? Filter(text) else { continue }
            accepted += 1
            #expect(try Filter(text) == filter)
        }
        #expect(accepted > 20, "\(accepted) of the filters are sound")
    }
}

extension Condition {
    fileprivate var written: String {
        switch self {
        case .all(let parts): "(" + parts.map(\.written).joined(separator: " and ") + ")"
        case .any(let parts): "(" + parts.map(\.written).joined(separator: " or ") + ")"
        case .not(let part): "not " + part.written
        case .leaf(let leaf):
            switch leaf.test {
            case .has: "has(\(leaf.field.name))"
            case .compare(let comparison, let literal):
                "\(leaf.field.name) \(comparison.rawValue) \(literal.value.written)"
            case .among(let literals):
                "\(leaf.field.name) in ("
                    + literals.map(\.value.written).joined(separator: ", ") + ")"
            }
        }
    }
}

extension FilterValue {
    fileprivate var written: String {
        switch self {
        case .boolean(let value): "\(value)"
        case .integer(let value): "\(value)"
        case .number(let value): "\(value)"
        case .string(let value): "\"\(value)\""
        }
    }
}
