// The rules about size fire at one more than their limit.

import Testing

@Suite("The limits of lines, files and functions")
struct LayoutRulesTests {
    private func source(_ text: String, path: String = "Sources/Cluster/File.swift") -> SourceText {
        SourceText(path: path, text: text)
    }

    private func filler(_ count: Int) -> String {
        String(repeating: "    work()\n", count: count)
    }

    @Test("a line of 101 columns is too wide, one of 100 characters is not, nor is one with a URL")
    func width() {
        let text = [
            String(repeating: "a", count: 100), String(repeating: "a", count: 101),
            String(repeating: "…", count: 100),
            "// https://example.org/" + String(repeating: "a", count: 100),
        ].joined(separator: "\n")
        #expect(LayoutRules.wideLines(in: source(text)).map(\.line) == [2])
        #expect(LayoutRules.wideLines(in: source(text, path: "Sources/C/a.c")).count == 1)
    }

    @Test("a file of 501 lines is too long")
    func fileLength() {
        #expect(LayoutRules.longFile(source(filler(500))).isEmpty)
        #expect(LayoutRules.longFile(source(filler(501))).count == 1)
    }

    @Test(
        "a Swift function of 71 lines is too long, whatever its signature",
        arguments: [
            "func f() {\n", "static func f(a: Int, b: () -> Void = {}) async throws -> Int {\n",
            "init(a: Int) {\n", "convenience init?(a: Int) {\n", "deinit {\n",
            "subscript(a: Int) -> Int {\n", "func f<T>(_ a: T) -> [T] where T: P {\n",
        ])
    func swiftFunction(head: String) {
        #expect(LayoutRules.longFunctions(in: source(head + filler(68) + "}\n")).isEmpty)
        let long = LayoutRules.longFunctions(in: source("// F.\n" + head + filler(69) + "}\n"))
        #expect(long.map(\.line) == [2])
    }

    @Test("a signature over several lines counts with its body")
    func longSignature() {
        let text = "func f(\n    a: Int,\n    b: Int\n)\n    -> Int\n{\n" + filler(64) + "}\n"
        #expect(LayoutRules.longFunctions(in: source(text)).count == 1)
    }

    @Test("a requirement has no body, and a type is no function")
    func noFunction() {
        let text =
            "protocol P {\n    func f() -> Int\n    init(a: Int)\n}\nstruct S {\n"
            + filler(80) + "}\n"
        #expect(LayoutRules.longFunctions(in: source(text)).isEmpty)
    }

    @Test("braces in strings and comments do not count")
    func braces() {
        let text = "func f() {\n    // }\n    let a = \"}\"\n" + filler(68) + "}\n"
        #expect(LayoutRules.longFunctions(in: source(text)).count == 1)
    }

    @Test("a C function of 71 lines is too long, a table of any length is not")
    func cFunction() {
        let path = "Sources/CKernels/a.c"
        let function = "static int f(const float *a,\n             int n) {\n"
        let long = "/* F. */\n" + function + filler(69) + "}\n"
        let macro = "#define LOOP(x) if (x) { \\\n    {\n"
        #expect(LayoutRules.longFunctions(in: source(long, path: path)).count == 1)
        #expect(LayoutRules.longFunctions(in: source(macro + long, path: path)).count == 1)
        #expect(
            LayoutRules.longFunctions(in: source(function + filler(68) + "}\n", path: path)).isEmpty
        )
        let table = "static const int t[] = {\n" + filler(100) + "};\n"
        #expect(LayoutRules.longFunctions(in: source(table, path: path)).isEmpty)
        let wrapped = "extern \"C\" {\n" + long + "}\n"
        #expect(LayoutRules.longFunctions(in: source(wrapped, path: path)).count == 1)
    }
}
