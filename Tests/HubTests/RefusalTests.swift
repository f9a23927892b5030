// Tests that a hub that refuses, lies or is slow costs a sentence and leaves nothing half done.

import Foundation
import Hub
import TestSupport
import Testing

@Suite("A model is refused") struct RefusalTests {
    @Test(
        "a refusal is a sentence that says what to do",
        arguments: [
            (401, "needs a token in HF_TOKEN"), (403, "refuses model org/tiny (403)"),
            (404, "the hub knows no model org/tiny"), (500, "fails (500)"),
            (429, "takes no more requests"), (418, "status 418"),
        ])
    func refusals(status: Int, words: String) async throws {
        let hub = try TestHub(faults: [["path": "/api/", "status": status, "times": 99]])
        let complaint = await hub.complaint()
        #expect(complaint.contains(words), "\(complaint)")
        #expect(!FileManager.default.fileExists(atPath: hub.model))
    }

    @Test("a hub that asks for more patience than we have is not waited for")
    func longPause() async throws {
        let fault: [String: Any] = [
            "path": "/api/", "status": 429, "headers": ["Retry-After": "86400"],
        ]
        let hub = try TestHub(faults: [fault])
        #expect(await hub.complaint().contains("try again in 86400 seconds"))
    }

    @Test("a wrong token is told as such, and not repeated")
    func wrongToken() async throws {
        let hub = try TestHub(token: "hf_right")
        let complaint = await hub.complaint(token: "hf_wrong")
        #expect(complaint.contains("check that the token"))
        #expect(!complaint.contains("hf_wrong"))
    }

    @Test("a silent hub is given up at the deadline", arguments: ["/api/", "/store/"])
    func silent(path: String) async throws {
        let hub = try TestHub(faults: [["path": path, "silent": 600, "times": 99]])
        var patience = TestHub.patience
        patience.silence = 0.5
        patience.attemptsMax = 2
        let began = ContinuousClock.now
        let complaint = await hub.complaint(patience: patience)
        #expect(complaint.contains("stopped answering"), "\(complaint)")
        // Far below the hub's ten minutes, though other tests may keep the machine busy.
        #expect(ContinuousClock.now - began < .seconds(180))
    }

    @Test("a hub that drips is given up")
    func drips() async throws {
        let hub = try TestHub(faults: [["path": "/store/", "drip": 0.05, "times": 99]])
        var patience = TestHub.patience
        patience.silence = 1
        patience.attemptsMax = 2
        let complaint = await hub.complaint(patience: patience)
        #expect(complaint.contains("bytes in"), "\(complaint)")
    }

    @Test("an address where nobody listens is told")
    func nobody() async throws {
        let scratch = try Scratch()
        let settings = HubSettings(
            endpoint: "http://127.0.0.1:1", cache: HubCache(directory: scratch.path("hub")))
        let pull = ModelPull(
            try ModelName("tiny"), settings, patience: TestHub.patience, agent: "sounder/test")
        await #expect(
            throws: HubError.unreachable(host: "127.0.0.1:1", reason: "Connection refused")
        ) { try await pull.run { _ in } }
        #expect(scratch.names == [])
    }

    @Test("pickled weights alone are refused, and so is no weights at all")
    func pickles() async throws {
        var files = TestHub.files
        files["model.safetensors"] = nil
        #expect(await (try TestHub(files: files)).complaint().contains("are Python pickles"))
        files["pytorch_model.bin"] = nil
        #expect(await (try TestHub(files: files)).complaint().contains("no weights as safetensors"))
    }

    @Test(
        "names that lead out of the cache are refused before anything is written",
        arguments: [
            "../evil.json", "/etc/evil.json", "a/../../evil.json", "a//b.json", "a\nb.json",
        ])
    func hostileNames(name: String) async throws {
        let hub = try TestHub(names: [name])
        #expect(await hub.complaint().contains("a file's name of org/tiny"))
        #expect(hub.scratch.names == [])
    }

    @Test("a file that is the directory of another is refused")
    func fileAndDirectory() async throws {
        var files = TestHub.files
        files["config.json/x.json"] = ["text": "{}"]
        #expect(await (try TestHub(files: files)).complaint().contains("cannot write"))
    }

    @Test(
        "more or fewer bytes than announced are no file",
        arguments: [
            (299_000, "more than the announced"), (301_000, "ended after 300000 of 301000"),
        ])
    func lies(length: Int, words: String) async throws {
        let fault: [String: Any] = [
            "path": "resolve/\(TestHub.commit)/model.safetensors", "method": "HEAD",
            "length": length,
        ]
        let hub = try TestHub(faults: [fault])
        var patience = TestHub.patience
        patience.attemptsMax = 1
        #expect(await hub.complaint(patience: patience).contains(words))
        #expect(hub.names(in: "snapshots") == [])
    }

    @Test("a model that is larger than the disk is refused before it is fetched")
    func noRoom() async throws {
        let fault: [String: Any] = [
            "path": "resolve/\(TestHub.commit)/model.safetensors", "method": "HEAD",
            "length": 1 << 43,
        ]
        let hub = try TestHub(faults: [fault])
        #expect(await hub.complaint().contains("more bytes and"))
        #expect(try !hub.log().contains { $0.port == "store" })
    }

    @Test(
        "redirects in a circle, to files and from a hub to nowhere end in a sentence",
        arguments: ["/api/models/org/tiny/revision/main", "file:///etc/passwd", "http://"])
    func redirects(location: String) async throws {
        let hub = try TestHub(faults: [["path": "/api/", "location": location, "times": 99]])
        #expect(await hub.complaint().contains("redirect"))
    }

    @Test("an answer that is no description of a model is told")
    func noDescription() async throws {
        let fault: [String: Any] = ["path": "/api/", "status": 200]
        let hub = try TestHub(faults: [fault])
        #expect(await hub.complaint().contains("is not what a hub answers"))
    }

    @Test("a file that another process is fetching is waited for, not for ever")
    func locked() async throws {
        let hub = try TestHub()
        _ = try await hub.pull()
        let blob = try #require(
            hub.names(in: "blobs").first { $0.utf8.count == 64 })
        try FileManager.default.removeItem(atPath: "\(hub.model)/blobs/\(blob)")
        let lock = hub.scratch.path("hub/.locks/models--org--tiny/\(blob).lock")
        let holder = open(lock, O_RDWR)
        try #require(flock(holder, LOCK_EX) == 0)
        var patience = TestHub.patience
        patience.lock = 1
        #expect(await hub.complaint(patience: patience).contains("another process"))
        close(holder)
        _ = try await hub.pull()
    }
}
