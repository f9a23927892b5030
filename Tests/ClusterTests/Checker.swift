// What must never happen, whatever the faults: judged from what the scheduler wants done, not from
// what it knows.

import Cluster
import Protocol

struct Checker {
    /// Who was given which attempt. Over all lives of the coordinator.
    private var owners: [Attempt: WorkerID] = [:]
    /// The attempt that was given last; of this life.
    private var newest: [WorkUnitID: Lease] = [:]
    private var recalled: Set<Attempt> = []
    private var done: [WorkUnitID: Lease] = [:]
    /// Units that are done and left nothing to be held.
    private var kept: Set<WorkUnitID> = []
    private var epoch: UInt64 = 1
    /// Attempts whose outputs were fetched.
    var stored: Set<Attempt> = []
    var ended: [JobID: JobStatus] = [:]
    var sums: [JobID: Double] = [:]

    mutating func restart() {
        epoch += 1
        // Outputs that were in its memory are gone; what left none is done for good.
        done = done.filter { kept.contains($0.key) }
        sums = [:]
    }

    mutating func complaint(about header: Header, to worker: WorkerID) -> String? {
        switch header {
        case .assign(let assign):
            let attempt = Attempt(assign.unit, assign.lease)
            if let owner = owners[attempt] {
                if owner != worker { return "\(attempt) belongs to \(owner) and \(worker)" }
                return recalled.contains(attempt) ? "\(attempt) was recalled and sent again" : nil
            }
            if assign.lease.epoch != epoch { return "\(attempt) is of epoch \(assign.lease.epoch)" }
            if done[assign.unit] != nil { return "\(attempt) was done before" }
            if ended[assign.unit.job] != nil { return "\(attempt) of a job that is over" }
            let before = newest[assign.unit]?.attempt ?? 0
            if assign.lease.attempt != before + 1 { return "\(attempt) follows attempt \(before)" }
            owners[attempt] = worker
            newest[assign.unit] = assign.lease
        case .revoke(let revoke):
            recalled.insert(Attempt(revoke.unit, revoke.lease))
        default:
            break
        }
        return nil
    }

    mutating func complaint(about entry: JournalEntry) -> String? {
        switch entry {
        case .unitDone(let unit, let lease, let outcome):
            let attempt = Attempt(unit, lease)
            if let before = done[unit] {
                return "\(attempt) is done after attempt \(before.attempt)"
            }
            if newest[unit] != lease { return "\(attempt) is done, but it is stale" }
            if recalled.contains(attempt) { return "\(attempt) is done, but it was recalled" }
            for output in outcome.outputs where output.id != "\(attempt)" {
                return "\(attempt) left \(output.id)"
            }
            if !outcome.outputs.isEmpty, !stored.contains(attempt) {
                return "\(attempt) is done, but its output was not fetched"
            }
            done[unit] = lease
            if outcome.outputs.isEmpty { kept.insert(unit) }
        case .jobEnded(let job, let status):
            if ended[job] != nil { return "\(job) ended twice" }
            ended[job] = status
        case .jobSubmitted, .roundStarted, .roundReduced, .unitAssigned, .unitFailed,
            .unitSplit, .jobRetried:
            break
        }
        return nil
    }

    func complaint(about command: StoreCommand) -> String? {
        guard case .reduce(let job, let number, let round, let outcomes, _) = command else {
            return nil
        }
        if outcomes.count != round.units.count {
            return "\(job) reduces \(outcomes.count) of \(round.units.count) units"
        }
        for (index, outcome) in outcomes.enumerated() {
            let unit = WorkUnitID(job: job, round: number, index: index)
            if done[unit] == nil { return "\(unit) is reduced, but it is not done" }
            if outcome.measures["value"] != Program.value(of: unit) {
                return "\(unit) is reduced as \(outcome)"
            }
        }
        return nil
    }
}
