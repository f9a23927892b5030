// The thread that does the coordinator's heavy work: fetching outputs, planning and reducing.

import Cluster
import Logging
import Protocol
import Synchronization
import Transport

/// Carries out store commands in order, away from the thread that must keep answering heartbeats.
/// What comes of them returns to the scheduler as events.
final class StoreThread: Sendable {
    private enum Work: Sendable {
        case command(StoreCommand)
        case stop
    }

    private let work: Mailbox<Work>
    private let thread: OwnedThread

    init(payloads: PayloadTable, events: Mailbox<Event>, logger: Logger) throws {
        let work = try Mailbox<Work>()
        self.work = work
        thread = try OwnedThread(name: "store") {
            var store = Store(payloads: payloads, events: events, logger: logger)
            while true {
                for item in work.next(timeoutMilliseconds: 1_000) {
                    guard case .command(let command) = item else { return }
                    store.perform(command)
                }
            }
        }
    }

    func perform(_ commands: [StoreCommand]) {
        for command in commands { work.post(.command(command)) }
    }

    func stop() {
        work.post(.stop)
        thread.join()
    }
}

/// The programs of the running jobs, and the interpretation of each command.
private struct Store {
    let payloads: PayloadTable
    let events: Mailbox<Event>
    let logger: Logger
    var programs: [JobID: any JobProgram] = [:]

    mutating func perform(_ command: StoreCommand) {
        switch command {
        case .plan(let job, let spec, let workers):
            let program = spec.makeProgram(job: job, payloads: payloads)
            programs[job] = program
            payloads.admit(job)
            advance(job) { () throws(Fault) in try program.plan(workers: workers) }
        case .reduce(let job, _, let round, let outcomes, let workers):
            guard let program = programs[job] else { return }
            advance(job) { () throws(Fault) in
                defer { payloads.forgetOutputs(of: job) }
                return try program.reduce(round, outcomes: outcomes, workers: workers)
            }
        case .forget(let worker):
            payloads.bulk.forget(worker)
        case .fetch(let unit, let lease, let worker, let outputs):
            fetch(unit, lease, from: worker, outputs)
        case .discard(let job):
            programs[job] = nil
            payloads.discard(job)
        }
    }

    private func advance(_ job: JobID, _ step: () throws(Fault) -> Step) {
        do throws(Fault) {
            switch try step() {
            case .round(let round, let measures):
                events.post(.roundPlanned(job, round, measures: measures))
                try programs[job]?.prepare()
            case .completed(let result):
                events.post(.jobCompleted(job, result))
            }
        } catch {
            logger.error("job \(job) cannot go on: \(error)")
            events.post(.jobFaulted(job, error))
        }
    }

    /// All outputs of the unit, side by side; the last to arrive tells the scheduler.
    private func fetch(
        _ unit: WorkUnitID, _ lease: Lease, from worker: WorkerID, _ outputs: [PayloadReference]
    ) {
        let pending = Pending(count: outputs.count)
        for output in outputs {
            payloads.bulk.fetch(output, from: .worker(worker), deadlineSeconds: 600) {
                [payloads, events] result in
                switch result {
                case .success(let frame):
                    payloads.keep(frame, id: output.id, of: unit.job)
                    if pending.arrived() { events.post(.outputsStored(unit, lease)) }
                case .failure(let fault):
                    if pending.failed() { events.post(.outputsLost(unit, lease, fault)) }
                }
            }
        }
    }
}

/// Counts arrivals of one unit's outputs; says true once, at the last arrival or the first failure.
private final class Pending: Sendable {
    private let left: Mutex<Int>

    init(count: Int) { left = Mutex(count) }

    func arrived() -> Bool {
        left.withLock {
            $0 -= 1
            return $0 == 0
        }
    }

    func failed() -> Bool {
        left.withLock {
            let first = $0 > 0
            $0 = Int.min / 2
            return first
        }
    }
}
