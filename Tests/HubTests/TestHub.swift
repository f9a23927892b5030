// A hub for one test, the cache that is filled from it, and a look at both.

import Foundation
import Hub
import TestSupport

final class TestHub {
    static let commit = HubServer.commit
    static var files: [String: [String: Any]] { HubServer.files }
    /// Those of `files` that an encoder needs.
    static let needed = [
        "1_Pooling/config.json", "config.json", "model.safetensors", "modules.json",
        "tokenizer.json", "vocab.txt",
    ]

    let server: HubServer
    let scratch: Scratch

    init(
        files: [String: [String: Any]] = TestHub.files, names: [String] = [],
        token: String? = nil, certificate: String? = nil, faults: [[String: Any]] = []
    ) throws {
        server = try HubServer(
            files: files, names: names, token: token, certificate: certificate, faults: faults)
        scratch = try Scratch()
    }

    var endpoint: String { server.endpoint }

    /// Every request so far.
    func log() throws -> [HubServer.Request] { try server.log() }

    // MARK: - Pulling

    /// Short pauses; waits that a test ends by itself have room on a busy machine.
    static var patience: Patience {
        var patience = Patience()
        patience.firstPause = 0.02
        patience.silence = 20
        return patience
    }

    var cache: HubCache { HubCache(directory: scratch.path("hub")) }

    /// Where the model's blobs, refs and snapshots are.
    var model: String { scratch.path("hub/models--org--tiny") }

    func pull(
        _ name: String = "org/tiny", token: String? = nil, patience: Patience = TestHub.patience,
        observe: @escaping @Sendable (PullEvent) -> Void = { _ in }
    ) async throws -> PulledModel {
        let settings = HubSettings(endpoint: endpoint, cache: cache, token: token)
        let pull = ModelPull(
            try ModelName(name), settings, patience: patience, agent: "sounder/test")
        return try await pull.run(observe)
    }

    /// The sentence with which a pull fails; empty if it does not.
    func complaint(
        _ name: String = "org/tiny", token: String? = nil, patience: Patience = TestHub.patience
    ) async -> String {
        do {
            _ = try await pull(name, token: token, patience: patience)
            return ""
        } catch { return "\(error)" }
    }

    // MARK: - Looking

    /// Names below `folder` of the model's directory, at any depth, without directories.
    func names(in folder: String) -> [String] {
        let all = FileManager.default.subpaths(atPath: "\(model)/\(folder)") ?? []
        return all.filter { path in
            var isDirectory: ObjCBool = false
            let path = "\(model)/\(folder)/\(path)"
            _ = FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory)
            return !isDirectory.boolValue
        }.sorted()
    }

    /// What the hub's large file holds.
    static func weights(_ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(($0 * 7 + ($0 >> 8)) % 251) }
    }
}
