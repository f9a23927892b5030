// Runs a tool of this machine to its end, and knows whether it is there.

import Foundation
import TestSupport

/// What a tool said, and how it ended.
struct Command {
    let code: Int32
    let output: String
    let errors: String

    var all: String { output + errors }

    static func exists(_ tool: String) -> Bool {
        (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").contains {
            FileManager.default.isExecutableFile(atPath: "\($0)/\(tool)")
        }
    }

    /// - Parameter environment: variables besides those of this process.
    static func run(
        _ tool: String, _ arguments: [String], in directory: URL = Deploy.root,
        environment: [String: String] = [:]
    ) throws -> Command {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [tool] + arguments
        process.currentDirectoryURL = directory
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.standardInput = FileHandle.nullDevice
        // Files, because a pipe that nobody reads fills up.
        let scratch = try Scratch()
        let paths = (try scratch.write("", to: "out"), try scratch.write("", to: "err"))
        process.standardOutput = FileHandle(forWritingAtPath: paths.0)
        process.standardError = FileHandle(forWritingAtPath: paths.1)
        try process.run()
        process.waitUntilExit()
        return Command(
            code: process.terminationReason == .exit
                ? process.terminationStatus : 128 + process.terminationStatus,
            output: String(decoding: try bytes(of: paths.0), as: UTF8.self),
            errors: String(decoding: try bytes(of: paths.1), as: UTF8.self))
    }
}

/// The files of deploy/, and of the repository around it.
enum Deploy {
    static let root = URL(fileURLWithPath: #filePath)
        .appendingPathComponent("../../..").standardized

    static func path(_ name: String) -> String { root.appendingPathComponent(name).path }

    static func text(_ name: String) throws -> String {
        try String(contentsOf: root.appendingPathComponent(name), encoding: .utf8)
    }

    /// Files of the repository below `folder`, as paths from its root.
    static func files(in folder: String) -> [String] {
        let names = FileManager.default.enumerator(atPath: path(folder))?.compactMap {
            $0 as? String
        }
        return (names ?? []).map { "\(folder)/\($0)" }.filter {
            var isDirectory: ObjCBool = false
            return FileManager.default.fileExists(atPath: path($0), isDirectory: &isDirectory)
                && !isDirectory.boolValue
        }.sorted()
    }

    /// The documents of a YAML text, through Python's parser.
    static func documents(yaml: String) throws -> [[String: Any]] {
        let scratch = try Scratch()
        let file = try scratch.write(yaml, to: "text.yaml")
        let json = try Python.run(
            "import json, sys, yaml\n"
                + "print(json.dumps(list(yaml.safe_load_all(open(sys.argv[1])))))", [file])
        let parsed = try JSONSerialization.jsonObject(with: Data(json.utf8))
        return (parsed as? [Any] ?? []).compactMap { $0 as? [String: Any] }
    }

    static let readsYAML = Python.has("yaml")
}

/// A value somewhere in parsed YAML: keys and indices, separated by dots.
func value(_ path: String, in tree: Any?) -> Any? {
    path.split(separator: ".").reduce(tree) { node, step in
        if let list = node as? [Any], let index = Int(step) {
            return list.indices.contains(index) ? list[index] : nil
        }
        return (node as? [String: Any])?[String(step)]
    }
}

/// The elements of a list somewhere in parsed YAML.
func list(_ path: String, in tree: Any?) -> [Any] { value(path, in: tree) as? [Any] ?? [] }
