// Tests of names, of the variables that say where the cache is, and of finding models there.

import Foundation
import Hub
import TestSupport
import Testing

@Suite("A model is found") struct LocationTests {
    @Test(
        "names that huggingface_hub takes are taken",
        arguments: ["bert-base-uncased", "org/Name_1.5", "a/b@main", "a/b@refs/pr/7", "a/b@v1.0"])
    func names(text: String) throws {
        #expect(try "\(ModelName(text))" == text)
    }

    @Test(
        "other names are refused",
        arguments: [
            "", "a/b/c", "../b", "a/..", "a--b/c", "a/b.git", "-a/b", "a/b.", "a b", "a/b@",
            "a/b@../x", "a/b@/x", "a/b@x y", "a/b@x//y", "ä/b",
            "a/\(String(repeating: "b", count: 99))",
        ])
    func refusedNames(text: String) {
        #expect(throws: HubError.self) { try ModelName(text) }
    }

    private static func cache(_ variables: [String: String]) throws -> String {
        try HubCache(environment: { variables[$0] }).directory
    }

    @Test("the cache is where huggingface_hub has it")
    func places() throws {
        var variables = ["HOME": "/home/ada"]
        #expect(try Self.cache(variables) == "/home/ada/.cache/huggingface/hub")
        variables["XDG_CACHE_HOME"] = "/cache"
        #expect(try Self.cache(variables) == "/cache/huggingface/hub")
        variables["HF_HOME"] = "~/hf"
        #expect(try Self.cache(variables) == "/home/ada/hf/hub")
        variables["HF_HUB_CACHE"] = "/hub"
        #expect(try Self.cache(variables) == "/hub")
        #expect(throws: HubError.self) { try Self.cache([:]) }
    }

    @Test("endpoint, token and offline mode come from the environment")
    func settings() throws {
        let scratch = try Scratch()
        _ = try scratch.write("hf_file\n", to: "token")
        var variables = ["HOME": "/nowhere", "HF_HOME": scratch.directory]
        var settings = try HubSettings(environment: { variables[$0] })
        #expect(settings.endpoint == "https://huggingface.co" && !settings.isOffline)
        #expect(settings.token == "hf_file")
        variables["HF_ENDPOINT"] = "http://mirror:8080/hf//"
        variables["HF_TOKEN"] = "hf_variable"
        variables["HF_HUB_OFFLINE"] = "yes"
        settings = try HubSettings(cache: "/elsewhere", environment: { variables[$0] })
        #expect(settings.endpoint == "http://mirror:8080/hf" && settings.isOffline)
        #expect(settings.token == "hf_variable" && settings.cache.directory == "/elsewhere")
    }

    @Test(
        "settings that cannot be used are refused, and a secret is not told",
        arguments: [
            ("HF_TOKEN", "hf_a\r\nHost: b"), ("HF_TOKEN", "hf_ä"), ("HF_ENDPOINT", "ftp://x"),
            ("HF_ENDPOINT", "x"), ("HF_ENDPOINT", "http://"), ("HF_ENDPOINT", "http://a:b@c"),
        ])
    func badSettings(name: String, value: String) {
        let variables = ["HOME": "/nowhere", name: value]
        do {
            _ = try HubSettings(environment: { variables[$0] })
            Issue.record("\(name) \(value) is taken")
        } catch {
            #expect("\(error)".hasPrefix(name) && !"\(error)".contains(value))
        }
    }

    @Test("a directory is itself, and a pulled model its snapshot")
    func resolves() async throws {
        let hub = try TestHub()
        #expect(try ModelLocation.resolve(hub.scratch.directory) == hub.scratch.directory)
        let model = try await hub.pull()
        for place in ["org/tiny", "org/tiny@main", "org/tiny@" + TestHub.commit] {
            #expect(try ModelLocation.resolve(place, cache: hub.cache) == model.directory)
        }
    }

    @Test("a model that is not here, or not whole, is told how to be fetched")
    func unresolved() throws {
        let scratch = try Scratch()
        let cache = HubCache(directory: scratch.directory)
        #expect(throws: HubError.notInCache(name: "org/tiny", cache: scratch.directory)) {
            try ModelLocation.resolve("org/tiny", cache: cache)
        }
        let snapshot = scratch.path("models--org--tiny/snapshots/" + TestHub.commit)
        for folder in [snapshot, scratch.path("models--org--tiny/refs")] {
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true)
        }
        _ = try scratch.write(TestHub.commit, to: "models--org--tiny/refs/main")
        _ = FileManager.default.createFile(atPath: snapshot + "/config.json", contents: nil)
        #expect(throws: HubError.self) { try ModelLocation.resolve("org/tiny", cache: cache) }
        _ = FileManager.default.createFile(atPath: snapshot + "/model.safetensors", contents: nil)
        #expect(try ModelLocation.resolve("org/tiny", cache: cache) == snapshot)
        _ = try scratch.write("../../../etc", to: "models--org--tiny/refs/main")
        #expect(throws: HubError.self) { try ModelLocation.resolve("org/tiny", cache: cache) }
    }

    @Test(
        "what can only be a path is not looked for on a hub",
        arguments: ["/no/such", "./no", "../no", "~/no", "a/b/c", ""])
    func paths(place: String) {
        #expect(throws: HubError.noDirectory(place)) { try ModelLocation.resolve(place) }
    }

    @Test("offline, what is here is found, and nothing is asked")
    func offline() async throws {
        let hub = try TestHub()
        let settings = HubSettings(
            endpoint: "http://127.0.0.1:1", cache: hub.cache, isOffline: true)
        let pull = ModelPull(try ModelName("org/tiny"), settings, agent: "sounder/test")
        await #expect(throws: HubError.offline(name: "org/tiny")) { try await pull.run { _ in } }
        let model = try await hub.pull()
        #expect(try await pull.run { _ in }.directory == model.directory)
    }
}
