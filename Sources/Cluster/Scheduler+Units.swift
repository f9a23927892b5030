// Units that are assigned, end, fail and are tried again. A result counts only under the lease that
// is current.

import Protocol

extension Scheduler {
    func record(of unit: WorkUnitID) -> UnitRecord? {
        guard let round = jobs[unit.job]?.round, round.number == unit.round,
            round.units.indices.contains(unit.index)
        else { return nil }
        return round.units[unit.index]
    }

    func task(of unit: WorkUnitID) -> UnitTask? {
        guard let round = jobs[unit.job]?.round, round.number == unit.round else { return nil }
        return round.round.units[unit.index].task
    }

    /// Hands waiting units to free slots; earlier jobs first.
    mutating func placeUnits(at now: Moment, into effects: inout Effects) {
        mayPlace = false
        var vacancies = workers.keys.compactMap { id -> Vacancy? in
            let free = vacancy(of: id)
            guard free > 0, let record = workers[id] else { return nil }
            return Vacancy(
                worker: id, kinds: record.capabilities.kinds, running: record.running.count,
                free: free)
        }
        for job in jobs.keys where !vacancies.isEmpty {
            guard jobs[job]?.phase == .running, jobs[job]?.round?.queue.count ?? 0 > 0,
                let number = jobs[job]?.round?.number, let units = jobs[job]?.round?.round.units,
                let failedOn = jobs[job]?.round?.failedOn,
                var queue = jobs[job]?.round?.takeQueue()
            else { continue }
            let placed = Placement.place(
                &queue, units: units, on: &vacancies,
                avoids: { avoids($1, failedOn[$0] ?? [], kind: units[$0].task.kind) })
            jobs[job]?.round?.queue = queue
            for place in placed {
                let unit = WorkUnitID(job: job, round: number, index: place.unit)
                assign(unit, to: place.worker, at: now, into: &effects)
            }
            vacancies.removeAll { $0.free == 0 }
        }
    }

    /// Whether the unit failed there and another worker could have it, if only later.
    private func avoids(_ worker: WorkerID, _ failedOn: [WorkerID], kind: String) -> Bool {
        guard failedOn.contains(worker) else { return false }
        return workers.keys.contains { other in
            guard !failedOn.contains(other), let record = workers[other] else { return false }
            return !record.isDraining && record.capabilities.kinds.contains(kind)
        }
    }

    private mutating func assign(
        _ unit: WorkUnitID, to worker: WorkerID, at now: Moment, into effects: inout Effects
    ) {
        guard let attempts = record(of: unit)?.attempts,
            let planned = jobs[unit.job]?.round?.round.units[unit.index]
        else { return }
        let lease = Lease(epoch: epoch, attempt: attempts + 1, token: generator.next())
        jobs[unit.job]?.round?.units[unit.index].attempts = attempts + 1
        jobs[unit.job]?.round?.units[unit.index].lease = lease
        jobs[unit.job]?.round?.units[unit.index].holder = worker
        jobs[unit.job]?.round?.units[unit.index].state = .assigned(worker)
        if jobs[unit.job]?.homes.count ?? 0 >= Limits.unitsPerRoundMax {
            jobs[unit.job]?.homes.removeAll()
        }
        jobs[unit.job]?.homes[planned.affinity] = worker
        workers[worker]?.running.append(
            Tenure(
                unit: unit, lease: lease, sentAt: now,
                expiresAt: now + policy.leaseMilliseconds))
        effects.outbound.append(
            .worker(worker, .assign(Assign(unit: unit, lease: lease, task: planned.task))))
    }

