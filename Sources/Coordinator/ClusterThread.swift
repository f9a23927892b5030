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
        socket: inout Socket, behind door: Doorkeeper, journal: JobJournal, store: StoreThread,
        policy: Policy, seed: UInt64, logger: Logger
    ) throws {
        var scheduler = Scheduler(epoch: journal.epoch, policy: policy, seed: seed)
        var desk = FrontDesk(behind: door, logger: logger, at: .now)
        var effects = Effects()
        scheduler.recover(journal.recovered, at: .now, into: &effects)

        while !stopping.load(ordering: .acquiring) {
            try journal.commit(effects.journal)
            store.perform(effects.store)
            try desk.send(effects.outbound, on: socket)
            try Poll.wait(
                [socket.readable, events.readable],
                timeoutMilliseconds: Moment.now.wait(until: effects.wakeAt))
            effects = Effects()

            let now = Moment.now
            for event in events.drain() { scheduler.handle(event, at: now, into: &effects) }
            try desk.receive(from: &socket, &scheduler, at: now, into: &effects)
            scheduler.tick(at: now, into: &effects)
            try desk.answer(scheduler, journal, at: now)
        }
    }
}

extension Moment {
    fileprivate static var now: Moment { Moment(milliseconds: monotonicMilliseconds()) }

    /// Milliseconds until `moment`, a second at most.
    fileprivate func wait(until moment: Moment?) -> Int {
        guard let moment else { return 1_000 }
        return min(max(moment - self, 0), 1_000)
    }
}
