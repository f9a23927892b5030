// Metrics in the text format of Prometheus, read back, and judged by its own tool.

import Foundation

/// The samples of one scrape.
public struct Scrape {
    /// By name and labels, as they stand in the text.
    public let values: [String: Double]

    public init(_ text: String) {
        var values: [String: Double] = [:]
        for line in text.split(separator: "\n") where !line.hasPrefix("#") {
            guard let space = line.lastIndex(of: " ") else { continue }
            values[String(line[..<space])] = Double(line[line.index(after: space)...])
        }
        self.values = values
    }

    public subscript(_ name: String) -> Double { values[name] ?? .nan }
}

/// The tool that comes with Prometheus, where it is installed.
public enum Promtool {
    public static let absence = "promtool is not here; scripts/setup.sh oracles gets it"

    public static let isThere: Bool = {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
        return path.split(separator: ":").contains {
            FileManager.default.isExecutableFile(atPath: "\($0)/promtool")
        }
    }()

    /// What `promtool check metrics` says; empty if all is well.
    public static func complaints(about text: String) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["promtool", "check", "metrics"]
        let (input, output) = (Pipe(), Pipe())
        process.standardInput = input
        process.standardOutput = output
        process.standardError = output
        try process.run()
        // A scrape may be longer than a pipe; it is read before anything is said.
        input.fileHandleForWriting.write(Data(text.utf8))
        try input.fileHandleForWriting.close()
        let said = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        let sentence = String(decoding: said, as: UTF8.self)
        return process.terminationStatus == 0 || !sentence.isEmpty
            ? sentence : "code \(process.terminationStatus)"
    }
}