    mutating func finish(
        _ unit: WorkUnitID, _ lease: Lease, from worker: WorkerID, _ outcome: UnitOutcome,
        at now: Moment, into effects: inout Effects
    ) {
        // Whoever was given up says HELLO again first, and then says it again.
        guard workers[worker] != nil else { return }
        guard let record = record(of: unit), record.isHeld(by: worker, under: lease) else {
            return release(unit, lease, on: worker, into: &effects)
        }
        switch record.state {
        case .fetching: return // Said twice; it is being worked on.
        case .done: return release(unit, lease, on: worker, into: &effects)
        case .waiting: jobs[unit.job]?.round?.queue.remove(unit.index)
        case .assigned: vacate(unit, lease, on: worker)
        case .delayed(_): preconditionFailure("delayed unit \(unit) holds lease \(lease)")
        }
        if outcome.outputs.isEmpty {
            settle(unit, lease, outcome, from: worker, into: &effects)
        } else {
            jobs[unit.job]?.round?.units[unit.index].state = .fetching(from: worker, outcome)
            workers[worker]?.unfetched += 1
            effects.store.append(.fetch(unit, lease, from: worker, outcome.outputs))
        }
    }

    mutating func store(_ unit: WorkUnitID, _ lease: Lease, into effects: inout Effects) {
        guard let record = record(of: unit), record.lease == lease,
            case .fetching(let worker, let outcome) = record.state
        else { return }
        endFetch(from: worker)
        settle(unit, lease, outcome, from: worker, into: &effects)
    }

    mutating func loseOutputs(
        _ unit: WorkUnitID, _ lease: Lease, _ fault: Fault, at now: Moment,
        into effects: inout Effects
    ) {
        guard let record = record(of: unit), record.lease == lease,
            case .fetching(let worker, _) = record.state
        else { return }
        endFetch(from: worker)
        release(unit, lease, on: worker, into: &effects)
        let again = Fault(fault.code, fault.message, retryable: true)
        retry(unit, after: again, on: worker, at: now, into: &effects)
    }

    /// The unit counts, once: only here does it become done.
    private mutating func settle(
        _ unit: WorkUnitID, _ lease: Lease, _ outcome: UnitOutcome, from worker: WorkerID,
        into effects: inout Effects
    ) {
        guard let planned = jobs[unit.job]?.round?.round.units[unit.index] else { return }
        jobs[unit.job]?.round?.units[unit.index].state = .done(outcome)
        jobs[unit.job]?.round?.done += 1
        jobs[unit.job]?.round?.workDone += planned.work
        jobs[unit.job]?.add(outcome.measures, max: policy.measuresMax)
        workers[worker]?.unitsDone += 1
        effects.journal.append(.unitDone(unit, lease, outcome))
        release(unit, lease, on: worker, into: &effects)
        reduceIfComplete(unit.job, into: &effects)
    }

    mutating func fail(
        _ unit: WorkUnitID, _ lease: Lease, from worker: WorkerID, _ fault: Fault,
        at now: Moment, into effects: inout Effects
    ) {
        guard workers[worker] != nil else { return }
        release(unit, lease, on: worker, into: &effects)
        guard let record = record(of: unit), record.isHeld(by: worker, under: lease),
            case .assigned = record.state
        else { return }
        vacate(unit, lease, on: worker)
        // A unit handed back by a worker that goes away did nothing wrong.
        if workers[worker]?.isDraining == true, fault.code == .temporary {
            loseUnit(unit, with: worker, at: now, into: &effects)
        } else {
            retry(unit, after: fault, on: worker, at: now, into: &effects)
        }
    }

    mutating func expireLeases(at now: Moment, into effects: inout Effects) {
        for worker in workers.keys {
            for tenure in workers[worker]?.running ?? [] where tenure.expiresAt <= now {
                let (unit, lease) = (tenure.unit, tenure.lease)
                // An expiry before this one may have failed the whole job.
                guard workers[worker]?.position(of: unit, lease) != nil else { continue }
                vacate(unit, lease, on: worker)
                effects.outbound.append(
                    .worker(worker, .revoke(Revoke(unit: unit, lease: lease))))
                let fault = Fault(
                    .temporary, "no progress for \(policy.leaseMilliseconds) ms", retryable: true)
                retry(unit, after: fault, on: worker, at: now, into: &effects)
            }
        }
    }

