// Runs Python, where there is one, so that real libraries can judge our files.

import Foundation

/// Real Python libraries as oracles.
public enum Python {
    public static let hasNumpy = has("numpy")
    public static let hasGensim = has("gensim")
    public static let hasSafetensors = has("safetensors")

    public static func has(_ module: String) -> Bool {
        (try? run("import \(module)")) != nil
    }

    public struct Failure: Error {
        public let output: String
    }

    /// Runs a script with arguments; what it prints.
    @discardableResult
    public static func run(_ script: String, _ arguments: [String] = []) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["python3", "-c", script] + arguments
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        try process.run()
        let printed = pipe.fileHandleForReading.readDataToEndOfFile()
        let output = String(decoding: printed, as: UTF8.self)
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw Failure(output: output) }
        return output
    }
}
