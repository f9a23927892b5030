// Tests of connections: that they end when asked to, trust nobody unproved, and have a limit.

import Foundation
import Hub
import Synchronization
import TestSupport
import Testing

@Suite("A connection") struct ConnectionTests {
    /// What a hub lets us wait for: its answer, the rest of a file, or the next attempt.
    enum Wait: CaseIterable {
        case answer, body, pause

        var path: String { self == .body ? "/store/" : "/api/" }

        var fault: [String: Any] {
            switch self {
            case .answer: ["path": path, "silent": 600]
            case .body: ["path": path, "drip": 600]
            case .pause: ["path": path, "status": 429, "headers": ["Retry-After": "600"]]
            }
        }
    }

    @Test("a pull that is cancelled ends at once, whatever it waits for", arguments: Wait.allCases)
    func cancelled(wait: Wait) async throws {
        let hub = try TestHub(faults: [wait.fault])
        var patience = TestHub.patience
        patience.silence = 900
        patience.pauseMax = 900
        let settings = HubSettings(endpoint: hub.endpoint, cache: hub.cache)
        let pull = ModelPull(
            try ModelName("org/tiny"), settings, patience: patience, agent: "sounder/test")
        let task = Task { try await pull.run { _ in } }
        while try !hub.log().contains(where: { $0.path.contains(wait.path) }) {
            try await Task.sleep(for: .milliseconds(20))
        }
        // Now it waits, or soon will.
        try await Task.sleep(for: .milliseconds(200))
        let began = ContinuousClock.now
        task.cancel()
        await #expect(throws: HubError.cancelled) { try await task.value }
        // Far below the hub's ten minutes, though other tests may keep the machine busy.
        #expect(ContinuousClock.now - began < .seconds(60))
        #expect(hub.names(in: "snapshots") == [])
    }

    @Test("an answer that is all head is refused")
    func hugeHead() async throws {
        let long = String(repeating: "x", count: 60_000)
        let fault: [String: Any] = [
            "path": "/api/", "status": 200, "headers": ["X-A": long, "X-B": long],
        ]
        let hub = try TestHub(faults: [fault])
        let complaint = await hub.complaint()
        #expect(complaint.contains("a huge head"), "\(complaint)")
        #expect(try hub.log().count == 1)
    }

    @Test(
        "a hub whose certificate nobody vouches for is not spoken to",
        .enabled(if: access("/usr/bin/openssl", X_OK) == 0, "the program openssl is missing"))
    func certificate() async throws {
        let scratch = try Scratch()
        let openssl = Process()
        openssl.executableURL = URL(fileURLWithPath: "/usr/bin/openssl")
        openssl.arguments = [
            "req", "-x509", "-newkey", "rsa:2048", "-noenc", "-batch", "-days", "2", "-subj",
            "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout",
            scratch.path("key"), "-out", scratch.path("certificate"),
        ]
        openssl.standardError = FileHandle.nullDevice
        try openssl.run()
        openssl.waitUntilExit()
        let both = try bytes(of: scratch.path("key")) + bytes(of: scratch.path("certificate"))
        let pem = try scratch.write(both, to: "pem")
        let hub = try TestHub(token: "hf_secret", certificate: pem)
        let complaint = await hub.complaint(token: "hf_secret")
        #expect(complaint.contains("cannot be reached: SSL certificate problem"), "\(complaint)")
        #expect(try hub.log().isEmpty)
    }
}
