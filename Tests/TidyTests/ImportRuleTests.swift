// The import rule fires on what it forbids, and only on that.

import Testing

@Suite("The import table")
struct ImportRuleTests {
    private func violations(_ path: String, _ text: String) -> [Violation] {
        ImportRule.violations(in: SourceText(path: path, text: text))
    }

    @Test(
        "forbids what design and ARCHITECTURE.md forbid",
        arguments: [
            ("Protocol", "Transport"), ("Transport", "Cluster"), ("Journal", "Transport"),
            ("Client", "Cluster"), ("Gateway", "Journal"), ("Gateway", "Tensors"),
            ("Tensors", "Protocol"), ("Tokenizers", "Tensors"), ("Models", "Cluster"),
            ("WordVectors", "Protocol"), ("WordVectors", "Transport"), ("Retrieval", "Models"),
            ("Statistics", "Transport"), ("Worker", "Journal"), ("Worker", "Gateway"),
            ("Coordinator", "WordVectors"), ("Console", "Cluster"), ("Coordinator", "GRDB"),
            ("Cluster", "Foundation"), ("Cluster", "FoundationEssentials"),
            ("Cluster", "Dispatch"), ("Cluster", "Logging"), ("Cluster", "Synchronization"),
            ("Cluster", "Glibc"), ("Cluster", "Transport"), ("Console", "CZeroMQ"),
            ("Transport", "CKernels"), ("WordVectors", "CZstd"), ("Tensors", "CXXHash"),
            ("Journal", "ArgumentParser"), ("Files", "Tensors"), ("Files", "Protocol"),
            ("Compression", "Tensors"),
        ])
    func forbidden(module: String, imported: String) {
        let found = violations("Sources/\(module)/File.swift", "// F.\nimport \(imported)\n")
        #expect(
            found == [
                Violation(
                    path: "Sources/\(module)/File.swift", line: 2,
                    sentence: "\(module) must not import \(imported)")
            ])
    }

    @Test(
        "sees through attributes, access levels and kinds",
        arguments: [
            "@testable import Cluster", "public import Cluster", "internal import Cluster",
            "package import Cluster", "@_implementationOnly import Cluster",
            "@preconcurrency public import Cluster", "import struct Cluster.Scheduler",
            "import Cluster.Events", "  import  Cluster", "import Protocol; import Cluster",
            "#if os(Linux)\nimport Cluster\n#endif", "@_spi(Testing) import Cluster",
        ])
    func forms(line: String) {
        #expect(violations("Sources/Transport/Socket.swift", line).count == 1)
    }

    @Test(
        "ignores imports that are not code",
        arguments: [
            "// import Cluster", "/* import Cluster */", "let text = \"import Cluster\"",
            "let text = \"\"\"\nimport Cluster\n\"\"\"", "#if canImport(Cluster)\n#endif",
            "let imported = importCluster",
        ])
    func notCode(text: String) {
        #expect(violations("Sources/Transport/Socket.swift", text).isEmpty)
    }

    @Test(
        "allows what the table names, and the toolchain",
        arguments: [
            ("Cluster", "Protocol"), ("Transport", "CZeroMQ"), ("Transport", "Synchronization"),
            ("Journal", "GRDB"), ("Protocol", "FoundationEssentials"),
            ("Tensors", "CKernels"), ("WordVectors", "CKernels"), ("Compression", "CZstd"),
            ("Worker", "WordVectors"), ("Console", "WordVectors"), ("Worker", "Logging"),
            ("Compression", "Files"), ("Tensors", "Files"), ("Coordinator", "Files"),
        ])
    func allowed(module: String, imported: String) {
        #expect(violations("Sources/\(module)/File.swift", "import \(imported)").isEmpty)
    }

    @Test("lets the towers meet in the reducer alone")
    func reducer() {
        #expect(violations("Sources/Coordinator/Reducer.swift", "import Tensors").isEmpty)
        #expect(violations("Sources/Coordinator/Reducer+Words.swift", "import Tensors").isEmpty)
        #expect(violations("Sources/Coordinator/Store.swift", "import Tensors").count == 1)
    }

    @Test("asks for a row for each new module")
    func unknownModule() {
        #expect(violations("Sources/Novelty/File.swift", "// F.").count == 1)
        #expect(violations("Tests/NoveltyTests/File.swift", "import Cluster").isEmpty)
    }
}
