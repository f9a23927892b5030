// A directory for the files of one test, gone with its owner; and Python, where there is one.

import Foundation

final class Scratch {
    let directory: String

    init() throws {
        directory = NSTemporaryDirectory() + "sounder-test-" + UUID().uuidString
        try FileManager.default.createDirectory(
            atPath: directory, withIntermediateDirectories: true)
    }

    func path(_ name: String) -> String { directory + "/" + name }

    func write(_ bytes: [UInt8], to name: String) throws -> String {
        // Foundation forces each file to the disk, which takes long for thousands of small ones.
        guard let file = fopen(path(name), "w") else { throw CocoaError(.fileWriteUnknown) }
        defer { fclose(file) }
        guard fwrite(bytes, 1, bytes.count, file) == bytes.count else {
            throw CocoaError(.fileWriteUnknown)
        }
        return path(name)
    }

    func write(_ text: String, to name: String) throws -> String {
        try write(Array(text.utf8), to: name)
    }

    /// Names in the directory, sorted.
    var names: [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []).sorted()
    }

    deinit { try? FileManager.default.removeItem(atPath: directory) }
}

func bytes(of path: String) throws -> [UInt8] {
    try Array(Data(contentsOf: URL(fileURLWithPath: path)))
}

/// Real Python libraries as oracles.
enum Python {
    static let hasNumpy = has("numpy")
    static let hasGensim = has("gensim")
    static let hasSafetensors = has("safetensors")

    static func has(_ module: String) -> Bool {
        (try? run("import \(module)")) != nil
    }

    struct Failure: Error {
        let output: String
    }

    /// Runs a script with arguments; what it prints.
    @discardableResult
    static func run(_ script: String, _ arguments: [String] = []) throws -> String {
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
