import CZeroMQ
import Glibc
import Logging
import Protocol
import Testing
@testable import Transport

@Suite(.serialized)
struct DoorTests {
    /// A listening socket behind a door with keys.
    private final class House {
        let context: Context
        let test: TestRing
        let door: Doorkeeper
        var socket: Socket
        let address: Address

        init(_ plane: Socket.Plane = .control, keyed: Bool = true, most: Int = 1_000) throws {
            context = try Context(ioThreads: 2)
            test = try TestRing()
            door = try Doorkeeper(
                keys: keyed ? try test.coordinatorKeys() : nil, context: context,
                connectionsMax: most, logger: silentLogger())
            socket = try Socket(plane, context: context, behind: door)
            address = try socket.bind(to: Address("tcp://127.0.0.1:*"))
        }

        /// Sends one message from `dealer` and waits for it here.
        func hears(_ dealer: Dealer, within seconds: Double = 5) async throws -> Bool {
            let word = Frame((0..<8).map { _ in UInt8.random(in: 0...255) })
            var isSent = false
            return try await soon(within: seconds) {
                try dealer.look()
                if !isSent { isSent = try dealer.socket.send([word]) == .accepted }
                while let (_, _, frames) = try socket.receiveSigned() {
                    if frames == [word] { return true }
                }
                return false
            }
        }
    }

    @Test("42: only an authorised key that knows the coordinator's key is let in",
          arguments: Stranger.allCases, [Socket.Plane.control, .bulk])
    func matrix(_ stranger: Stranger, _ plane: Socket.Plane) async throws {
        let house = try House(plane)
        _ = try house.test.keys("good")
        let dealer = try stranger.connect(
            to: house.address, plane: plane, house.test, context: house.context)
        guard stranger != .goodKey else {
            #expect(try await house.hears(dealer))
            let verdict = dealer.fault
            #expect(verdict == nil)
            let door = house.door
            #expect(await soon { door.counters.handshakes == 1 })
            return
        }
        #expect(try await house.hears(dealer, within: 1.5) == false)
        let isConnected = dealer.isConnected
        #expect(!isConnected)
        let counters = house.door.counters
        let isRefusal = stranger == .unknownKey || stranger == .revokedKey
        #expect((counters.refusedKeys > 0) == isRefusal, "\(counters)")
        #expect((counters.failedHandshakes > 0) == !isRefusal, "\(counters)")
        #expect(counters.handshakes == 0)
        let verdict = dealer.fault
        let fault = try #require(verdict, "nothing is known after 1.5 s")
        #expect(fault.exitCode == 77)
        #expect(fault.message.contains("\(house.address)"), "\(fault)")
        switch stranger {
        case .unknownKey: #expect(fault.message.contains("/stranger.key"))
        case .revokedKey: #expect(fault.message.contains("revoked.key"))
        case .wrongServerKey: #expect(fault.message.contains("/other.pub"))
        default: #expect(fault.message.contains("--insecure"))
        }
    }

    @Test("42: with nobody at the door nobody gets in, and whoever was in stays")
    func failsClosed() async throws {
        let house = try House()
        let keys = try house.test.keys("good")
        let first = try Dealer(house.address, .control, keys, house.context)
        #expect(try await house.hears(first))
        house.door.stopAnswering()
        let second = try Dealer(house.address, .control, keys, house.context)
        #expect(try await house.hears(second, within: 2) == false)
        #expect(house.door.counters.handshakes == 1)
        #expect(try await house.hears(first))
    }

    @Test("42: a key that is revoked while it is connected is nobody's key within a second")
    func revokedAlive() async throws {
        let house = try House()
        let keys = try house.test.keys("w")
        let key = try #require(keys.pairing?.own.publicKey)
        let dealer = try Dealer(house.address, .control, keys, house.context)
        #expect(try await house.hears(dealer))
        #expect(house.door.holder(of: key)?.name == "w")
        #expect(house.door.holder(of: nil) == nil)
        try house.test.ring.revoke("w")
        let door = house.door
        #expect(await soon(within: 2) { door.holder(of: key) == nil })
    }

