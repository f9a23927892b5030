// An import that Package.swift does not know of breaks a build from scratch.

import Testing

@Suite("Declared dependencies")
struct DeclarationTests {
    private static let manifest = """
        library("Files"),
        library("Transport", ["Protocol", logging]),
        library("Protocol"),
        program(
            "Worker",
            [
                "Files", "Transport", arguments,
            ]),
        """

    private func violations(_ module: String, _ imported: String) -> [Violation] {
        let source = SourceText(path: "Sources/\(module)/File.swift", text: "import \(imported)")
        return Declarations.violations(
            in: source, Declarations.dependencies(in: Self.manifest))
    }

    @Test("every import of the repository is declared in Package.swift")
    func repository() throws {
        let declared = Declarations.dependencies(in: try Repository.text(of: "Package.swift"))
        #expect(declared["Transport"]?.contains("Protocol") == true)
        #expect(declared["Worker"]?.contains("Logging") == true)
        for violation in Repository.sources.flatMap({ Declarations.violations(in: $0, declared) }) {
            Issue.record("\(violation)")
        }
    }

    @Test("an import that is not declared is found, one that is or that is no package's is not")
    func found() {
        #expect(violations("Transport", "Files").count == 1)
        #expect(violations("Worker", "Logging").count == 1)
        #expect(violations("Transport", "Logging").isEmpty)
        #expect(violations("Worker", "Transport").isEmpty)
        #expect(violations("Worker", "Foundation").isEmpty)
    }
}
