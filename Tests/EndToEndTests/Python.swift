// Python libraries as readers of our files, where there are some.

import Foundation
import Testing

enum Python {
    static let hasGensim = has("gensim")
    static let hasNumpy = has("numpy")

    private static func has(_ module: String) -> Bool {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["python3", "-c", "import \(module)"]
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        guard (try? process.run()) != nil else { return false }
        process.waitUntilExit()
        if process.terminationStatus == 0 { return true }
        print("skipped: python3 has no \(module), which would read our files")
        return false
    }

    /// What a script prints, its last line break removed.
    static func run(
        _ script: String, _ arguments: [String], in scratch: Scratch
    ) async throws -> String {
        let python = try Program(
            "/usr/bin/env", ["python3", "-c", script] + arguments, in: scratch)
        let ending = try await python.ending(within: 60)
        try #require(ending.code == 0, "\(ending)")
        return ending.output.trimmingCharacters(in: .newlines)
    }
}
