// What workers offer each other: to those who hold the key of the job, and to nobody else.

import Glibc
import Protocol
import Testing

@testable import Transport

@Suite(.serialized)
struct PeerPlaneTests {
    private func plane(
        _ name: String, at text: String = "tcp://127.0.0.1:*", context: Context
    ) throws -> PeerPlane {
        try PeerPlane(
            listeningAt: Address(text), as: WorkerID(name), usesKeys: true, context: context,
            softwareVersion: "1", logger: silentLogger())
    }

    private func fetch(
        _ reference: PayloadReference, by plane: PeerPlane, from peer: PeerEndpoint
    ) -> Result<Frame, Fault>? {
        let promise = Promise<Result<Frame, Fault>>()
        plane.fetch(reference, from: peer) { promise.fulfil($0) }
        return promise.wait(seconds: 30)
    }

    @Test("payloads go to whoever holds the key of the job, over TCP and Unix sockets")
    func exchange() throws {
        let path = "ipc:///tmp/sounder-peer-\(getpid())"
        let key = try PeerKey.generate().text
        for (left, right) in [
            ("tcp://127.0.0.1:*", "tcp://127.0.0.1:*"), (path + "-a", path + "-b"),
        ] {
            // Two processes have a context each.
            let a = try plane("a", at: left, context: Context())
            let b = try plane("b", at: right, context: Context())
            #expect((a.endpoint.key == nil) == left.hasPrefix("ipc"))
            try a.admit(key)
            try b.admit(key)
            let frame = noise(3_000_000, seed: 4)
            let reference = a.offer(id: "m/1/x", frame: frame)
            #expect(try fetch(reference, by: b, from: a.endpoint)?.get() == frame)
            #expect(try fetch(reference, by: a, from: a.endpoint)?.get() == frame)
            a.withdraw { $0.hasPrefix("m/1/") }
            for plane in [a, b] {
                let missing = fault { _ = try fetch(reference, by: plane, from: a.endpoint)?.get() }
                #expect(missing?.code == .payloadMissing)
            }
            b.stop()
            a.stop()
        }
    }

    @Test("socket files go with their process, and those of killed ones with the next")
    func files() throws {
        let control = try Address("ipc:///tmp/sounder-left-\(getpid())/control")
        mkdir("/tmp/sounder-left-\(getpid())", 0o700)
        defer { rmdir("/tmp/sounder-left-\(getpid())") }
        let paths = try [Int32(1), 2].map { process in
            let address = try #require(control.peer(of: process))
            return String("\(address)".dropFirst(6))
        }
        let living = try plane("a", at: "ipc://\(paths[0])", context: Context())
        // A file that looks like that of a worker which was killed an hour ago.
        let dead = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var name = sockaddr_un()
        name.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &name.sun_path) { $0.copyBytes(from: paths[1].utf8) }
        let size = socklen_t(MemoryLayout<sockaddr_un>.size)
        let bound = withUnsafePointer(to: &name) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(dead, $0, size) }
        }
        #expect(bound == 0)
        close(dead)
        control.removeLeftPeers()
        #expect(access(paths[1], F_OK) == 0, "it may be of one that starts now")
        var times = [timeval](repeating: timeval(tv_sec: time(nil) - 3_600, tv_usec: 0), count: 2)
        for path in paths { #expect(utimes(path, &times) == 0) }
        control.removeLeftPeers()
        #expect(access(paths[1], F_OK) != 0)
        #expect(access(paths[0], F_OK) == 0)
        living.stop()
        #expect(access(paths[0], F_OK) != 0)
    }

    @Test("nobody is let in with the key of another job, or before there is one")
    func strangers() throws {
        let a = try plane("a", context: Context())
        let b = try plane("b", context: Context())
        let reference = a.offer(id: "m/1/x", frame: noise(1_000))
        #expect(fault { _ = try fetch(reference, by: b, from: a.endpoint)?.get() } != nil)
        try b.admit(PeerKey.generate().text)
        #expect(fault { _ = try fetch(reference, by: b, from: a.endpoint)?.get() } != nil)
        try a.admit(PeerKey.generate().text)
        #expect(fault { _ = try fetch(reference, by: b, from: a.endpoint)?.get() } != nil)
        let key = try PeerKey.generate().text
        try a.admit(key)
        try b.admit(key)
        #expect(try fetch(reference, by: b, from: a.endpoint)?.get().count == 1_000)
        // The job after it has another key, and the workers have the same names.
        let next = try PeerKey.generate().text
        try a.admit(next)
        try b.admit(next)
        #expect(try fetch(reference, by: b, from: a.endpoint)?.get().count == 1_000)
        #expect(fault { try a.admit("no key") }?.code == .data)
        #expect(fault { try a.admit(nil) }?.code == .configuration)
        b.stop()
        a.stop()
    }

    @Test("a peer that is gone is given up in seconds, also one that was known")
    func gone() throws {
        let key = try PeerKey.generate().text
        let a = try plane("a", context: Context())
        let b = try plane("b", context: Context())
        try a.admit(key)
        try b.admit(key)
        let reference = a.offer(id: "m/1/x", frame: noise(1_000))
        #expect(try fetch(reference, by: b, from: a.endpoint)?.get().count == 1_000)
        a.stop()
        let began = MonotonicClock.seconds
        let lost = fault { _ = try fetch(reference, by: b, from: a.endpoint)?.get() }
        #expect(
            lost?.code == .unavailable || lost?.code == .forbidden, "\(String(describing: lost))")
        #expect(MonotonicClock.seconds - began < PeerPlane.patienceSeconds + 3)
        b.stop()
    }

    @Test("what led to peers that went away makes room for those that come")
    func restarts() throws {
        let key = try PeerKey.generate().text
        // More links than these have no room in it at the same time.
        let b = try plane("b", context: Context(maxSockets: 64))
        try b.admit(key)
        for generation in 0..<2 {
            if generation > 0 {
                // Links without work are looked at once a second.
                usleep(UInt32((PeerPlane.patienceSeconds + 2) * 1e6))
            }
            let peers = try (0..<14).map { number in
                let peer = try plane("\(generation)-\(number)", context: Context())
                try peer.admit(key)
                let reference = peer.offer(id: "m/1/x", frame: noise(1_000))
                #expect(try fetch(reference, by: b, from: peer.endpoint)?.get().count == 1_000)
                return peer
            }
            for peer in peers { peer.stop() }
        }
        b.stop()
    }

    @Test("without keys it listens on this machine alone")
    func withoutKeys() throws {
        let refused = fault {
            _ = try PeerPlane(
                listeningAt: Address("tcp://192.0.2.1:7000"), as: WorkerID("a"), usesKeys: false,
                context: Context(), softwareVersion: "1", logger: silentLogger())
        }
        #expect(refused?.code == .usage)
        let open = try plane("b", at: "ipc:///tmp/sounder-peer-\(getpid())-c", context: Context())
        let far = PeerEndpoint(address: "tcp://192.0.2.1:7000", key: nil)
        let reference = PayloadReference(id: "x", size: 1, checksum: 0)
        #expect(fault { _ = try fetch(reference, by: open, from: far)?.get() } != nil)
        open.stop()
    }
}
