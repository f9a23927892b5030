// The worker's control loop: messages and ends of units in, effects of the session out.

import Cluster
import Logging
import Protocol
import Synchronization
import Transport

/// Owns the control socket and the session; runs until the session says that the worker is to end.
final class ControlThread: Sendable {
    private let draining = Atomic<Bool>(false)
    private let wake: Mailbox<UnitEnd>

    init(ended: Mailbox<UnitEnd>) { wake = ended }

    /// Finish what runs, then leave. May be called from any thread.
    func drain() {
        draining.store(true, ordering: .releasing)
        wake.wake()
    }

    /// Runs on the calling thread.
    /// - Returns: the fault that ended the worker, nil after a drain.
    func run(
        socket: consuming Socket, session: consuming WorkerSession, compute: ComputeThread,
        bulk: BulkExchange, logger: Logger
    ) throws(TransportError) -> Fault? {
        var effects = SessionEffects()
        var asked = false
        while true {
            let now = Moment(milliseconds: monotonicMilliseconds())
            if draining.load(ordering: .acquiring), !asked {
                asked = true
                session.handle(.drainRequested, at: now, into: &effects)
            }
            for (unit, progress) in compute.progress {
                session.handle(.unitProgressed(unit, progress), at: now, into: &effects)
            }
            for end in wake.drain() {
                compute.forget(end.assignment)
                session.handle(
                    .unitEnded(end.assignment.unit, end.assignment.lease, end.result), at: now,
                    into: &effects)
            }
            try receive(socket, &session, at: now, &effects, logger)
            session.tick(at: now, into: &effects)
            try perform(effects, socket, compute, bulk)
            if let exit = effects.exit { return exit.fault }
            let wakeAt = effects.wakeAt
            effects = SessionEffects()
            let timeout = wakeAt.map { $0.milliseconds - monotonicMilliseconds() } ?? 1_000
            Poll.wait(
                [socket.pollItem, wake.fileDescriptor],
                timeoutMilliseconds: Int(min(max(timeout, 0), 1_000)))
        }
    }

    private func receive(
        _ socket: borrowing Socket, _ session: inout WorkerSession, at now: Moment,
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
        for (unit, lease) in effects.stop { compute.stop(unit, lease) }
        for (unit, lease) in effects.release {
            bulk.withdraw(prefix: "\(unit)/\(lease.epoch).\(lease.attempt)/")
        }
        for assignment in effects.start { compute.start(assignment) }
        for header in effects.send {
            // A message that cannot leave now is said again by the session's own timers.
            guard let frames = try? Codec.encode(Message(header)) else { continue }
            _ = try socket.deliver(frames, to: nil)
        }
    }
}
