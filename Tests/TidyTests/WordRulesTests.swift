// The rules about words fire on the word, not on its mention.

import Testing

@Suite("The rules about words")
struct WordRulesTests {
    private func source(_ text: String, path: String = "Sources/Cluster/File.swift") -> SourceText {
        SourceText(path: path, text: text)
    }

    @Test(
        "a type whose name says nothing is named",
        arguments: [
            "struct JobManager {", "public final class SocketHelper: P {", "enum StringUtils {",
            "protocol RunnerBase {", "actor WorkerManager {", "typealias CodecHelper = Codec",
        ])
    func bannedNames(line: String) {
        #expect(WordRules.bannedNames(in: source(line)).count == 1)
        #expect(WordRules.bannedNames(in: source("// " + line)).isEmpty)
    }

    @Test(
        "other names pass",
        arguments: [
            "struct Database {", "struct Basement {", "let jobManager = 1", "class func helper() {",
        ])
    func otherNames(line: String) {
        #expect(WordRules.bannedNames(in: source(line)).isEmpty)
    }

    @Test("try! is found in code and in an interpolation, not in a string or a comment")
    func forcedTries() {
        let text = """
            let a = try! f()
            let b = "try! \\(try! f())"
            let c = "try! f()"  // try! f()
            let d = #"\\(try! f())"#
            let e = try? f()
            """
        #expect(WordRules.forcedTries(in: source(text)).map(\.line) == [1, 2])
    }

    @Test("print is for Console, and for nobody else")
    func prints() {
        let text = "print(1)\ndebugPrint(2)\nblueprint(3)\npage.print(4)\n// print(5)\n"
        #expect(WordRules.prints(in: source(text)).map(\.line).sorted() == [1, 2])
        #expect(WordRules.prints(in: source(text, path: "Sources/Console/Top.swift")).isEmpty)
    }

    @Test("memory is aligned to 16 bytes at most")
    func alignments() {
        let text = "f(alignment: 16)\nf(alignment: 64)\n// alignment: 64\n"
        #expect(WordRules.alignments(in: source(text)).map(\.line) == [2])
    }

    @Test("a line of help is at most 80 columns wide")
    func help() {
        let indent = String(repeating: " ", count: 12)
        let (fits, wide) = (
            indent + String(repeating: "x", count: 80),
            indent
                + String(
                    repeating: "x", count: 81)
        )
        let text = "\(wide)\n    discussion: \"\"\"\n\(fits)\n\(wide)\n\(indent)\"\"\")\n\(wide)\n"
        #expect(WordRules.wideHelp(source(text)).map(\.line) == [4])
    }

    @Test("a source file opens with a comment")
    func opening() {
        #expect(WordRules.missingOpening(source("import Protocol\n")).count == 1)
        #expect(WordRules.missingOpening(source("")).count == 1)
        #expect(WordRules.missingOpening(source("// Says what.\nimport Protocol\n")).isEmpty)
        let header = source("#pragma once\n", path: "Sources/CKernels/include/kernels.h")
        #expect(WordRules.missingOpening(header).count == 1)
    }
}

@Suite("The mask over comments and strings")
struct SourceMaskTests {
    private func swift(_ text: String) -> String {
        var mask = SourceMask(text, language: .swift)
        return mask.masked()
    }

    @Test("keeps the number of lines and columns")
    func shape() {
        let text = "a /* b\n /* c */ d */ e\n\"\"\"\nf { \\\n\"\"\"\n"
        let masked = swift(text)
        #expect(masked.count == text.count)
        #expect(masked == "a     \n              e\n\"\"\"\n     \n\"\"\"\n")
    }

    @Test("ends strings where Swift ends them")
    func strings() {
        #expect(swift(#"x("a\"b", y)"#) == #"x("    ", y)"#)
        #expect(swift(##"x(#"a"b"#, y)"##) == ##"x(#"   "#, y)"##)
        #expect(swift(#""a\(f("b", (1)))c" z"#) == #""  (f(" ", (1))) " z"#)
    }

    @Test("knows the character literals of C")
    func cLiterals() {
        var mask = SourceMask(#"c == '"' || c == '\'' || s == "{\"""#, language: .c)
        #expect(mask.masked() == #"c == ' ' || c == '  ' || s == "   ""#)
    }
}
