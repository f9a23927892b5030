// Tests that a model arrives whole, in the layout of huggingface_hub, whatever the hub does.

import Foundation
import Hub
import Synchronization
import TestSupport
import Testing

@Suite("A model is pulled") struct PullTests {
    @Test("a model arrives with what an encoder needs and no more, under its commit")
    func whole() async throws {
        let hub = try TestHub()
        let model = try await hub.pull()
        #expect(model.directory == hub.model + "/snapshots/" + TestHub.commit)
        #expect(hub.names(in: "snapshots/" + TestHub.commit) == TestHub.needed)
        #expect(try bytes(of: hub.model + "/refs/main") == Array(TestHub.commit.utf8))
        let weights = try bytes(of: model.directory + "/model.safetensors")
        #expect(weights == TestHub.weights(300_000))
        let link = try FileManager.default.destinationOfSymbolicLink(
            atPath: model.directory + "/1_Pooling/config.json")
        #expect(link == "../../../blobs/9e26dfeeb6e641a33dae4961196235bdb965b21b")
        #expect(model.bytes == model.bytesFetched)
    }

    @Test("of several precisions one is fetched, of shards all, and checkpoints are left")
    func selection() async throws {
        var files = TestHub.files
        for name in [
            "model.fp16.safetensors", "2_Dense/model.safetensors", "3_Dense/other.safetensors",
            "checkpoint-10/model.safetensors", "trainer_state.json", "spiece.model",
        ] { files[name] = ["bytes": 500] }
        let hub = try TestHub(files: files)
        let model = try await hub.pull()
        let more = ["2_Dense/model.safetensors", "3_Dense/other.safetensors", "spiece.model"]
        #expect(hub.names(in: "snapshots/" + TestHub.commit) == (TestHub.needed + more).sorted())
        #expect(model.bytes == model.bytesFetched && model.files == TestHub.needed.count + 3)
        files["model.safetensors"] = nil
        files["model-00001-of-00002.safetensors"] = ["bytes": 600]
        files["model-00002-of-00002.safetensors"] = ["bytes": 700]
        let sharded = try TestHub(files: files)
        _ = try await sharded.pull()
        let weights = sharded.names(in: "snapshots/" + TestHub.commit).filter {
            !$0.contains("/") && $0.hasSuffix(".safetensors")
        }
        #expect(weights == files.keys.filter { $0.contains("-of-") }.sorted())
    }

    @Test("what is here already is not fetched again")
    func again() async throws {
        let hub = try TestHub()
        _ = try await hub.pull()
        let gets = try hub.log().count { $0.port == "store" }
        let model = try await hub.pull()
        #expect(model.bytesFetched == 0)
        #expect(try hub.log().count { $0.port == "store" } == gets)
    }

    @Test("a connection that breaks is taken up where it broke")
    func resumes() async throws {
        let fault: [String: Any] = ["path": "/store/model.safetensors", "cut": 100_000]
        let hub = try TestHub(faults: [fault])
        let model = try await hub.pull()
        let weights = try bytes(of: model.directory + "/model.safetensors")
        #expect(weights == TestHub.weights(300_000))
        #expect(try hub.log().compactMap(\.range) == ["bytes=100000-", "bytes=100000-"])
        #expect(model.bytesFetched == model.bytes)
    }

    @Test("a later pull goes on with what an earlier one left")
    func resumesLater() async throws {
        let fault: [String: Any] = ["path": "/store/", "cut": 100_000]
        let hub = try TestHub(faults: [fault])
        var patience = TestHub.patience
        patience.attemptsMax = 1
        let complaint = await hub.complaint(patience: patience)
        #expect(complaint.contains("stopped answering"))
        #expect(hub.names(in: "blobs").contains { $0.hasSuffix(".incomplete") })
        #expect(hub.names(in: "snapshots") == [])
        let model = try await hub.pull()
        #expect(try hub.log().compactMap(\.range).contains("bytes=100000-"))
        #expect(model.bytesFetched < model.bytes)
        #expect(!hub.names(in: "blobs").contains { $0.hasSuffix(".incomplete") })
    }

