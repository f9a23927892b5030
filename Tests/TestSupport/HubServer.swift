// A model hub on this machine for one test: hub_server.py with its files and its faults.

import Foundation

/// Ends when it is freed.
public final class HubServer {
    public static let commit = String(repeating: "c0ffee", count: 6) + "abcd"

    /// A repository like that of a sentence encoder, as hub_server.py wants it.
    public static var files: [String: [String: Any]] {
        [
            "config.json": ["text": #"{"model_type": "bert"}"#],
            "tokenizer.json": ["text": #"{"version": "1.0"}"#],
            "modules.json": ["text": "[]"],
            "1_Pooling/config.json": ["text": "{}"],
            "vocab.txt": ["text": "[PAD]\n[UNK]\n"],
            "model.safetensors": ["bytes": 300_000, "lfs": true],
            "pytorch_model.bin": ["bytes": 20, "lfs": true],
            "onnx/config.json": ["text": "{}"],
            "README.md": ["text": "# tiny"],
        ]
    }

    public struct Request: Decodable {
        public let method: String
        public let path: String
        public let range: String?
        public let authorization: String?
        /// `hub`, or `store` where the large files are.
        public let port: String
    }

    public let endpoint: String
    private let scratch: Scratch
    private let process = Process()
    /// Closes with us, however we end, and the server ends by that.
    private let life = Pipe()

    public init(
        files: [String: [String: Any]] = HubServer.files, names: [String] = [],
        token: String? = nil, certificate: String? = nil, faults: [[String: Any]] = []
    ) throws {
        var about: [String: Any] = ["files": files, "names": names, "faults": faults]
        about["token"] = token
        about["certificate"] = certificate
        scratch = try Scratch()
        about["log"] = try scratch.write("", to: "log")
        let text = String(
            decoding: try JSONSerialization.data(withJSONObject: about), as: UTF8.self)
        let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent()
        let script = tests.appendingPathComponent("Fixtures/hub_server.py").path
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["python3", script, text]
        let output = Pipe()
        process.standardInput = life
        process.standardOutput = output
        try process.run()
        let line = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
        guard let port = Int(line.trimmingCharacters(in: .whitespacesAndNewlines)) else {
            throw CocoaError(.fileReadUnknown)
        }
        endpoint = (certificate == nil ? "http" : "https") + "://127.0.0.1:\(port)"
    }

    deinit {
        // Other signals may be blocked in it, as they are in the thread that started it.
        kill(process.processIdentifier, SIGKILL)
    }

    /// Every request so far.
    public func log() throws -> [Request] {
        let lines = try bytes(of: scratch.path("log")).split(separator: UInt8(ascii: "\n"))
        return try lines.map { try JSONDecoder().decode(Request.self, from: Data($0)) }
    }
}
