// Tests that huggingface_hub and we read each other's cache.

import Foundation
import Hub
import TestSupport
import Testing

@Suite(
    "The cache is that of huggingface_hub",
    .enabled(
        if: Python.has("huggingface_hub"),
        "huggingface_hub is not here; scripts/setup.sh oracles gets it"))
struct LibraryTests {
    /// Arguments: endpoint, cache, offline (0 or 1), repository. Prints the snapshot's directory.
    private static let download = """
        import os, sys
        os.environ.update(HF_ENDPOINT=sys.argv[1], HF_HUB_CACHE=sys.argv[2],
                          HF_HUB_OFFLINE=sys.argv[3], HF_HUB_DISABLE_PROGRESS_BARS="1")
        from huggingface_hub import snapshot_download
        wanted = ["*.json", "model.safetensors", "vocab.txt"]
        print(snapshot_download("org/tiny", allow_patterns=wanted, ignore_patterns=["onnx/*"]))
        """

    /// Blobs, refs and snapshots with what they hold or where they lead.
    private static func layout(_ model: String) throws -> [String] {
        let manager = FileManager.default
        return try ["blobs", "refs", "snapshots"].flatMap { folder in
            try (manager.subpaths(atPath: "\(model)/\(folder)") ?? []).map { name in
                let path = "\(model)/\(folder)/\(name)"
                if let link = try? manager.destinationOfSymbolicLink(atPath: path) {
                    return "\(folder)/\(name) -> \(link)"
                }
                var isDirectory: ObjCBool = false
                _ = manager.fileExists(atPath: path, isDirectory: &isDirectory)
                if isDirectory.boolValue { return "\(folder)/\(name)/" }
                return try "\(folder)/\(name) \(bytes(of: path).hashValue)"
            }
        }.sorted()
    }

    @Test("both leave the same blobs, refs and links behind")
    func sameLayout() async throws {
        let hub = try TestHub()
        _ = try await hub.pull()
        let theirs = hub.scratch.path("theirs")
        try Python.run(Self.download, [hub.endpoint, theirs, "0"])
        let ours = try Self.layout(hub.model)
        #expect(try Self.layout(theirs + "/models--org--tiny") == ours)
        #expect(ours.count { $0.hasPrefix("blobs/") } == TestHub.needed.count)
    }

    @Test("offline, it finds what we fetched, and we what it fetched")
    func findEachOther() async throws {
        let hub = try TestHub()
        let model = try await hub.pull()
        let found = try Python.run(Self.download, ["http://127.0.0.1:1", hub.cache.directory, "1"])
        #expect(found.trimmingCharacters(in: .whitespacesAndNewlines) == model.directory)
        let theirs = hub.scratch.path("theirs")
        let fetched = try Python.run(Self.download, [hub.endpoint, theirs, "0"])
        let resolved = try ModelLocation.resolve("org/tiny", cache: HubCache(directory: theirs))
        #expect(fetched.trimmingCharacters(in: .whitespacesAndNewlines) == resolved)
    }
}
