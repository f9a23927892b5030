// The thread of the bulk plane: it alone touches the socket, and does what the pure parts say.

import Protocol
import Synchronization

/// What both ends of the exchange know, safe from any thread.
final class BulkShared: Sendable {
    enum Command: Sendable {
        case fetch(Order)
        case forget(WorkerID)
        case greet(Welcome)
        case awaitWelcome(Promise<Result<Welcome, Fault>>)
        case stop
    }

    let mailbox: Mailbox<Command>
    let shelf = Shelf()
    let counts = BulkCounts()
    /// Whether nobody has answered at the other end for as long as anybody waits.
    let isDeserted = Atomic(false)

    init() throws(TransportError) { mailbox = try Mailbox() }
}

/// Belongs to one thread. Chunks are asked for, served and received in turn; nothing blocks but
/// the poll and a read of a local file.
final class BulkLoop {
    /// Which end this is: the one that listens, or the one that connects.
    enum Side {
        case serving(Welcome, Doorkeeper?)
        case connecting(Link)
    }

    /// The connecting side's view of its one peer.
    struct Link {
        let hello: Hello
        let keys: ClientKeys
        var judge: HandshakeJudge
        /// Seconds without a welcome after which nobody waits any longer.
        var patience: Double?
        /// Seconds without a chunk after which nobody waits for one that is connected.
        var silence = Double.infinity
        var lostAt = MonotonicClock.seconds
        var welcome: Welcome?
        var refusal: Fault?
        var helloAt = 0.0
        var waiting: [Promise<Result<Welcome, Fault>>] = []
    }

    private static let messagesPerTurn = 64
    private static let helloSeconds = 1.0
    private static let helloSecondsUnconnected = 0.2
    private static let helloSecondsAfterRefusal = 5.0

    let shared: BulkShared
    var socket: Socket
    /// Of the connecting side; the doorkeeper hears the other.
    private var monitor: ConnectionMonitor?
    private var approach: Approach
    private let address: Address
    private let context: Context
    /// When a coordinator that had no room is to be tried again: the library does not.
    private var reopenAt: Double?
    var side: Side
    var peers = PeerTable()
    var gets = GetQueue<PeerID?>()
    /// The socket or the memory for copies was full: the queue waits until then.
    var serveAt = 0.0
    var lanes: [Holder: Lane] = [:]
    var downloads: [UInt64: Download] = [:]
    var lastDownload: UInt64 = 0
    private var isStopping = false

    init(
        _ side: Side, address: Address, context: Context, shared: BulkShared
    ) throws(TransportError) {
        self.shared = shared
        self.side = side
        self.address = address
        self.context = context
        approach = Approach(to: address)
        switch side {
        case .serving(_, let door?):
            socket = try Socket(.bulk, context: context, behind: door)
            monitor = nil
        case .serving(_, nil):
            socket = try Socket(.router, plane: .bulk, context: context)
            monitor = nil
        case .connecting(let link):
            var dealer = try Socket(.dealer, plane: .bulk, context: context, keys: link.keys)
            monitor = try dealer.monitor()
            try approach.begin(dealer)
            socket = dealer
        }
    }

    /// Returns when told to stop, or when the context is terminated.
    func run() {
        do throws(TransportError) {
            while !isStopping { try turn() }
            end(because: "the bulk plane of this process was stopped")
        } catch {
            end(because: "the bulk plane of this process failed: \(error)")
        }
    }

    private func turn() throws(TransportError) {
        if let reopenAt, reopenAt <= MonotonicClock.seconds { try reopen() }
        try Poll.wait(
            [socket.readable, shared.mailbox.readable] + (monitor.map { [$0.readable] } ?? []),
            timeoutMilliseconds: pause(at: MonotonicClock.seconds))
        for command in shared.mailbox.drain() { obey(command) }
        while let event = try monitor?.next() { note(event) }
        if monitor != nil { try approach.turn(socket) }
        try sayHello(at: MonotonicClock.seconds)
        for _ in 0..<Self.messagesPerTurn {
            guard let (peer, key, frames) = try socket.receiveSigned() else { break }
            try handle(frames, from: peer, under: key)
        }
        let now = MonotonicClock.seconds
        try serve(at: now, atMost: Self.messagesPerTurn)
        try expire(at: now)
        giveUpTheGone(at: now)
        try ask(at: now)
    }

    private func pause(at now: Double) -> Int {
        var wakeAt = now + 1
        if !gets.isEmpty { wakeAt = min(wakeAt, serveAt) }
        if case .connecting(let link) = side, link.welcome == nil {
            wakeAt = min(wakeAt, link.helloAt)
        }
        for lane in lanes.values { wakeAt = min(wakeAt, lane.wakeAt ?? wakeAt) }
        return Int((max(0, wakeAt - now) * 1_000).rounded(.up))
    }

    private func obey(_ command: BulkShared.Command) {
        switch command {
        case .fetch(let order): begin(order)
        case .forget(let name): forget(name)
        case .greet(let welcome):
            if case .serving(_, let door) = side { side = .serving(welcome, door) }
        case .awaitWelcome(let promise): awaitWelcome(promise)
        case .stop: isStopping = true
        }
    }

