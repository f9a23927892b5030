// The import table: which module may import which, as ARCHITECTURE.md draws it.

/// What the files of one module may import of this repository and of the packages that a single
/// module owns. Modules of the toolchain are free, unless `only` closes the list.
struct ModuleRule {
    let module: String
    let mayImport: Set<String>
    var only = false
    /// Imports for some files alone, by the start of the file's name.
    var exceptions: [String: Set<String>] = [:]
}

enum ImportRule {
    private static let kernels: Set<String> = ["CKernels", "CDense"]

    static let table: [ModuleRule] = [
        ModuleRule(module: "Files", mayImport: []),
        ModuleRule(module: "Compression", mayImport: ["Files", "CZlib", "CZstd"]),
        ModuleRule(module: "Digests", mayImport: ["CCrypto"]),
        ModuleRule(module: "Documents", mayImport: ["Files"]),
        ModuleRule(module: "Hub", mayImport: ["Digests", "Files", "CCurl"]),
        ModuleRule(module: "Protocol", mayImport: []),
        ModuleRule(module: "Transport", mayImport: ["Protocol", "CZeroMQ", "CXXHash"]),
        ModuleRule(
            module: "Cluster",
            mayImport: ["Protocol", "DequeModule", "HeapModule", "OrderedCollections"],
            only: true),
        ModuleRule(module: "Journal", mayImport: ["Protocol", "Cluster", "CXXHash", "GRDB"]),
        ModuleRule(module: "Client", mayImport: ["Protocol", "Transport"]),
        ModuleRule(module: "Telemetry", mayImport: ["Protocol", "Transport", "ArgumentParser"]),
        ModuleRule(
            module: "Gateway",
            mayImport: ["Protocol", "Transport", "Client", "Hummingbird", "HummingbirdCore"]),
        ModuleRule(module: "Tensors", mayImport: kernels.union(["Files"])),
        ModuleRule(module: "Tokenizers", mayImport: ["CUTF8Proc"]),
        ModuleRule(module: "Models", mayImport: kernels.union(["Files", "Tensors", "Tokenizers"])),
        ModuleRule(module: "WordVectors", mayImport: kernels.union(["Files", "Tensors"])),
        ModuleRule(
            module: "WordJobs",
            mayImport: ["Digests", "Files", "Protocol", "Tensors", "WordVectors"]),
        ModuleRule(
            module: "Retrieval",
            mayImport: kernels.union([
                "Compression", "Files", "Tensors", "CStemmer", "CUTF8Proc",
            ])),
        ModuleRule(
            module: "Statistics", mayImport: kernels.union(["Files", "Tensors", "CLAPACK"])),
        ModuleRule(
            module: "Coordinator",
            mayImport: [
                "Protocol", "Transport", "Cluster", "Journal", "Client", "Gateway",
                "Digests", "Documents", "Files", "Compression", "Telemetry", "ArgumentParser",
            ],
            exceptions: ["Reducer": ["Retrieval", "Tensors", "WordJobs", "WordVectors"]]),
        ModuleRule(
            module: "Worker",
            mayImport: [
                "Protocol", "Transport", "Cluster", "CKernels", "Digests", "Documents", "Files",
                "Tensors", "Tokenizers", "Models", "WordJobs", "WordVectors", "Retrieval",
                "Statistics",
                "Telemetry", "ArgumentParser",
            ]),
        ModuleRule(
            module: "Console",
            mayImport: [
                "Protocol", "Transport", "Client", "Digests", "Documents", "Files", "Hub",
                "Tensors", "Tokenizers", "Models",
                "WordJobs", "WordVectors", "Retrieval", "Statistics", "Telemetry", "ArgumentParser",
            ],
            exceptions: [
                "Chunk": ["Compression"], "Estimate": ["Compression"],
                "InputLines": ["Compression"], "Phrases": ["Compression"],
            ]),
    ]

    /// Every module that the table speaks of; an import of any other is an import of the toolchain
    /// or of a package that nobody has to himself.
    private static let owned: Set<String> = table.reduce(into: []) { owned, rule in
        owned.insert(rule.module)
        owned.formUnion(rule.mayImport)
        for more in rule.exceptions.values { owned.formUnion(more) }
    }

    static func violations(in source: SourceText) -> [Violation] {
        guard source.isSwift, let module = source.module else { return [] }
        guard let rule = table.first(where: { $0.module == module }) else {
            return [
                Violation(
                    path: source.path, line: 1,
                    sentence: "module \(module) has no row in the import table")
            ]
        }
        return imports(in: source).compactMap { name, line in
            allows(rule, name, file: source.name)
                ? nil
                : Violation(
                    path: source.path, line: line, sentence: "\(module) must not import \(name)")
        }
    }

    private static func allows(_ rule: ModuleRule, _ name: String, file: String) -> Bool {
        if rule.mayImport.contains(name) { return true }
        if rule.exceptions.contains(where: { file.hasPrefix($0) && $1.contains(name) }) {
            return true
        }
        return !rule.only && !owned.contains(name)
    }

    /// The modules that a file imports, each with its line.
    static func imports(in source: SourceText) -> [(name: String, line: Int)] {
        source.code.enumerated().flatMap { index, line in
            line.split(separator: ";").compactMap { statement in
                importedModule(statement).map { ($0, index + 1) }
            }
        }
    }

    private static let modifiers: Set<Substring> = [
        "public", "package", "internal", "fileprivate", "private",
    ]
    private static let kinds: Set<Substring> = [
        "struct", "class", "enum", "protocol", "typealias", "func", "var", "let", "actor",
    ]

    private static func importedModule(_ statement: Substring) -> String? {
        var words = statement.split(whereSeparator: \.isWhitespace)[...]
        while let word = words.first, word.hasPrefix("@") || modifiers.contains(word) {
            words.removeFirst()
        }
        guard words.popFirst() == "import" else { return nil }
        if let word = words.first, kinds.contains(word) { words.removeFirst() }
        return words.first.flatMap { $0.split(separator: ".").first.map(String.init) }
    }
}
