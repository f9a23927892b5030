// Peers that speak the protocol by hand: they say what a test wants said, and nothing else.

import Foundation
import Protocol
import Testing
import Transport

/// A worker's or a client's end of the control connection.
final class HandDrivenPeer {
    let context: Context
    let name: WorkerID
    private var socket: Socket

    init(_ address: String, name: String, keys: ClientKeys = .none) throws {
        context = try Context()
        self.name = WorkerID(name)
        socket = try Socket(.dealer, plane: .control, context: context, keys: keys)
        try socket.connect(to: Address(address))
    }

    /// Says HELLO and waits for the answer.
    @discardableResult
    func greet(
        as role: Role, softwareVersion: String = Protocol.softwareVersion,
        protocolVersion: Int = Limits.protocolVersion, kinds: [String] = ["count-words"]
    ) async throws -> Header {
        let hello = Hello(
            protocolVersion: protocolVersion, softwareVersion: softwareVersion, role: role,
            name: name, capabilities: role == .worker ? Self.capabilities(kinds) : nil)
        try await say(.hello(hello), request: .max)
        return try await answer(to: .max)
    }

    static let capabilities = capabilities(["count-words"])

    private static func capabilities(_ kinds: [String]) -> Capabilities {
        Capabilities(
            kinds: kinds, slots: 1, threads: 1, instructionSet: "none", host: "elsewhere",
            processID: 1)
    }

    func say(_ header: Header, request: UInt64 = 0) async throws {
        try await say(try Codec.encode(Message(header, request: request)))
    }

    /// Frames that need not be a message.
    func say(_ frames: [Frame]) async throws {
        let isSaid = try await eventually(within: 10) { try self.socket.send(frames) == .accepted }
        try #require(isSaid, "nobody takes what \(name) says")
    }

    func answer(to request: UInt64, every pause: Double = 0.02) async throws -> Header {
        try await message(every: pause) { $0.request == request ? $0.header : nil }
    }

    /// What `pick` makes of the first message that it takes; those before are lost.
    func message<Picked>(
        within seconds: Double = 10, every pause: Double = 0.02, _ pick: (Message) -> Picked?
    ) async throws -> Picked {
        var picked: Picked?
        _ = try await eventually(within: seconds, every: pause) {
            while picked == nil, let (_, frames) = try self.socket.receive() {
                picked = pick(try Codec.decode(frames))
            }
            return picked != nil
        }
        return try #require(picked, "the message does not come")
    }
}

/// A coordinator's end: HELLO is answered with what it is told, anything else is noted and refused.
final class HandDrivenCoordinator {
    private let context: Context
    private var socket: Socket
    private let greeting: Header
    /// The messages that came, but for HELLO.
    private(set) var heard: [Header] = []

    init(_ address: String, greeting: Header) throws {
        context = try Context()
        socket = try Socket(.router, plane: .control, context: context)
        try socket.bind(to: Address(address))
        self.greeting = greeting
    }

    static let welcome = Header.welcome(
        Welcome(
            epoch: 1, softwareVersion: softwareVersion, heartbeatMilliseconds: 1_000,
            livenessMilliseconds: 5_000))

    /// Answers until `program` has ended.
    func serve(_ program: Program) async throws -> Ending {
        _ = try await eventually(within: 20, every: 0.005) {
            try self.turn()
            return !program.isRunning
        }
        return try await program.ending(within: 1)
    }

    private func turn() throws {
        while let (peer, frames) = try socket.receive() {
            let message = try Codec.decode(frames)
            var answer = greeting
            if case .hello = message.header {} else {
                heard.append(message.header)
                answer = .refused(Refused(fault: Fault(.forbidden, "not by hand")))
            }
            let reply = Message(answer, request: message.request)
            _ = try socket.send(try Codec.encode(reply), to: peer)
        }
    }
}
