// Finds the repository that this test was compiled from, and reads its sources.

import Foundation

enum Repository {
    /// The directory above this file that holds Package.swift.
    static let root: URL = {
        var directory = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        while directory.path != "/" {
            let manifest = directory.appendingPathComponent("Package.swift")
            if FileManager.default.fileExists(atPath: manifest.path) { break }
            directory.deleteLastPathComponent()
        }
        return directory
    }()

    /// All Swift and C files under Sources and Tests.
    static let sources: [SourceText] = ["Sources", "Tests"].flatMap(read)

    static func text(of path: String) throws -> String {
        try String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)
    }

    private static func read(_ folder: String) -> [SourceText] {
        let start = root.appendingPathComponent(folder)
        let paths = FileManager.default.enumerator(atPath: start.path)?.compactMap { $0 as? String }
        return (paths ?? []).sorted().compactMap { path in
            guard [".swift", ".c", ".h"].contains(where: path.hasSuffix) else { return nil }
            let full = "\(folder)/\(path)"
            return (try? text(of: full)).map { SourceText(path: full, text: $0) }
        }
    }
}