    @Test("a socket closes while strangers come and go, whoever lets go of the door first")
    func closesInAnyOrder() async throws {
        for _ in 0..<20 {
            var house: House? = try House()
            let peers = try (0..<20).map { _ in try RawPeer(try #require(house).address) }
            house = nil
            #expect(peers.count == 20)
        }
    }

    @Test("42: a message says under which key it came")
    func sender() async throws {
        let house = try House()
        for name in ["one", "other"] {
            let keys = try house.test.keys(name)
            let dealer = try Dealer(house.address, .control, keys, house.context)
            var key: PublicKey?
            #expect(try await soon {
                try dealer.look()
                let word = Frame(name.utf8)
                _ = try dealer.socket.send([word, Frame([2])])
                // A word of the one before may come late.
                while let signed = try house.socket.receiveSigned() {
                    if signed.frames[0] == word { key = signed.key }
                }
                return key != nil
            })
            #expect(key == keys.pairing?.own.publicKey)
        }
    }

    @Test("43: sockets that say nothing, or a byte a second, are closed while others are served")
    func slowGreeting() async throws {
        let house = try House()
        let dealer = try Dealer(
            house.address, .control, try house.test.keys("good"), house.context)
        #expect(try await house.hears(dealer))
        let silent = try (0..<250).map { _ in try RawPeer(house.address) }
        let slow = try RawPeer(house.address)
        var slowest = 0.0
        var greeting = RawPeer.greeting("CURVE")[...]
        let start = MonotonicClock.seconds
        while MonotonicClock.seconds - start < 4 {
            slow.send([greeting.removeFirst()])
            let before = MonotonicClock.seconds
            #expect(try await house.hears(dealer))
            slowest = max(slowest, MonotonicClock.seconds - before)
            try await Task.sleep(for: .milliseconds(200))
        }
        #expect(slowest < 1, "\(slowest) s for one message")
        #expect(house.door.counters.connections >= 200)
        for peer in silent + [slow] { #expect(await peer.isEnded(within: 5)) }
        // From the first of them on; the test itself needs time, too.
        #expect(MonotonicClock.seconds - start < 9)
        let door = house.door
        #expect(await soon { door.counters.failedHandshakes == 251 })
        #expect(await soon { door.counters.connections == 1 })
        #expect(try await house.hears(dealer))
    }

    @Test("43: beyond the limit the newest connections are shed, and those served are kept")
    func tooMany() async throws {
        let house = try House(most: 20)
        let keys = try house.test.keys("good")
        let dealer = try Dealer(house.address, .control, keys, house.context)
        #expect(try await house.hears(dealer))
        let crowd = try (0..<40).map { _ in try RawPeer(house.address) }
        let ended = await soon { crowd.filter { $0.isEnded }.count >= 20 }
        #expect(ended)
        #expect(house.door.counters.shed >= 20)
        #expect(try await house.hears(dealer))
        withExtendedLifetime(crowd) {}
    }

    @Test("44: port scans, HTTP, TLS and random bytes change nothing and cost no memory")
    func portScan() async throws {
        let house = try House()
        let dealer = try Dealer(
            house.address, .control, try house.test.keys("good"), house.context)
        #expect(try await house.hears(dealer))
        let words: [[UInt8]] = [
            [], Array("GET / HTTP/1.1\r\nHost: x\r\n\r\n".utf8),
            [0x16, 3, 1, 2, 0, 1, 0, 1, 0xFC, 3, 3], [0xFF],
            [0xFF] + [UInt8](repeating: 0, count: 9),
            RawPeer.greeting("NULL") + RawPeer.ready(), RawPeer.greeting("PLAIN"),
            RawPeer.greeting("CURVE") + [4, 6] + Array("\u{5}HELLO".utf8),
            RawPeer.greeting("CURVE") + RawPeer.ready(),
        ]
        func knock(_ count: Int) throws {
            for index in 0..<count {
                let peer = try RawPeer(house.address)
                let noise = noise(200, seed: UInt64(index + 1)).bytes
                peer.send(index % 2 == 0 ? Array(noise) : words[index / 2 % words.count])
            }
        }
        try knock(200)
        let before = try residentBytes()
        try knock(2_000)
        let after = try residentBytes()
        #expect(after - before < 32 << 20, "\((after - before) >> 20) MiB more")
        #expect(try await house.hears(dealer))
        #expect(house.door.counters.handshakes == 1)
    }

    @Test("45: a frame that claims 2^62 bytes ends its connection before it is let in")
    func hugeFrame() async throws {
        let house = try House()
        let before = try residentBytes()
        for size in [UInt64(1) << 62, .max, 1 << 40, UInt64(Limits.controlFrameBytesMax) + 1] {
            let peer = try RawPeer(house.address)
            peer.send(RawPeer.greeting("CURVE"))
            // A command, as the handshake wants one.
            var head = RawPeer.frameHead(size, more: false)
            head[0] = 6
            peer.send(head)
            #expect(await peer.isEnded(within: 3), "\(size) bytes")
        }
        #expect(try residentBytes() - before < 64 << 20)
        let dealer = try Dealer(
            house.address, .control, try house.test.keys("good"), house.context)
        #expect(try await house.hears(dealer))
    }

    @Test("45: a message of endless frames is cut off, and its memory is bounded",
          arguments: [Socket.Plane.control, .bulk])
    func endlessFrames(_ plane: Socket.Plane) async throws {
        // Without keys, so that a hand can write it.
        let house = try House(plane, keyed: false)
        let dealer = try Dealer(house.address, plane, .none, house.context)
        #expect(try await house.hears(dealer))
        let before = try residentBytes()
        let peer = try RawPeer(house.address)
        peer.send(RawPeer.greeting("NULL") + RawPeer.ready())
        // Its greeting and its READY: now the connection is one that was let in.
        #expect(await peer.hear(64 + 20, within: 5))
        let frame = RawPeer.frame([UInt8](repeating: 7, count: 60_000), more: true)
        var sent = 0
        while sent < 4 << 30, peer.send(frame) { sent += frame.count }
        #expect(sent < 4 << 30, "nobody stopped it")
        #expect(try residentBytes() - before < 600 << 20)
        let door = house.door
        #expect(await soon { door.counters.endless >= 1 }, "\(sent) \(door.counters)")
        #expect(try await house.hears(dealer))
    }

    @Test("45: a busy honest connection is not taken for an endless one")
    func busy() async throws {
        let house = try House(.bulk)
        let dealer = try Dealer(
            house.address, .bulk, try house.test.keys("good"), house.context)
        #expect(try await house.hears(dealer))
        let chunk = [Frame([1]), noise(Limits.chunkBytesMax)]
        var (sent, heard) = (0, 0)
        #expect(try await soon(within: 60) {
            if sent < 400, try dealer.socket.send(chunk) == .accepted { sent += 1 }
            while try house.socket.receiveSigned() != nil { heard += 1 }
            return heard == 400
        })
        #expect(house.door.counters.endless == 0)
        #expect(try await house.hears(dealer))
    }
}

/// Memory that this process has in use now.
func residentBytes() throws -> Int {
    let file = fopen("/proc/self/statm", "r")
    defer { if let file { fclose(file) } }
    var line = [CChar](repeating: 0, count: 256)
    guard let file, fgets(&line, 256, file) != nil else { return 0 }
    let bytes = line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
    let text = String(decoding: bytes, as: UTF8.self)
    let pages = text.split(separator: " ").dropFirst().first.flatMap { Int($0) }
    return try #require(pages) * Int(getpagesize())
}
