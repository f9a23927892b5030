// The worker's half of the conversation: HELLO, heartbeats, assignments, results until released.

public import Protocol

/// A pure state machine like the scheduler. Call `handle` for everything that happened, then
/// `tick` once, then carry out the effects. The first `tick` says HELLO.
public struct WorkerSession: Sendable {
    enum State: Sendable, Equatable {
        /// `since` is when the coordinator became unreachable.
        case connecting(since: Moment, helloAt: Moment, hellos: Int)
        case ready
        case stopped
    }

    struct Running: Sendable {
        let lease: Lease
        var progress = Progress(done: 0, total: 0)
    }

    /// A result that the coordinator has not released yet.
    struct Finished: Sendable {
        let header: Header
        var sentAt: Moment?
    }

    public let hello: Hello
    public let policy: SessionPolicy

    var state: State
    var generator: SeededGenerator
    /// Of the coordinator that said WELCOME last; nil before the first.
    public internal(set) var epoch: UInt64?
    var isDraining = false
    var heartbeatMilliseconds = 1_000
    var livenessMilliseconds = 5_000
    var heardAt: Moment
    var heartbeatAt: Moment
    var running = Table<WorkUnitID, Running>()
    var outbox = Table<Attempt, Finished>()

    /// - Parameter seed: for the jitter of HELLO, so that a thousand workers do not speak at once.
    public init(
        hello: Hello, policy: SessionPolicy = SessionPolicy(), seed: UInt64, at now: Moment
    ) {
        self.hello = hello
        self.policy = policy
        generator = SeededGenerator(seed: seed)
        state = .connecting(since: now, helloAt: now, hellos: 0)
        heardAt = now
        heartbeatAt = now
    }

    public var isConnected: Bool { state == .ready }

    /// Whether the coordinator would be believed to give the unit's result a meaning.
    public func isRunning(_ attempt: Attempt) -> Bool {
        running[attempt.unit]?.lease == attempt.lease
    }

    public mutating func handle(
        _ event: SessionEvent, at now: Moment, into effects: inout SessionEffects
    ) {
        guard state != .stopped else { return }
        switch event {
        case .received(let header):
            receive(header, at: now, into: &effects)
        case .unitProgressed(let unit, let progress):
            running[unit]?.progress = progress
        case .unitEnded(let unit, let lease, let result):
            end(Attempt(unit, lease), result, at: now, into: &effects)
        case .drainRequested:
            drain(into: &effects)
        }
    }

    /// Says what is due (HELLO, heartbeat, results again) and when to be called again.
    public mutating func tick(at now: Moment, into effects: inout SessionEffects) {
        if state == .ready, now - heardAt >= livenessMilliseconds {
            state = .connecting(since: now, helloAt: now, hellos: 0)
        }
        leaveIfDrained(into: &effects)
        switch state {
        case .stopped:
            effects.wakeAt = nil
        case .connecting(let since, let helloAt, let hellos):
            if now >= helloAt { sayHello(since: since, hellos: hellos, at: now, into: &effects) }
            giveUpIfOverdue(at: now, into: &effects)
            effects.wakeAt = connectingDeadline
        case .ready:
            if now >= heartbeatAt { beat(at: now, into: &effects) }
            effects.wakeAt = min(heartbeatAt, heardAt + livenessMilliseconds)
        }
    }

    private mutating func sayHello(
        since: Moment, hellos: Int, at now: Moment, into effects: inout SessionEffects
    ) {
        effects.send.append(.hello(hello))
        let wait = min(
            policy.helloBackoffMilliseconds << min(hellos, 20), policy.helloBackoffMaxMilliseconds)
        let jittered = wait / 2 + Int.random(in: 0...max(1, wait / 2), using: &generator)
        state = .connecting(since: since, helloAt: now + jittered, hellos: hellos + 1)
    }

    /// Nil while the coordinator may stay away for ever.
    private var giveUpAfter: Int? {
        let limit = epoch == nil ? policy.firstContactMilliseconds : policy.giveUpMilliseconds
        return limit ?? (isDraining ? policy.drainGiveUpMilliseconds : nil)
    }

    private var connectingDeadline: Moment? {
        guard case .connecting(let since, let helloAt, _) = state else { return nil }
        return giveUpAfter.map { min(helloAt, since + $0) } ?? helloAt
    }

    private mutating func giveUpIfOverdue(at now: Moment, into effects: inout SessionEffects) {
        guard case .connecting(let since, _, _) = state, let limit = giveUpAfter,
            now - since >= limit
        else { return }
        let fault = Fault(
            .unavailable,
            "no coordinator answered for \(limit) ms; check its address and that it is running",
            retryable: true)
        stop(.fault(fault), into: &effects)
    }

    private mutating func beat(at now: Moment, into effects: inout SessionEffects) {
        let units = running.keys.compactMap { unit in
            running[unit].map { RunningUnit(unit: unit, lease: $0.lease, progress: $0.progress) }
        }
        effects.send.append(.heartbeat(Heartbeat(running: units)))
        heartbeatAt = now + heartbeatMilliseconds
        resend(at: now, unansweredFor: 2 * heartbeatMilliseconds, into: &effects)
    }

    /// Results stay here until the coordinator says that it has them or does not want them.
    mutating func resend(
        at now: Moment, unansweredFor milliseconds: Int, into effects: inout SessionEffects
    ) {
        for attempt in outbox.keys {
            guard let finished = outbox[attempt] else { continue }
            if let sentAt = finished.sentAt, now - sentAt < milliseconds { continue }
            outbox[attempt]?.sentAt = now
            effects.send.append(finished.header)
        }
    }

    private mutating func drain(into effects: inout SessionEffects) {
        guard !isDraining else { return }
        isDraining = true
        if state == .ready { effects.send.append(.goodbye(Goodbye(finishing: true))) }
    }

    private mutating func leaveIfDrained(into effects: inout SessionEffects) {
        guard isDraining, state != .stopped, running.isEmpty, outbox.isEmpty else { return }
        if epoch != nil { effects.send.append(.goodbye(Goodbye(finishing: false))) }
        stop(.drained, into: &effects)
    }

    mutating func stop(_ exit: Exit, into effects: inout SessionEffects) {
        forgetAll(into: &effects)
        state = .stopped
        effects.exit = exit
    }

    /// Work that no coordinator asks for any more.
    mutating func forgetAll(into effects: inout SessionEffects) {
        for unit in running.keys {
            if let lease = running[unit]?.lease { effects.halt(Attempt(unit, lease)) }
            running[unit] = nil
        }
        for attempt in outbox.keys {
            effects.release.append(attempt)
            outbox[attempt] = nil
        }
    }
}
