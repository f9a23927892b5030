// Requests that wait for replies: each is numbered, repeated until WELCOME, and has a deadline.

import Protocol
import Synchronization
import Transport

/// Whether whoever asked has stopped waiting.
final class Abandonment: Sendable {
    private let declared = Atomic<Bool>(false)

    var isDeclared: Bool { declared.load(ordering: .relaxed) }

    func declare() { declared.store(true, ordering: .relaxed) }
}

/// Used by the client's thread alone.
struct Correspondence {
    enum Entry {
        case ask(Message, deadline: Int64, Abandonment, (Result<Message, Fault>) -> Void)
        case stop
    }

    private struct Pending {
        let question: Message
        let deadline: Int64
        let abandonment: Abandonment
        let answer: (Result<Message, Fault>) -> Void
        /// When it is to be said again: every request may be repeated without harm.
        var sendAt: Int64 = 0
    }

    private let address: Address
    private let hello: Hello
    private var judge: HandshakeJudge
    private var approach: Approach
    /// Why no connection will come about.
    private var rejection: Fault?
    private var pending: [UInt64: Pending] = [:]
    private var memo = IndexMemo()
    private var next: UInt64 = 1
    private var welcomed = false
    private var helloAgainAt: Int64 = 0
    private static let helloEvery: Int64 = 200
    private static let sendEvery: Int64 = 1_000

    init(address: Address, hello: Hello, keys: ClientKeys) {
        self.address = address
        self.hello = hello
        judge = HandshakeJudge(address, keys)
        approach = Approach(to: address)
    }

    mutating func connect(_ socket: borrowing Socket) throws(TransportError) {
        try approach.begin(socket)
    }

    /// What the socket's monitor has seen.
    mutating func note(_ event: ConnectionMonitor.Event) {
        approach.note(event)
        if event == .connected {
            rejection = nil
            helloAgainAt = 0
        }
        rejection = judge.judge(event, at: Double(monotonicMilliseconds()) / 1_000) ?? rejection
    }

    /// How long the thread may sleep, in milliseconds.
    var patience: Int { welcomed && pending.isEmpty ? 1_000 : 50 }

    /// - Returns: false once the client is closed.
    mutating func turn(
        _ socket: inout Socket, _ entries: [Entry]
    ) throws(TransportError) -> Bool {
        guard take(entries) else { return false }
        try approach.turn(socket)
        try receive(&socket)
        try send(socket)
        if let rejection { finishAll(with: rejection) }
        expire()
        return true
    }

    private mutating func take(_ entries: [Entry]) -> Bool {
        var isStopped = false
        for entry in entries {
            guard case .ask(var question, let deadline, let abandonment, let answer) = entry else {
                isStopped = true
                continue
            }
            question.request = next
            pending[next] = Pending(
                question: question, deadline: deadline, abandonment: abandonment, answer: answer)
            next += 1
        }
        // What was asked after the end is answered, too: somebody waits for it.
        if isStopped { finishAll() }
        return !isStopped
    }

    /// The socket is gone: everything asked fails, with `fault` if there is one.
    mutating func finish(_ entries: [Entry], with fault: Fault? = nil) {
        _ = take(entries)
        finishAll(with: fault)
    }

    private mutating func receive(_ socket: inout Socket) throws(TransportError) {
        while let (_, frames) = try socket.receive() {
            guard let message = try? Codec.decode(frames) else { continue }
            switch message.header {
            case .welcome:
                welcomed = true
                answer(message)
            case .refused(let refused) where refused.fault.isUnacquainted: restart()
            case .refused(let refused) where message.request == 0:
                finishAll(with: refused.fault)
            default: answer(message)
            }
        }
    }

    private mutating func answer(_ message: Message) {
        pending.removeValue(forKey: message.request)?.answer(.success(message))
    }

    /// The coordinator has forgotten us: say HELLO and everything unanswered once more.
    private mutating func restart() {
        welcomed = false
        for number in pending.keys { pending[number]?.sendAt = 0 }
    }

    private mutating func send(_ socket: borrowing Socket) throws(TransportError) {
        let now = monotonicMilliseconds()
        if !welcomed {
            guard now >= helloAgainAt else { return }
            helloAgainAt = now + Self.helloEvery
            try post(Message(.hello(hello)), socket)
            return
        }
        for number in pending.keys.sorted() {
            guard let entry = pending[number], entry.sendAt <= now else { continue }
            pending[number]?.sendAt = now + Self.sendEvery
            try post(entry.question, socket)
        }
    }

    private mutating func post(
        _ message: Message, _ socket: borrowing Socket
    ) throws(TransportError) {
        let frames: [Frame]
        do throws(CodecError) { frames = try memo.encode(message) } catch {
            pending.removeValue(forKey: message.request)?
                .answer(.failure(Fault(.usage, "the request cannot be sent: \(error)")))
            return
        }
        _ = try socket.send(frames)
    }

    private mutating func expire() {
        let now = monotonicMilliseconds()
        for (number, entry) in pending where entry.abandonment.isDeclared {
            pending[number] = nil
            entry.answer(.failure(Fault(.cancelled, "nobody waits for the answer any more")))
        }
        for (number, entry) in pending where entry.deadline <= now {
            pending[number] = nil
            entry.answer(.failure(judge.suspicion ?? silence))
        }
    }

    private var silence: Fault {
        Fault(
            .unavailable,
            "no coordinator answers at \(address)\(approach.tried); check the address, and that "
                + "sounder-coordinator runs there", retryable: true)
    }

    private mutating func finishAll(with fault: Fault? = nil) {
        let fault = fault ?? Fault(.cancelled, "the connection to \(address) was closed")
        for entry in pending.values { entry.answer(.failure(fault)) }
        pending.removeAll()
    }
}
