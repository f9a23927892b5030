// Sockets, addresses and payloads for the tests of this module.

import Glibc
import Protocol
import Synchronization
@testable import Transport

enum Place: CaseIterable {
    case ipc, tcp

    /// An address that nobody else uses.
    func address() throws -> Address {
        switch self {
        case .ipc: try Address("ipc:///tmp/sounder-test-\(getpid())-\(UInt32.random(in: 0...(.max)))")
        case .tcp: try Address("tcp://127.0.0.1:*")
        }
    }
}

extension Address {
    /// Whether somebody listens there; asked of Unix sockets only.
    var isServed: Bool {
        guard case .ipc(let path) = place else { return false }
        return UnixSocket.isListening(path)
    }
}

/// A coordinator's and a worker's end, connected.
struct Pair {
    let context: Context
    let coordinator: BulkExchange
    let worker: BulkExchange
    static let name = WorkerID("w1")

    init(_ place: Place = .ipc) throws {
        context = try Context(ioThreads: 2)
        coordinator = try BulkExchange(
            serving: try place.address(), context: context, softwareVersion: "test", epoch: 7)
        worker = try Self.worker(of: coordinator, context)
        _ = try worker.waitForWelcome(seconds: 10)
    }

    static func worker(
        of coordinator: BulkExchange, _ context: Context, name: WorkerID = Pair.name
    ) throws -> BulkExchange {
        try BulkExchange(
            connectingTo: coordinator.address, as: name, role: .worker, context: context,
            softwareVersion: "test")
    }

    func stop() -> Bool {
        worker.stop()
        coordinator.stop()
        return context.terminate()
    }
}

/// Bytes that no shift, swap or repetition leaves unchanged.
func noise(_ count: Int, seed: UInt64 = 1) -> Frame {
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 64)
    var state = seed
    for index in memory.indices {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        memory[index] = UInt8(truncatingIfNeeded: state >> 56)
    }
    return Frame(adopting: memory)
}

/// Waits for what another thread brings about.
func eventually(within seconds: Double = 5, _ isTrue: () throws -> Bool) rethrows -> Bool {
    let end = MonotonicClock.seconds + seconds
    while MonotonicClock.seconds < end {
        if try isTrue() { return true }
        usleep(2_000)
    }
    return try isTrue()
}

/// The fault that `body` throws, or nil.
func fault(_ body: () throws -> Void) -> Fault? {
    do { try body() } catch { return error as? Fault }
    return nil
}

/// A worker's end without an exchange behind it: it does what the test says and no more.
struct HandDrivenWorker: ~Copyable {
    private var socket: Socket

    init(of coordinator: BulkExchange, _ context: Context) throws {
        let opened = try Socket(.dealer, plane: .bulk, context: context, linger: 1_000)
        try opened.connect(to: coordinator.address)
        let hello = try Codec.encode(
            Message(.hello(Hello(softwareVersion: "test", role: .client, name: Pair.name))))
        let isSent = try eventually { try opened.send(hello) == .accepted }
        precondition(isSent, "not connected")
        socket = opened
    }

    /// Answers requests until `chunks` are served.
    ///
    /// - Returns: the offsets that were asked for, in order.
    mutating func serve(_ frame: Frame, chunks: Int) throws -> [Int] {
        var offsets: [Int] = []
        _ = try eventually {
            guard let frames = try socket.receive()?.frames else { return false }
            let message = try Codec.decode(frames)
            guard case .get(let get) = message.header else { return false }
            let body = frame.slice(get.offset..<get.offset + get.length)
            let chunk = Chunk(payload: get.payload, offset: get.offset)
            _ = try socket.send(
                try Codec.encode(Message(.chunk(chunk), request: message.request, body: body)))
            offsets.append(get.offset)
            return offsets.count == chunks
        }
        return offsets
    }

    consuming func close() {}
}
