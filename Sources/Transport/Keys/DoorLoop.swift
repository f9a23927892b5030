// The thread at the door: it answers who may connect, and watches those that did.

import Logging
import Protocol
import Synchronization

/// Belongs to one thread.
struct DoorLoop: ~Copyable {
    private struct Listener {
        let monitor: ConnectionMonitor
        var connections: ConnectionTable
    }

    /// Between two looks at the list of keys.
    private static let listSeconds = 0.25
    /// Between two looks at the connections, which take about a microsecond each.
    private static let connectionsSeconds = 0.05
    private static let connectionSeconds = 50e-6
    private static let turnsMax = 1_000

    private let keys: CoordinatorKeys?
    private let context: Context
    private let connectionsMax: Int
    private let counts: DoorCounts
    private let mailbox: Mailbox<Doorkeeper.Command>
    private var log: QuietLog
    private var questions: Questions?
    private var listeners: [Listener] = []
    private var listAt = 0.0
    private var connectionsAt = 0.0
    private var isStopping = false

    init(
        keys: CoordinatorKeys?, context: Context, connectionsMax: Int, counts: DoorCounts,
        mailbox: Mailbox<Doorkeeper.Command>, logger: Logger
    ) {
        self.keys = keys
        self.context = context
        self.connectionsMax = connectionsMax
        self.counts = counts
        self.mailbox = mailbox
        log = QuietLog(logger)
    }

    deinit { for listener in listeners { listener.monitor.close() } }

    mutating func open() throws(TransportError) {
        if keys != nil { questions = try Questions(context: context) }
    }

    /// Returns when told to stop, or when the context is terminated.
    mutating func run() {
        do throws(TransportError) {
            while !isStopping { try turn() }
        } catch {
            if error != .terminated { log.error("the door is shut: \(error)") }
        }
    }

    private mutating func turn() throws(TransportError) {
        var sources = [mailbox.readable] + listeners.map(\.monitor.readable)
        if let readable = questions?.readable { sources.append(readable) }
        try Poll.wait(sources, timeoutMilliseconds: Int(Self.connectionsSeconds * 1_000))
        for command in mailbox.drain() { try obey(command) }
        // A key that was revoked a moment ago must not slip in.
        let now = MonotonicClock.seconds
        refresh(at: now)
        endTheEndless(at: now)
        log.flush(at: now)
        // Whoever asks was accepted before: he is counted when he is answered.
        for index in listeners.indices { try hear(index) }
        for _ in 0..<Self.turnsMax { guard try answerOne() else { break } }
        counts.connections.store(openCount, ordering: .relaxed)
    }

    private var openCount: Int { listeners.reduce(0) { $0 + $1.connections.count } }

    private mutating func obey(_ command: Doorkeeper.Command) throws(TransportError) {
        switch command {
        case .watch(let endpoint, let plane, let marks):
            listeners.append(
                Listener(
                    monitor: try ConnectionMonitor(of: endpoint, context: context),
                    connections: ConnectionTable(plane: plane, marks: marks)))
        case .stopAnswering(let done):
            questions = nil
            done.fulfil(())
        case .stop: isStopping = true
        }
    }

    private mutating func refresh(at now: Double) {
        guard now >= listAt else { return }
        listAt = now + Self.listSeconds
        for note in keys?.refresh() ?? [] { log.always(note) }
    }

    private mutating func endTheEndless(at now: Double) {
        guard now >= connectionsAt else { return }
        let pause = max(Self.connectionsSeconds, Double(openCount) * Self.connectionSeconds)
        connectionsAt = now + pause
        for index in listeners.indices {
            for peer in listeners[index].connections.endTheEndless() {
                counts.endless.count()
                log.warning("\(peer) sent without end and completed no message; it is cut off")
            }
        }
    }

    private mutating func answerOne() throws(TransportError) -> Bool {
        // Those who can be told are told, before those who cannot are shed.
        let isFull = openCount > connectionsMax * 7 / 8
        let (keys, counts) = (keys, counts)
        var note: String?
        var news: [String] = []
        let isAnswered = try questions?.answer { question in
            // Somebody may have been authorised a moment ago.
            if let key = question.key, keys?.holder(of: key) == nil { news = keys?.refresh() ?? [] }
            guard let key = question.key, keys?.holder(of: key) != nil else {
                counts.refusedKeys.count()
                note = "refused \(question.address): the key "
                    + (question.key.map { "\($0) is not authorised" } ?? "is missing")
                return .refuse
            }
            guard !isFull else {
                counts.shed.count()
                note = "refused \(question.address): \(connectionsMax) connections are open"
                return .full
            }
            return .letIn(key)
        }
        for line in news { log.always(line) }
        if let note { log.warning(note) }
        return isAnswered ?? false
    }

    private mutating func hear(_ index: Int) throws(TransportError) {
        for _ in 0..<Self.turnsMax {
            guard let event = try listeners[index].monitor.next() else { return }
            note(event, of: index)
        }
    }

    private mutating func note(_ event: ConnectionMonitor.Event, of index: Int) {
        switch event {
        case .accepted(let descriptor):
            counts.accepted.count()
            listeners[index].connections.open(descriptor)
            // The newest goes: whoever is served already is kept, and so are files to open.
            if openCount > connectionsMax, listeners[index].connections.end(descriptor) {
                counts.shed.count()
            }
        case .acceptFailed:
            counts.acceptFailures.count()
            log.error("a connection cannot be accepted; raise the limit of open files (ulimit -n)")
        case .connected: counts.handshakes.count()
        case .handshakeFailed(let failure):
            listeners[index].connections.noteFailure(failure)
            // These were counted, and logged with their key, when they were refused.
            if case .refused = failure { return }
            counts.failedHandshakes.count()
        case .disconnected(let descriptor):
            guard let end = listeners[index].connections.close(descriptor) else { return }
            if case .refused = end.failure { return }
            log.warning("the handshake with \(end.peer ?? "a peer that is gone") failed: "
                + end.failure.reason)
        case .reached, .unreached: break
        }
    }
}

extension ConnectionMonitor.Failure {
    fileprivate var reason: String {
        switch self {
        case .refused(let status): "its key is refused (\(status))"
        case .otherMechanism: "it uses no keys where they are needed, or keys where none are"
        case .nonsense: "it does not know this coordinator's key, or is no peer of ours"
        case .brokenOff: "it was too slow, went away, or is no peer of ours"
        }
    }
}

/// A log that floods cannot fill: a few lines a second, and how many there were besides.
private struct QuietLog {
    private static let linesPerSecond = 10
    private let logger: Logger
    private var lines = 0
    private var suppressed = 0
    private var secondAt = 0.0

    init(_ logger: Logger) { self.logger = logger }

    mutating func warning(_ text: String) {
        guard lines < Self.linesPerSecond else { return suppressed += 1 }
        lines += 1
        logger.warning("\(text)")
    }

    mutating func error(_ text: String) {
        guard lines < Self.linesPerSecond else { return suppressed += 1 }
        lines += 1
        logger.error("\(text)")
    }

    func always(_ text: String) { logger.warning("\(text)") }

    mutating func flush(at now: Double) {
        guard now >= secondAt else { return }
        if suppressed > 0 { logger.warning("\(suppressed) more refusals and failed handshakes") }
        (lines, suppressed, secondAt) = (0, 0, now + 1)
    }
}
