import Glibc
import Protocol
import Testing
@testable import Transport

@Suite(.serialized)
struct HostilePeerTests {
    /// A raw peer of a coordinator that must go on serving its honest worker.
    private func attack(
        _ place: Place = .ipc, _ body: (inout Socket, Pair) throws -> Void
    ) throws {
        let pair = try Pair(place)
        var peer = try Socket(.dealer, plane: .bulk, context: pair.context)
        try peer.connect(to: pair.coordinator.address)
        #expect(try eventually { try peer.send([Frame([0])]) == .accepted })
        try body(&peer, pair)
        let frame = noise(3_000_000)
        let down = pair.coordinator.offer(id: "honest", frame: frame)
        #expect(try pair.worker.fetch(down, from: .coordinator, deadlineSeconds: 10) == frame)
        let up = pair.worker.offer(id: "honest", frame: frame)
        #expect(
            try pair.coordinator.fetch(up, from: .worker(Pair.name), deadlineSeconds: 10) == frame)
    }

    private func hello(_ name: String, version: Int = Limits.protocolVersion) throws -> [Frame] {
        try Codec.encode(
            Message(.hello(
                Hello(
                    protocolVersion: version, softwareVersion: "0", role: .client,
                    name: WorkerID(name)))))
    }

    private func answer(_ peer: inout Socket, within seconds: Double = 5) throws -> Header? {
        var header: Header?
        _ = try eventually(within: seconds) {
            if let frames = try peer.receive()?.frames { header = try Codec.decode(frames).header }
            return header != nil
        }
        return header
    }

    @Test("48: garbage, too many frames and endless headers are counted and change nothing")
    func garbage() throws {
        try attack { peer, pair in
            let deep = String(repeating: "[", count: 100_000)
            let messages: [[Frame]] = [
                [.empty], [noise(50)], [Frame("{}".utf8)], [Frame("{\"kind\":\"nonsense\"}".utf8)],
                [Frame(deep.utf8)], [noise(Limits.headerBytesMax + 1)],
                [noise(10), noise(10), noise(10)],
                [Frame](repeating: noise(10), count: 500),
                [Frame(#"{"kind":"get","payload":"p","offset":-1,"length":1}"#.utf8)],
                [Frame(#"{"kind":"get","payload":"p","offset":\#(Int.max),"length":9}"#.utf8)],
                [Frame(#"{"kind":"get","payload":"p","offset":1e400,"length":9}"#.utf8)],
                try Codec.encode(Message(.drain)),
                try Codec.encode(Message(.welcome(
                    Welcome(epoch: 1, softwareVersion: "0", heartbeatMilliseconds: 100,
                            livenessMilliseconds: 1_000)))),
            ]
            for message in messages { #expect(try peer.send(message) == .accepted) }
            // All but the 500 frames, which the socket keeps from the loop; and the first knock.
            #expect(eventually { pair.coordinator.counters.rejected == messages.count })
        }
    }

    @Test("48: random bytes in place of a header never end the loop")
    func random() throws {
        try attack { peer, pair in
            let valid = try Codec.encode(
                Message(.get(Get(payload: "p", offset: 1, length: 2)), request: 3))[0].bytes
            for seed in 0..<3_000 {
                let dirt = noise(40, seed: UInt64(seed)).bytes
                var bytes = valid
                for index in 0..<4 { bytes[Int(dirt[index]) % bytes.count] = dirt[index + 8] }
                #expect(try eventually { try peer.send([Frame(bytes)]) == .accepted })
            }
        }
    }

    @Test("who does not say HELLO gets nothing")
    func noHello() throws {
        try attack { peer, pair in
            pair.coordinator.offer(id: "p", frame: noise(100))
            let get = Message(.get(Get(payload: "p", offset: 0, length: 100)), request: 1)
            _ = try peer.send(try Codec.encode(get))
            #expect(try answer(&peer, within: 0.3) == nil)
            _ = try peer.send(try hello("h"))
            guard case .welcome = try answer(&peer) else { Issue.record("no WELCOME"); return }
            _ = try peer.send(try Codec.encode(get))
            guard case .chunk = try answer(&peer) else { Issue.record("no chunk"); return }
        }
    }

    @Test("7: a peer of another version is refused, naming both")
    func version() throws {
        try attack { peer, _ in
            _ = try peer.send(try hello("old", version: 99))
            guard case .refused(let refused) = try answer(&peer) else {
                Issue.record("not refused")
                return
            }
            #expect(refused.fault.code == .versionMismatch)
            #expect(refused.fault.message.contains("99") && refused.fault.message.contains("old"))
        }
    }

    @Test(
        "a name or a host that a terminal would act upon is out of bounds",
        arguments: [("w\n", "here"), ("w", "\u{1b}[2J")])
    func controlCharacters(_ name: String, _ host: String) throws {
        let hello = Hello(
            softwareVersion: "test", role: .worker, name: WorkerID(name),
            capabilities: Capabilities(
                kinds: [], slots: 1, threads: 1, instructionSet: "", host: host, processID: 1))
        let frames = try Codec.encode(Message(.hello(hello)))
        #expect(throws: CodecError.self) { try Codec.decode(frames) }
    }

    @Test("a request out of range is answered with MISSING")
    func outOfRange() throws {
        try attack { peer, pair in
            pair.coordinator.offer(id: "p", frame: noise(100))
            _ = try peer.send(try hello("h"))
            _ = try answer(&peer)
            for get in [
                Get(payload: "p", offset: 0, length: 101),
                Get(payload: "p", offset: 100, length: 1),
                Get(payload: "p", offset: Limits.payloadBytesMax, length: 1),
            ] {
                _ = try peer.send(try Codec.encode(Message(.get(get), request: 1)))
                guard case .missing(let missing) = try answer(&peer) else {
                    Issue.record("\(get) was not answered with MISSING")
                    continue
                }
                #expect(missing.fault.code == .payloadMissing)
            }
        }
    }

    @Test("chunks from somebody else do not get into a transfer")
    func injection() throws {
        try attack { peer, pair in
            _ = try peer.send(try hello("evil"))
            _ = try answer(&peer)
            let slow = Holder.worker(WorkerID("slow"))
            let reference = PayloadReference(id: "p", size: 4, checksum: 0)
            let arrived = Promise<Result<Frame, Fault>>()
            pair.coordinator.fetch(reference, from: slow, deadlineSeconds: 0.5) {
                arrived.fulfil($0)
            }
            let chunk = Chunk(payload: "p", offset: 0)
            let missing = Missing(payload: "p", fault: Fault(.data, "evil"))
            for number in UInt64(0)..<5 {
                _ = try peer.send(
                    try Codec.encode(Message(.chunk(chunk), request: number, body: noise(4))))
                _ = try peer.send(try Codec.encode(Message(.missing(missing), request: number)))
            }
            guard case .failure(let fault) = try #require(arrived.wait(seconds: 5)) else {
                Issue.record("the injected chunk was taken")
                return
            }
            #expect(fault.code == .unavailable)
        }
    }

    @Test("raw bytes on the port are no reason to fall")
    func rawBytes() throws {
        try attack(.tcp) { _, pair in
            guard case .tcp(_, let port) = pair.coordinator.address.place else { return }
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = in_port_t(port).bigEndian
            address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
            for seed in 0..<50 {
                let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
                defer { close(descriptor) }
                let isConnected = withUnsafePointer(to: &address) {
                    $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
                    }
                }
                #expect(isConnected)
                let bytes =
                    seed % 2 == 0
                    ? noise(300, seed: UInt64(seed)) : Frame("GET / HTTP/1.1\r\n\r\n".utf8)
                _ = bytes.withUnsafeBytes {
                    Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
                }
            }
        }
    }
}
