// Many workers that lose their coordinator at the same moment.

import Cluster
import Foundation
import Protocol
import Synchronization
import Testing
import Transport

@testable import Processes

extension Chaos {
    @Suite(.serialized)
    struct CrowdTests {
        @Test("51: 200 workers are registered within 20 s of their coordinator's restart")
        func hundreds() async throws { try await expectAllBack(200, within: 20) }

        @Test(
            "51: 2,000 workers are registered within 60 s of their coordinator's restart",
            .enabled(if: isFull, Comment(rawValue: onlyFull)))
        func thousands() async throws { try await expectAllBack(2_000, within: 60) }

        private func expectAllBack(_ count: Int, within seconds: Double) async throws {
            let fleet = try await Fleet(Site(), .loopback, workers: 0, liveness: 5_000)
            let crowd = try Crowd(fleet.address, count: count)
            try await fleet.awaitWorkers(count, within: 60)
            try await fleet.killCoordinator()
            try fleet.startCoordinator()
            let began = Date()
            let are = try await eventually(within: seconds) { crowd.welcomed == [2: count] }
            let needed = Date().timeIntervalSince(began)
            #expect(are, "welcomed by epoch: \(crowd.welcomed)")
            try await fleet.awaitWorkers(count, within: max(1, seconds - needed))
            Chaos.say("chaos: \(count) workers were registered again after \(needed) s")
            crowd.stop()
            try await fleet.stop()
        }
    }
}

/// Sessions of workers, each with a socket of its own, that run no units.
private final class Crowd: Sendable {
    private final class State: Sendable {
        let isStopping = Atomic(false)
        let welcomed = Mutex<[UInt64: Int]>([:])
    }

    private static let perContext = 900
    private let state = State()
    private let thread: OwnedThread

    init(_ address: String, count: Int) throws {
        let address = try Address(address)
        thread = try OwnedThread(name: "crowd") { [state] in
            do { try Self.run(address, count: count, state) } catch {
                Chaos.say("chaos: the crowd is gone: \(error)")
            }
        }
    }

    /// Workers that are connected, by the epoch that they know.
    var welcomed: [UInt64: Int] { state.welcomed.withLock { $0 } }

    func stop() {
        state.isStopping.store(true, ordering: .relaxed)
        thread.join()
    }

    private static func run(_ address: Address, count: Int, _ state: State) throws {
        var context = try Context(maxSockets: perContext + 10)
        let members = try (0..<count).map { number in
            if number % perContext == 0 { context = try Context(maxSockets: perContext + 10) }
            return try Member(number, address, context)
        }
        while !state.isStopping.load(ordering: .relaxed) {
            var welcomed: [UInt64: Int] = [:]
            for member in members {
                try member.turn()
                if let epoch = member.epoch { welcomed[epoch, default: 0] += 1 }
            }
            state.welcomed.withLock { $0 = welcomed }
            usleep(10_000)
        }
    }
}

private final class Member {
    private var socket: Socket
    private var session: WorkerSession

    init(_ number: Int, _ address: Address, _ context: Context) throws {
        socket = try Socket(.dealer, plane: .control, context: context)
        try socket.connect(to: address)
        let hello = Hello(
            softwareVersion: softwareVersion, role: .worker, name: WorkerID("member-\(number)"),
            capabilities: HandDrivenPeer.capabilities)
        session = WorkerSession(hello: hello, seed: UInt64(number), at: Self.now)
    }

    /// Of the coordinator that it is connected to.
    var epoch: UInt64? { session.isConnected ? session.epoch : nil }

    private static var now: Moment { Moment(milliseconds: monotonicMilliseconds()) }

    func turn() throws {
        var effects = SessionEffects()
        while let (_, frames) = try socket.receive() {
            let header = try Codec.decode(frames).header
            session.handle(.received(header), at: Self.now, into: &effects)
        }
        session.tick(at: Self.now, into: &effects)
        for header in effects.send {
            _ = try socket.send(try Codec.encode(Message(header)))
        }
    }
}
