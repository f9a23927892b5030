// What Package.swift lets a module depend on. A build from scratch may compile a module before one
// that it imports and did not declare; a build on top of an older one never notices.

import Foundation

enum Declarations {
    /// What an entry stands for that is no module's name.
    private static let variables = [
        "logging": "Logging", "arguments": "ArgumentParser", "grdb": "GRDB",
    ]

    /// The dependencies of each module under Sources, by its name.
    static func dependencies(in manifest: String) -> [String: Set<String>] {
        var declared: [String: Set<String>] = [:]
        for kind in ["library(", "program("] {
            for text in manifest.components(separatedBy: kind).dropFirst() {
                let entry = text.prefix { $0 != ")" }.split { " \n,[]\"".contains($0) }
                guard let module = entry.first.map(String.init) else { continue }
                declared[module] = Set(
                    entry.dropFirst().map { variables[String($0)] ?? String($0) })
            }
        }
        return declared
    }

    static func violations(
        in source: SourceText, _ declared: [String: Set<String>]
    ) -> [Violation] {
        guard source.isSwift, let module = source.module, let own = declared[module] else {
            return []
        }
        let others = Set(declared.keys).union(variables.values)
        return ImportRule.imports(in: source).filter {
            others.contains($0.name) && !own.contains($0.name)
        }.map { name, line in
            Violation(
                path: source.path, line: line,
                sentence: "Package.swift does not say that \(module) depends on \(name)")
        }
    }
}
