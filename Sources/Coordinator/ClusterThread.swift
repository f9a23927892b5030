// The coordinator's one-screen loop: messages in, events to the scheduler, effects out in order.

import Cluster
import Journal
import Logging
import Protocol
import Synchronization
import Telemetry
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
        policy: Policy, seed: UInt64, meters: CoordinatorMeters, service: Service, logger: Logger
    ) throws {
        var scheduler = Scheduler(epoch: journal.epoch, policy: policy, seed: seed)
        var desk = FrontDesk(behind: door, meters: meters, logger: logger, at: .now)
        var effects = Effects()
        scheduler.recover(journal.recovered, at: .now, into: &effects)

        var woke = monotonicSeconds()
        while !stopping.load(ordering: .acquiring) {
            let began = monotonicSeconds()
            try journal.commit(effects.journal)
            meters.committed(effects.journal, seconds: monotonicSeconds() - began)
            if effects.store.contains(where: \.isPlanning) {
                store.notePeers(scheduler.slots(running: UnitTask.reductionKind))
            }
            store.perform(effects.store)
            try desk.send(effects.outbound, on: socket)
            service.pulse.turn()
            meters.turned(seconds: monotonicSeconds() - woke)
            try Poll.wait(
                [socket.readable, events.readable],
                timeoutMilliseconds: Moment.now.wait(
                    until: effects.wakeAt, atMost: service.pulse.waitMaxMilliseconds))
            woke = monotonicSeconds()
            effects = Effects()

            let now = Moment.now
            for event in events.drain() { scheduler.handle(event, at: now, into: &effects) }
            try desk.receive(from: &socket, &scheduler, at: now, into: &effects)
            scheduler.tick(at: now, into: &effects)
            try desk.answer(scheduler, journal, at: now)
            if let census = meters.takeCensus(of: scheduler, at: now) {
                service.notifier.status(census.sentence(epoch: journal.epoch))
            }
        }
    }
}

extension StoreCommand {
    /// Whether the job's program decides what comes next.
    fileprivate var isPlanning: Bool {
        switch self {
        case .plan, .reduce: true
        case .fetch, .abandon, .discard: false
        }
    }
}

extension Moment {
    fileprivate static var now: Moment { Moment(milliseconds: monotonicMilliseconds()) }

    fileprivate func wait(until moment: Moment?, atMost milliseconds: Int) -> Int {
        guard let moment else { return milliseconds }
        return min(max(moment - self, 0), milliseconds)
    }
}

extension Census {
    /// For `systemctl status`.
    fileprivate func sentence(epoch: UInt64) -> String {
        let total = self.workers.values.reduce(0, +)
        let workers = "\(total) workers, \(self.workers["busy"] ?? 0) busy"
        let jobs = "\(self.jobs[.running] ?? 0) jobs running, \(self.jobs[.queued] ?? 0) queued"
        return "\(workers); \(jobs); epoch \(epoch)"
    }
}
