// What must hold between any two events; the simulator asks after each.

import Protocol

extension Scheduler {
    /// Traps with the values if the scheduler contradicts itself.
    public func checkInvariants() {
        if let contradiction { preconditionFailure(contradiction) }
    }

    /// The first invariant that does not hold, with its values; nil if all do.
    public var contradiction: String? {
        if workers.count > Limits.workersMax { return "\(workers.count) workers" }
        if jobs.count > Limits.jobsQueuedMax { return "\(jobs.count) jobs" }
        if history.count > policy.historyMax { return "\(history.count) ended jobs" }
        if jobsByKey.count > jobs.count + history.count { return "\(jobsByKey.count) keys" }
        return workers.keys.lazy.compactMap { contradiction(of: $0) }.first
            ?? jobs.keys.lazy.compactMap { contradiction(of: $0) }.first
    }

    private func contradiction(of id: WorkerID) -> String? {
        guard let worker = workers[id] else { return nil }
        let slots = worker.capabilities.slots
        if vacancy(of: id) > 0, vacant[id] == nil { return "\(id) has room and is not known to" }
        if worker.running.count > slots {
            return "\(id) runs \(worker.running.count) units in \(slots) slots"
        }
        let unfetched = unfetched(from: id).count
        if worker.unfetched != unfetched {
            return "\(id) has \(unfetched) unfetched units, \(worker.unfetched) counted"
        }
        for tenure in worker.running {
            guard let unit = record(of: tenure.unit) else {
                return "\(id) runs \(tenure.unit), which does not exist"
            }
            let isFirst = unit.state == .assigned && unit.claim?.lease == tenure.lease
            if !isFirst && unit.backup?.lease != tenure.lease {
                return "\(id) runs \(tenure.unit), which is \(unit.state)"
            }
        }
        return nil
    }

    private func contradiction(of id: JobID) -> String? {
        guard let job = jobs[id] else { return nil }
        if history[id] != nil { return "\(id) runs and is over" }
        if jobsByKey[job.key] != id { return "\(id) is not found by \(job.key)" }
        guard let round = job.round else {
            return job.phase == .queued || job.phase == .planning ? nil : "\(id) has no round"
        }
        var (done, delayed, waiting) = (0, 0, 0)
        for (index, unit) in round.units.enumerated() {
            let name = WorkUnitID(job: id, round: round.number, index: index)
            if let found = contradiction(of: unit, name, round) { return "\(name) \(found)" }
            switch unit.state {
            case .done: done += 1
            case .delayed: delayed += 1
            case .waiting: waiting += 1
            case .assigned, .fetching: break
            }
        }
        let counted = (round.done, round.delayed, round.queue.count)
        if counted != (done, delayed, waiting) {
            return "\(id): done, delayed, waiting are \((done, delayed, waiting)), not \(counted)"
        }
        let isReducing = job.phase == .reducing
        return isReducing == (done == round.units.count) ? nil : "\(id) is \(job.phase)"
    }

    private func contradiction(
        of unit: UnitRecord, _ id: WorkUnitID, _ round: RoundRecord
    ) -> String? {
        if round.queue.contains(id.index) != (unit.state == .waiting) {
            return "is \(unit.state), but its place in the queue says otherwise"
        }
        if let claim = unit.claim, unit.backup == nil, claim.lease.attempt > unit.attempts {
            return "had \(unit.attempts) attempts but holds that of attempt \(claim.lease.attempt)"
        }
        if unit.state == .assigned {
            guard let claim = unit.claim, isRun(id, under: claim) else {
                return "is assigned as \(String(describing: unit.claim)), but nobody runs it"
            }
        }
        if let backup = unit.backup {
            switch unit.state {
            case .assigned, .fetching: break
            default: return "is \(unit.state) and has a backup"
            }
            guard isRun(id, under: backup), backup.worker != unit.claim?.worker else {
                return "has a backup at \(backup.worker), which does not run it"
            }
        }
        if case .delayed = unit.state, unit.claim != nil { return "is delayed and claimed" }
        return nil
    }

    private func isRun(_ unit: WorkUnitID, under claim: Claim) -> Bool {
        workers[claim.worker]?.position(of: unit, claim.lease) != nil
    }
}