    @Test("a hub that knows no ranges is heard from the start")
    func withoutRanges() async throws {
        let hub = try TestHub(faults: [
            ["path": "/store/", "cut": 100_000], ["path": "/store/", "ranges": false],
        ])
        let model = try await hub.pull()
        let weights = try bytes(of: model.directory + "/model.safetensors")
        #expect(weights == TestHub.weights(300_000))
    }

    @Test("an attempt of before that holds wrong bytes is thrown away, and the file comes anew")
    func damagedRest() async throws {
        let fault: [String: Any] = ["path": "/store/", "cut": 100_000]
        let hub = try TestHub(faults: [fault])
        var patience = TestHub.patience
        patience.attemptsMax = 1
        _ = await hub.complaint(patience: patience)
        let rest = try #require(hub.names(in: "blobs").first { $0.hasSuffix(".incomplete") })
        try Data(repeating: 7, count: 50_000).write(
            to: URL(fileURLWithPath: "\(hub.model)/blobs/\(rest)"))
        let model = try await hub.pull()
        let weights = try bytes(of: model.directory + "/model.safetensors")
        #expect(weights == TestHub.weights(300_000))
    }

    @Test(
        "bytes that are not those announced are told and thrown away",
        arguments: ["/store/model.safetensors", "resolve/\(TestHub.commit)/vocab.txt"])
    func wrongBytes(path: String) async throws {
        let hub = try TestHub(faults: [["path": path, "wrong": true]])
        let complaint = await hub.complaint()
        #expect(complaint.contains("arrived with the hash"))
        #expect(!hub.names(in: "blobs").contains { $0.hasSuffix(".incomplete") })
        #expect(hub.names(in: "snapshots") == [] && hub.names(in: "refs") == [])
        _ = try await hub.pull()
        #expect(hub.names(in: "snapshots/" + TestHub.commit) == TestHub.needed)
    }

    @Test("a hub that fails, or asks for patience, is asked again")
    func failsForAWhile() async throws {
        let hub = try TestHub(faults: [
            ["path": "/api/models", "status": 500, "times": 2],
            ["path": "config.json", "method": "HEAD", "status": 503],
            ["path": "/store/", "status": 429, "headers": ["Retry-After": "1"]],
        ])
        let pauses = Mutex<[Double]>([])
        _ = try await hub.pull(observe: { event in
            if case .retrying(_, let seconds) = event { pauses.withLock { $0.append(seconds) } }
        })
        #expect(pauses.withLock { $0 } == [0.02, 0.04, 0.02, 1])
    }

    @Test("progress ends with every byte of every file")
    func progress() async throws {
        let hub = try TestHub()
        let last = Mutex<PullProgress?>(nil)
        let model = try await hub.pull(observe: { event in
            if case .progress(let progress) = event { last.withLock { $0 = progress } }
        })
        let progress = try #require(last.withLock { $0 })
        #expect(progress.bytesDone == progress.bytesTotal && progress.bytesTotal == model.bytes)
        #expect(progress.filesTotal == TestHub.needed.count)
    }

    @Test("a branch, a tag and a commit are revisions")
    func revisions() async throws {
        let hub = try TestHub()
        _ = try await hub.pull("org/tiny@v/1")
        #expect(try bytes(of: hub.model + "/refs/v/1") == Array(TestHub.commit.utf8))
        _ = try await hub.pull("org/tiny@" + TestHub.commit)
        #expect(hub.names(in: "refs") == ["v/1"])
    }

    @Test("the token goes to the hub alone, not to where it redirects")
    func token() async throws {
        let hub = try TestHub(token: "hf_secret")
        _ = try await hub.pull(token: "hf_secret")
        let log = try hub.log()
        #expect(log.filter { $0.port == "hub" }.allSatisfy { $0.authorization != nil })
        #expect(log.contains { $0.port == "store" })
        #expect(log.filter { $0.port == "store" }.allSatisfy { $0.authorization == nil })
    }
}
