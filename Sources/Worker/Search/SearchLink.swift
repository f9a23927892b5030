// What a worker and the coordinator say to each other where searches are asked.

import Protocol
import Transport

/// The socket and what is said over it, on its thread.
struct SearchLink: ~Copyable {
    private var socket: Socket
    private let monitor: ConnectionMonitor
    private var approach: Approach
    private let hello: Hello
    private let events: Mailbox<SearchServer.Event>
    private let ask: (Score, Frame) -> Void
    private var memo = IndexMemo()
    private var heartbeat: Int64?
    private var speakAt: Int64 = 0
    private static let helloMilliseconds: Int64 = 500

    init(
        _ address: Address, _ hello: Hello, _ keys: ClientKeys, _ context: Context,
        events: Mailbox<SearchServer.Event>, ask: @escaping (Score, Frame) -> Void
    ) throws(TransportError) {
        var dealer = try Socket(.dealer, plane: .search, context: context, keys: keys)
        let monitor = try dealer.monitor()
        var approach = Approach(to: address)
        try approach.begin(dealer)
        self.hello = hello
        self.events = events
        self.ask = ask
        self.monitor = monitor
        self.approach = approach
        socket = dealer
    }

    /// - Returns: false once it is to end.
    mutating func turn() throws(TransportError) -> Bool {
        let wait = min(max(speakAt - monotonicMilliseconds(), 0), 1_000)
        try Poll.wait(
            [socket.readable, events.readable, monitor.readable],
            timeoutMilliseconds: Int(wait))
        for event in events.drain() {
            guard case .answered(let message) = event else {
                try say(Message(.goodbye(Goodbye(finishing: false))))
                return false
            }
            try say(message)
        }
        while let event = try monitor.next() { note(event) }
        try approach.turn(socket)
        for _ in 0..<256 {
            guard let (_, frames) = try socket.receive() else { break }
            if let message = try? memo.decode(frames) { take(message) }
        }
        let now = monotonicMilliseconds()
        if speakAt <= now {
            try say(Message(heartbeat == nil ? .hello(hello) : .heartbeat(Heartbeat())))
            speakAt = now + (heartbeat ?? Self.helloMilliseconds)
        }
        return true
    }

    /// A new connection has a new id on the other side: it must hear our name again.
    private mutating func note(_ event: ConnectionMonitor.Event) {
        approach.note(event)
        switch event {
        case .connected, .disconnected: introduce()
        default: break
        }
    }

    private mutating func introduce() {
        heartbeat = nil
        speakAt = 0
    }

    private mutating func take(_ message: Message) {
        switch message.header {
        case .welcome(let welcome):
            heartbeat = Int64(welcome.heartbeatMilliseconds)
            speakAt = monotonicMilliseconds() + Int64(welcome.heartbeatMilliseconds)
        case .refused(let refused) where refused.fault.isUnacquainted: introduce()
        // What else is wrong with us, the control plane says.
        case .refused:
            heartbeat = nil
            speakAt = monotonicMilliseconds() + 5_000
        case .score(let score): ask(score, message.body ?? .empty)
        default: break
        }
    }

    /// What cannot leave now is asked for again, or comes too late anyway.
    private func say(_ message: Message) throws(TransportError) {
        do throws(CodecError) {
            let frames = try Codec.encode(message)
            _ = try? socket.send(frames)
        } catch {
            guard case .scored(var scored) = message.header else { return }
            scored.fault = Fault(
                .usage,
                "the hits are too large to be sent: \(error); ask for fewer, or without text")
            guard let frames = try? Codec.encode(Message(.scored(scored))) else { return }
            _ = try? socket.send(frames)
        }
    }
}