    /// A failed unit is tried again after a while, or its job fails with its fault.
    private mutating func retry(
        _ unit: WorkUnitID, after fault: Fault, on worker: WorkerID, at now: Moment,
        into effects: inout Effects
    ) {
        guard let before = record(of: unit) else { return }
        let failures = before.failures + 1
        jobs[unit.job]?.retries += 1
        guard fault.retryable, failures < policy.attemptsMax else {
            return giveUp(unit, "failed \(times(failures))", fault, worker, now, &effects)
        }
        let wait = min(
            policy.retryBackoffMilliseconds << min(failures - 1, 20),
            policy.retryBackoffMaxMilliseconds)
        jobs[unit.job]?.round?.units[unit.index].failures = failures
        jobs[unit.job]?.round?.failedOn[unit.index, default: []].append(worker)
        jobs[unit.job]?.round?.units[unit.index].lease = nil
        jobs[unit.job]?.round?.units[unit.index].state = .delayed(until: now + wait)
        jobs[unit.job]?.round?.delayed.append(unit.index)
    }

    /// A unit whose worker is gone waits again at once; its lease counts until it is assigned anew.
    mutating func loseUnit(
        _ unit: WorkUnitID, with worker: WorkerID, at now: Moment, into effects: inout Effects
    ) {
        guard let before = record(of: unit) else { return }
        jobs[unit.job]?.retries += 1
        let losses = before.losses + 1
        guard losses < policy.attemptsMax else {
            let fault = Fault(.unavailable, "the worker went away")
            return giveUp(unit, "was lost \(times(losses))", fault, worker, now, &effects)
        }
        jobs[unit.job]?.round?.units[unit.index].losses = losses
        jobs[unit.job]?.round?.units[unit.index].state = .waiting
        jobs[unit.job]?.round?.queue.insert(unit.index)
        mayPlace = true
    }

    private mutating func giveUp(
        _ unit: WorkUnitID, _ what: String, _ fault: Fault, _ worker: WorkerID, _ now: Moment,
        _ effects: inout Effects
    ) {
        jobs[unit.job]?.round?.units[unit.index].lease = nil
        let stage = jobs[unit.job]?.stage ?? ""
        let sentence = "unit \(unit.index) of round \(unit.round) (\(stage)) \(what), "
            + "last on worker \(worker): \(fault.message)"
        end(unit.job, .failed, fault: Fault(fault.code, sentence), at: now, into: &effects)
    }

    private func times(_ count: Int) -> String { count == 1 ? "once" : "\(count) times" }

    mutating func endDelays(at now: Moment) {
        for job in jobs.keys {
            guard let delayed = jobs[job]?.round?.delayed, !delayed.isEmpty else { continue }
            for index in delayed {
                guard case .delayed(let until) = jobs[job]?.round?.units[index].state,
                    until <= now
                else { continue }
                jobs[job]?.round?.units[index].state = .waiting
                jobs[job]?.round?.queue.insert(index)
                jobs[job]?.round?.delayed.removeAll { $0 == index }
                mayPlace = true
            }
        }
    }

    /// Frees the slot that the unit had.
    mutating func vacate(_ unit: WorkUnitID, _ lease: Lease, on worker: WorkerID) {
        guard let position = workers[worker]?.position(of: unit, lease) else { return }
        workers[worker]?.running.remove(at: position)
        mayPlace = true
    }

    mutating func endFetch(from worker: WorkerID) {
        workers[worker]?.unfetched -= 1
        mayPlace = true
    }

    func release(
        _ unit: WorkUnitID, _ lease: Lease, on worker: WorkerID, into effects: inout Effects
    ) {
        effects.outbound.append(.worker(worker, .release(Release(unit: unit, lease: lease))))
    }
}
