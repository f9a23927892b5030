// A key directory, a door and sockets behind it, for the tests of keys.

import CZeroMQ
import Glibc
import Logging
import Protocol
@testable import Transport

/// A key directory of its own, gone with its owner.
final class TestRing {
    let ring: KeyRing

    init() throws {
        let path = try makeTemporaryDirectory(prefix: "sounder-keys-")
        ring = KeyRing(directory: path + "/keys")
    }

    deinit { removeTree(String(ring.directory.dropLast("/keys".count))) }

    /// The keys of a client or a worker named `name`, who is made if he is new.
    func keys(_ name: String, _ role: KeyRole = .worker) throws -> ClientKeys {
        if access(ring.path("\(name).key"), F_OK) != 0 {
            _ = try ring.generate(name: name, role: role)
        }
        return try ClientKeys.find(
            for: Address("tcp://127.0.0.1:1"),
            KeyFlags(
                key: ring.path("\(name).key"), serverKey: ring.path("coordinator.pub")))
    }

    func coordinatorKeys() throws -> CoordinatorKeys {
        let found = try CoordinatorKeys.find(
            for: Address("tcp://127.0.0.1:1"), KeyFlags(directory: ring.directory))
        guard let found else { preconditionFailure("a TCP address without keys") }
        return found
    }
}

func silentLogger() -> Logger { Logger(label: "test") { _ in SwiftLogNoOpLogHandler() } }

/// What a stranger does at a listening socket; each must fail but the first.
enum Stranger: String, CaseIterable {
    case goodKey, unknownKey, revokedKey, wrongServerKey, noKeys, plain

    /// - Returns: a dealer that connects to `address`, and what its side concludes.
    func connect(
        to address: Address, plane: Socket.Plane, _ test: TestRing, context: Context
    ) throws -> Dealer {
        switch self {
        case .goodKey:
            return try Dealer(address, plane, test.keys("good"), context)
        case .unknownKey:
            let other = try TestRing()
            let stranger = try other.keys("stranger").pairing!.own
            let keys = try test.keys("good").pairing!
            return try Dealer(
                address, plane,
                ClientKeys(
                    pairing: .init(
                        own: stranger, name: "stranger", path: "/stranger.key",
                        server: keys.server, serverSource: keys.serverSource)), context)
        case .revokedKey:
            let keys = try test.keys("revoked")
            try test.ring.revoke("revoked")
            return try Dealer(address, plane, keys, context)
        case .wrongServerKey:
            let keys = try test.keys("good").pairing!
            let other = try KeyPair.generate().publicKey
            return try Dealer(
                address, plane,
                ClientKeys(
                    pairing: .init(
                        own: keys.own, name: "good", path: keys.path, server: other,
                        serverSource: "/other.pub")), context)
        case .noKeys: return try Dealer(address, plane, .none, context)
        case .plain: return try Dealer(address, plane, .none, context, isPlain: true)
        }
    }
}

/// One connection and what is known of it.
final class Dealer {
    var socket: Socket
    private let monitor: ConnectionMonitor
    private var judge: HandshakeJudge
    private(set) var fault: Fault?
    private(set) var isConnected = false

    init(
        _ address: Address, _ plane: Socket.Plane, _ keys: ClientKeys, _ context: Context,
        isPlain: Bool = false
    ) throws {
        var socket = try Socket(.dealer, plane: plane, context: context, keys: keys)
        if isPlain {
            for option in [ZMQ_PLAIN_USERNAME, ZMQ_PLAIN_PASSWORD] {
                _ = zmq_setsockopt(socket.handle, option, "admin", 5)
            }
        }
        monitor = try socket.monitor()
        try socket.connect(to: address)
        judge = HandshakeJudge(address, keys)
        self.socket = socket
    }

    /// Takes note of what has happened to the connection.
    func look() throws {
        while let event = try monitor.next() {
            if event == .connected { isConnected = true }
            if case .disconnected = event { isConnected = false }
            fault = judge.judge(event, at: MonotonicClock.seconds) ?? fault
        }
    }
}

/// Waits for what another thread brings about, and lets other tests use this one meanwhile.
func soon(
    within seconds: Double = 5, isolation: isolated (any Actor)? = #isolation,
    _ isTrue: () throws -> Bool
) async rethrows -> Bool {
    let end = MonotonicClock.seconds + seconds
    // A test that seldom gets its turn looks as often as one that does.
    var looks = 0
    while MonotonicClock.seconds < end || looks < 100 {
        if try isTrue() { return true }
        looks += 1
        try? await Task.sleep(for: .milliseconds(2))
    }
    return false
}