    private func handle(
        _ frames: [Frame], from peer: PeerID?, under key: PublicKey?
    ) throws(TransportError) {
        let message: Message
        do throws(CodecError) { message = try Codec.decode(frames) } catch {
            // Who sends such things learns nothing from an answer.
            return shared.counts.rejected.count()
        }
        guard try mayPass(message, from: peer, under: key) else { return }
        switch message.header {
        case .hello(let hello): try greet(hello, from: peer)
        case .welcome(let welcome): welcomed(welcome)
        case .refused(let refused): refusedBy(refused.fault)
        case .get(let get): queue(get, number: message.request, from: peer)
        case .chunk(let chunk):
            guard let body = message.body else { return shared.counts.rejected.count() }
            land(chunk, body, number: message.request, from: peer)
        case .missing(let missing): miss(missing, number: message.request, from: peer)
        default: shared.counts.rejected.count()
        }
    }

    private func end(because reason: String) {
        let fault = Fault(.unavailable, reason, retryable: true)
        shared.isDeserted.store(true, ordering: .relaxed)
        var orders = downloads.values.map(\.order)
        downloads = [:]
        lanes = [:]
        for command in shared.mailbox.close() {
            switch command {
            case .fetch(let order): orders.append(order)
            case .awaitWelcome(let promise): promise.fulfil(.failure(fault))
            case .forget, .greet, .stop: break
            }
        }
        if case .connecting(let link) = side {
            for promise in link.waiting { promise.fulfil(.failure(fault)) }
        }
        for order in orders { order.completion(.failure(fault)) }
    }
}

// MARK: The connecting side

extension BulkLoop {
    private func note(_ event: ConnectionMonitor.Event) {
        approach.note(event)
        guard case .connecting(var link) = side, event != .reached, event != .unreached else {
            return judge(event)
        }
        // A new connection has a new id on the other side: it must hear our name again.
        if event == .connected { link.helloAt = 0 }
        if link.welcome != nil { link.lostAt = MonotonicClock.seconds }
        link.welcome = nil
        side = .connecting(link)
        lanes[.coordinator]?.close()
        gets.forget(nil)
        judge(event)
    }

    /// Nobody waits for a coordinator that will never let us in.
    private func judge(_ event: ConnectionMonitor.Event) {
        guard case .connecting(var link) = side else { return }
        let fault = link.judge.judge(event, at: MonotonicClock.seconds)
        side = .connecting(link)
        guard let fault else { return }
        refusedBy(fault)
        if fault.retryable { reopenAt = MonotonicClock.seconds + Self.helloSecondsAfterRefusal }
    }

    private func reopen() throws(TransportError) {
        reopenAt = nil
        guard case .connecting(let link) = side else { return }
        var dealer = try Socket(.dealer, plane: .bulk, context: context, keys: link.keys)
        let heard = try dealer.monitor()
        approach = Approach(to: address)
        try approach.begin(dealer)
        socket = dealer
        monitor = heard
    }

    private func sayHello(at now: Double) throws(TransportError) {
        guard case .connecting(var link) = side, link.welcome == nil, link.helloAt <= now else {
            return
        }
        let wait = link.refusal == nil ? Self.helloSeconds : Self.helloSecondsAfterRefusal
        let delivery = try send(Message(.hello(link.hello)), to: nil)
        link.helloAt = now + (delivery == .accepted ? wait : Self.helloSecondsUnconnected)
        side = .connecting(link)
    }

    private func welcomed(_ welcome: Welcome) {
        guard case .connecting(var link) = side else { return shared.counts.rejected.count() }
        let isNew = link.welcome == nil
        link.welcome = welcome
        link.refusal = nil
        for promise in link.waiting { promise.fulfil(.success(welcome)) }
        link.waiting = []
        side = .connecting(link)
        if isNew { lanes[.coordinator]?.open(at: MonotonicClock.seconds) }
    }

    /// Somebody else may have what a peer that went away was asked for.
    private func giveUpTheGone(at now: Double) {
        guard case .connecting(let link) = side, let patience = link.patience else { return }
        let isDeserted = link.welcome == nil && now - link.lostAt >= patience
        shared.isDeserted.store(isDeserted, ordering: .relaxed)
        guard isDeserted, !lanes.isEmpty else { return }
        let fault = Fault(
            .unavailable, "nobody has answered at \(address) for \(patience) s", retryable: true)
        failAll(of: .coordinator, with: fault)
    }

    /// A link that nobody needed may have been down for long.
    func waitAnew(at now: Double) {
        guard case .connecting(var link) = side, link.patience != nil, lanes.isEmpty else { return }
        link.lostAt = max(link.lostAt, now)
        side = .connecting(link)
    }

    private func refusedBy(_ fault: Fault) {
        guard case .connecting(var link) = side else { return shared.counts.rejected.count() }
        link.welcome = nil
        link.refusal = fault
        link.helloAt = MonotonicClock.seconds + Self.helloSecondsAfterRefusal
        for promise in link.waiting { promise.fulfil(.failure(fault)) }
        link.waiting = []
        side = .connecting(link)
        failAll(of: .coordinator, with: fault)
    }

    private func awaitWelcome(_ promise: Promise<Result<Welcome, Fault>>) {
        guard case .connecting(var link) = side else {
            let fault = Fault(.internalError, "the listening side is not welcomed by anybody")
            return promise.fulfil(.failure(fault))
        }
        if let welcome = link.welcome { return promise.fulfil(.success(welcome)) }
        if let refusal = link.refusal { return promise.fulfil(.failure(refusal)) }
        link.waiting.append(promise)
        side = .connecting(link)
    }
}
