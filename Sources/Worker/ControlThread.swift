// The worker's control loop: messages and ends of units in, effects of the session out.

import Cluster
import Logging
import Protocol
import Synchronization
import Telemetry
import Transport

/// Owns the control socket and the session; runs until the session says that the worker is to end.
final class ControlThread: Sendable {
    private let draining = Atomic<Bool>(false)
    private let ended: Mailbox<UnitEnd>

    init(ended: Mailbox<UnitEnd>) { self.ended = ended }

    /// Finish what runs, then leave. May be called from any thread.
    func drain() {
        draining.store(true, ordering: .releasing)
        ended.wake()
    }

    /// Whether `drain` was called.
    var isDraining: Bool { draining.load(ordering: .acquiring) }

    /// Runs on the calling thread.
    /// - Returns: the fault that ended the worker, nil after a drain.
    func run(
        socket: inout Socket, session: inout WorkerSession, compute: ComputeThread,
        bulk: BulkExchange, judge: HandshakeJudge, to address: Address, meters: WorkerMeters,
        service: Service, logger: Logger
    ) throws(TransportError) -> Fault? {
        let monitor = try socket.monitor()
        var approach = Approach(to: address)
        try approach.begin(socket)
        var judge = judge
        var absence = Absence()
        var effects = SessionEffects()
        var asked = false
        while true {
            let now = Moment(milliseconds: monotonicMilliseconds())
            if isDraining && !asked {
                asked = true
                session.handle(.drainRequested, at: now, into: &effects)
            }
            report(compute, to: &session, at: now, &effects)
            try receive(&socket, &session, at: now, &effects, logger)
            session.tick(at: now, into: &effects)
            try perform(effects, socket, compute, bulk)
            report(session.isConnected, meters, service)
            if let exit = effects.exit {
                if case .fault(let fault) = exit { return fault }
                return nil
            }
            if absence.isToBeSaid(isConnected: session.isConnected, at: now) {
                logger.warning(
                    """
                    no coordinator answers at \(address)\(approach.tried); trying on, as long as \
                    it takes (see --once)
                    """)
            }
            let wait = effects.wakeAt.map { $0 - now } ?? 1_000
            effects.removeAll()
            try Poll.wait(
                [socket.readable, ended.readable, monitor.readable],
                timeoutMilliseconds: min(max(wait, 0), service.pulse.waitMaxMilliseconds))
            while let event = try monitor.next() {
                approach.note(event)
                // Silence may end by itself; a key that is not let in does not get better.
                let now = Double(monotonicMilliseconds()) / 1_000
                if let fault = judge.judge(event, at: now) { return fault }
            }
            try approach.turn(socket)
        }
    }

    /// To those who look at this process from outside.
    private func report(_ isConnected: Bool, _ meters: WorkerMeters, _ service: Service) {
        meters.isConnected = isConnected
        service.pulse.turn()
        if isConnected { service.notifier.ready() }
        guard !isDraining else { return }
        service.notifier.status(isConnected ? "connected" : "no coordinator answers")
    }

    private func report(
        _ compute: ComputeThread, to session: inout WorkerSession, at now: Moment,
        _ effects: inout SessionEffects
    ) {
        for (unit, progress) in compute.progress {
            session.handle(.unitProgressed(unit, progress), at: now, into: &effects)
        }
        for end in ended.drain() {
            compute.forget(end.assignment)
            session.handle(
                .unitEnded(end.assignment.unit, end.assignment.lease, end.result), at: now,
                into: &effects)
        }
    }

    private func receive(
        _ socket: inout Socket, _ session: inout WorkerSession, at now: Moment,
        _ effects: inout SessionEffects, _ logger: Logger
    ) throws(TransportError) {
        for _ in 0..<1_000 {
            guard let (_, frames) = try socket.receive() else { return }
            do throws(CodecError) {
                let message = try Codec.decode(frames)
                session.handle(.received(message.header), at: now, into: &effects)
            } catch {
                logger.warning("dropped a message of the coordinator: \(error)")
            }
        }
    }

    private func perform(
        _ effects: SessionEffects, _ socket: borrowing Socket, _ compute: ComputeThread,
        _ bulk: BulkExchange
    ) throws(TransportError) {
        for attempt in effects.stop { compute.stop(attempt.unit, attempt.lease) }
        for attempt in effects.release {
            // Nothing is rewritten behind it, and heartbeats must not wait.
            let prefix = outputPrefix(attempt.unit, attempt.lease) + "/"
            _ = bulk.withdraw(prefix: prefix, waitingSeconds: 0)
        }
        for assignment in effects.start { compute.start(assignment) }
        for header in effects.send {
            let frames: [Frame]
            do throws(CodecError) { frames = try Codec.encode(Message(header)) } catch {
                preconditionFailure("a worker's \(header.kind) is always short: \(error)")
            }
            // What cannot leave now is said again by the session's own timers.
            _ = try socket.send(frames)
        }
    }
}
