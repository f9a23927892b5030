// The coordinator's one-screen loop: messages in, events to the scheduler, effects out in order.

import Cluster
import Journal
import Logging
import Protocol
import Synchronization
import Transport

/// Owns the control socket, the scheduler and the journal; runs until `stop` is called or the
/// journal refuses a commit, in which case nothing more may be acknowledged.
final class ClusterThread: Sendable {
    let events: Mailbox<Event>
    private let stopping = Atomic<Bool>(false)

    init() throws { events = try Mailbox<Event>() }

    /// May be called from any thread.
    func stop() {
        stopping.store(true, ordering: .releasing)
        events.wake()
    }

    /// Runs on the calling thread.
    func run(
        socket: consuming Socket, journal: JobJournal, store: StoreThread,
        policy: Policy, seed: UInt64, logger: Logger
    ) throws {
        var scheduler = Scheduler(epoch: journal.epoch, policy: policy, seed: seed)
        var desk = FrontDesk(epoch: journal.epoch, policy: policy, logger: logger)
        var effects = Effects()
        let clock = MonotonicClock()
        scheduler.recover(try journal.recover(), at: clock.now, into: &effects)

        while !stopping.load(ordering: .acquiring) {
            try journal.commit(effects.journal)
            store.perform(effects.store)
            desk.send(effects.outbound, on: socket)
            Poll.wait(
                [socket.pollItem, events.fileDescriptor],
                timeoutMilliseconds: clock.wait(until: effects.wakeAt))
            effects = Effects()

            var inbox = events.drain()
            desk.receive(from: socket, scheduler: scheduler, at: clock.now, into: &inbox)
            for event in inbox { scheduler.handle(event, at: clock.now, into: &effects) }
            scheduler.tick(at: clock.now, into: &effects)
            desk.answer(scheduler: scheduler, at: clock.now)
        }
    }
}

extension MonotonicClock {
    /// Milliseconds until `moment`, between 0 and a second, so that a stop is never missed.
    fileprivate func wait(until moment: Moment?) -> Int {
        guard let moment else { return 1_000 }
        return Int(min(max(moment.milliseconds - now.milliseconds, 0), 1_000))
    }
}
