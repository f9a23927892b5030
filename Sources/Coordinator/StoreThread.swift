// The thread that does the coordinator's heavy work: planning and reducing.

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
        case arrival(OutputTable.Arrival)
        case stop
    }

    private let work: Mailbox<Work>
    private let thread: OwnedThread
    private let outputs: OutputTable
    private let payloads: PayloadTable

    init(
        payloads: PayloadTable, events: Mailbox<Event>, meters: CoordinatorMeters, logger: Logger
    ) throws {
        let work = try Mailbox<Work>()
        self.work = work
        self.payloads = payloads
        let outputs = OutputTable(bulk: payloads.bulk, events: events)
        self.outputs = outputs
        thread = try OwnedThread(name: "store") {
            var store = Store(
                payloads: payloads, outputs: outputs, events: events, meters: meters,
                logger: logger)
            while true {
                for item in work.next(timeoutMilliseconds: 1_000) {
                    switch item {
                    case .command(let command): store.perform(command)
                    case .arrival(let arrival): store.receive(arrival)
                    case .stop: return
                    }
                }
            }
        }
    }

    /// Slots of workers that other workers can fetch from.
    func notePeers(_ slots: Int) { payloads.peerSlots.store(slots, ordering: .relaxed) }

    func perform(_ commands: [StoreCommand]) {
        for command in commands {
            switch command {
            // Fetching is the work of the bulk thread, and need not wait for a reduction.
            case .fetch(let unit, let lease, let worker, let references):
                outputs.fetch(unit, lease, from: worker, references) { [work] arrival in
                    work.post(.arrival(arrival))
                }
            case .abandon(let worker): outputs.abandon(worker)
            case .plan, .reduce, .discard: work.post(.command(command))
            }
        }
    }

    func stop() {
        work.post(.stop)
        thread.join()
    }
}

/// The programs of the running jobs, and the interpretation of each command.
private struct Store {
    let payloads: PayloadTable
    let outputs: OutputTable
    let events: Mailbox<Event>
    let meters: CoordinatorMeters
    let logger: Logger
    var programs: [JobID: any JobProgram] = [:]
    /// Of the round that each job's units are of.
    var stages: [JobID: String] = [:]

    mutating func perform(_ command: StoreCommand) {
        switch command {
        case .plan(let job, let spec, let workers):
            payloads.resume(job)
            let directory = payloads.directory(of: job)
            let program = spec.makeProgram(directory: directory, payloads: payloads)
            programs[job] = program
            outputs.open(job, in: directory)
            advance(job, "planning") { () throws(Fault) in try program.plan(workers: workers) }
        case .reduce(let job, let number, let round, let outcomes, let workers):
            guard let program = programs[job] else { return }
            advance(job, round.stage) { [outputs] () throws(Fault) in
                let taken = outputs.take(round: number, of: job, outcomes)
                let step = try program.reduce(round, outputs: taken, workers: workers)
                if case .repeated = step { return step }
                outputs.reduced(round: number, of: job)
                return step
            }
        case .fetch, .abandon: break
        case .discard(let job, let keepsProgress):
            programs[job] = nil
            stages[job] = nil
            outputs.close(job)
            payloads.discard(job, keepsProgress: keepsProgress)
        }
    }

    /// Outputs that a reduction could not use are as good as none: the unit runs again, elsewhere
    /// where that is possible.
    func receive(_ arrival: OutputTable.Arrival) {
        let (unit, worker) = (arrival.unit, arrival.worker)
        do throws(Fault) {
            if let program = programs[unit.job], let stage = stages[unit.job] {
                try program.check(arrival.frames, of: stage)
            }
            try outputs.keep(arrival)
        } catch {
            logger.warning("what worker \(worker) made of unit \(unit) is not used: \(error)")
            events.post(.outputsLost(unit, arrival.lease, error))
        }
    }

    private mutating func advance(
        _ job: JobID, _ stage: String, _ step: () throws(Fault) -> Step
    ) {
        do throws(Fault) {
            switch try meters.timing(stage, step) {
            case .round(let round, let measures):
                stages[job] = round.stage
                outputs.expect(round, of: job)
                events.post(.roundPlanned(job, round, measures: measures))
                try prepare(job)
            case .repeated(let units):
                events.post(.outputsGone(job, units))
            case .completed(let result):
                events.post(.jobCompleted(job, result))
            }
        } catch {
            logger.error("job \(job) cannot go on: \(error)")
            events.post(.jobFaulted(job, error))
        }
    }

    /// What cannot be saved now is saved later; the job goes on meanwhile.
    private func prepare(_ job: JobID) throws(Fault) {
        do throws(Fault) { try programs[job]?.prepare() } catch {
            guard error.retryable else { throw error }
            logger.warning("job \(job) goes on, but: \(error)")
        }
    }
}
