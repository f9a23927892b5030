// Units that are assigned, end, fail and are tried again. A result counts only under the lease that
// is current.

public import Protocol

extension Scheduler {
    func record(of unit: WorkUnitID) -> UnitRecord? {
        guard let round = jobs[unit.job]?.round, round.number == unit.round,
            round.units.indices.contains(unit.index)
        else { return nil }
        return round.units[unit.index]
    }

    /// Nil for a unit that is not of a round that runs.
    public func task(of unit: WorkUnitID) -> UnitTask? {
        guard let round = jobs[unit.job]?.round, round.number == unit.round,
            round.round.units.indices.contains(unit.index)
        else { return nil }
        return round.round.units[unit.index].task
    }

    /// Hands waiting units to free slots; earlier jobs first.
    mutating func placeUnits(at now: Moment, into effects: inout Effects) {
        mayPlace = false
        let ready = jobs.keys.filter { job in
            guard let record = jobs[job], record.phase == .running, let round = record.round else {
                return false
            }
            return round.queue.count > 0 && round.placesFrom == nil
        }
        guard !ready.isEmpty else { return }
        var vacancies = self.vacancies
        for job in ready where !vacancies.isEmpty {
            guard let number = jobs[job]?.round?.number, let units = jobs[job]?.round?.round.units,
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

    private var vacancies: [Vacancy] {
        vacant.keys.compactMap { id in
            let free = vacancy(of: id)
            guard free > 0, let record = workers[id] else { return nil }
            return Vacancy(
                worker: id, kinds: record.capabilities.kinds, running: record.running.count,
                free: free)
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
        guard let affinity = jobs[unit.job]?.round?.round.units[unit.index].affinity,
            let claim = claim(unit, for: worker, at: now, into: &effects)
        else { return }
        jobs[unit.job]?.round?.units[unit.index].claim = claim
        jobs[unit.job]?.round?.units[unit.index].state = .assigned
        if jobs[unit.job]?.homes.count ?? 0 >= Limits.unitsPerRoundMax {
            jobs[unit.job]?.homes.removeAll()
        }
        jobs[unit.job]?.homes[affinity] = worker
    }

    /// The next attempt at the unit, which begins on `worker` under a new lease.
    mutating func claim(
        _ unit: WorkUnitID, for worker: WorkerID, at now: Moment, into effects: inout Effects
    ) -> Claim? {
        guard let attempts = record(of: unit)?.attempts, let task = task(of: unit) else {
            return nil
        }
        let lease = Lease(epoch: epoch, attempt: attempts + 1, token: generator.next())
        jobs[unit.job]?.round?.units[unit.index].attempts = attempts + 1
        occupy(worker, with: unit, lease, nil, at: now)
        effects.journal.append(.unitAssigned(unit, lease, worker))
        effects.outbound.append(
            .worker(worker, .assign(Assign(unit: unit, lease: lease, task: task))))
        return Claim(lease: lease, worker: worker)
    }

    mutating func occupy(
        _ worker: WorkerID, with unit: WorkUnitID, _ lease: Lease, _ progress: Progress?,
        at now: Moment
    ) {
        let expiresAt = now + policy.leaseMilliseconds
        workers[worker]?.running.append(
            Tenure(
                unit: unit, lease: lease, startedAt: now, sentAt: now, expiresAt: expiresAt,
                progress: progress))
        leases.add(Attempt(unit, lease), at: expiresAt)
        if vacancy(of: worker) == 0 { vacant[worker] = nil }
    }

    mutating func finish(
        _ unit: WorkUnitID, _ lease: Lease, from worker: WorkerID, _ outcome: UnitOutcome,
        at now: Moment, into effects: inout Effects
    ) {
        // Whoever was given up says HELLO again first, and then says it again.
        guard workers[worker] != nil else { return }
        if isAwaited(unit) { return }
        let given = Claim(lease: lease, worker: worker)
        guard let record = record(of: unit), record.isClaimed(by: worker, under: lease) else {
            return release(unit, given, into: &effects)
        }
        switch record.state {
        case .fetching where record.claim == given:
            return  // Said twice; it is being worked on.
        case .fetching, .done:
            // The other attempt was first.
            if record.backup == given {
                jobs[unit.job]?.round?.units[unit.index].backup = nil
                vacate(unit, lease, on: worker)
            }
            return release(unit, given, into: &effects)
        case .waiting: jobs[unit.job]?.round?.queue.remove(unit.index)
        case .assigned: vacate(unit, lease, on: worker, endedAt: now)
        case .delayed(_): preconditionFailure("delayed unit \(unit) is claimed")
        }
        putFirst(lease, of: unit)
        if outcome.outputs.isEmpty {
            settle(unit, lease, outcome, from: worker, into: &effects)
        } else {
            jobs[unit.job]?.round?.units[unit.index].state = .fetching(outcome)
            workers[worker]?.unfetched += 1
            if vacancy(of: worker) == 0 { vacant[worker] = nil }
            effects.store.append(.fetch(unit, lease, from: worker, outcome.outputs))
        }
    }

    mutating func store(
        _ unit: WorkUnitID, _ lease: Lease, at now: Moment, into effects: inout Effects
    ) {
        guard let record = record(of: unit), let claim = record.claim, claim.lease == lease,
            case .fetching(let outcome) = record.state
        else { return }
        endFetch(from: claim.worker)
        settle(unit, lease, outcome, from: claim.worker, into: &effects)
    }

    mutating func loseOutputs(
        _ unit: WorkUnitID, _ lease: Lease, _ fault: Fault, at now: Moment,
        into effects: inout Effects
    ) {
        guard let record = record(of: unit), let claim = record.claim, claim.lease == lease,
            case .fetching = record.state
        else { return }
        endFetch(from: claim.worker)
        release(unit, claim, into: &effects)
        let again = Fault(fault.code, fault.message, retryable: true)
        retry(unit, lease, after: again, on: claim.worker, at: now, into: &effects)
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
        release(unit, Claim(lease: lease, worker: worker), into: &effects)
        endBackup(of: unit, into: &effects)
        reduceIfComplete(unit.job, into: &effects)
    }

    mutating func fail(
        _ unit: WorkUnitID, _ lease: Lease, from worker: WorkerID, _ fault: Fault,
        at now: Moment, into effects: inout Effects
    ) {
        guard workers[worker] != nil else { return }
        if isAwaited(unit) { return }
        release(unit, Claim(lease: lease, worker: worker), into: &effects)
        guard let record = record(of: unit), record.isClaimed(by: worker, under: lease) else {
            return
        }
        guard workers[worker]?.position(of: unit, lease) != nil else {
            // Nothing runs any more under the lease, and now no result can come, either.
            if record.state == .waiting { jobs[unit.job]?.round?.units[unit.index].claim = nil }
            return
        }
        vacate(unit, lease, on: worker)
        // A unit handed back by a worker that goes away did nothing wrong.
        if workers[worker]?.isDraining == true, fault.code == .temporary {
            loseUnit(unit, lease, with: worker, at: now, into: &effects)
        } else {
            retry(unit, lease, after: fault, on: worker, at: now, into: &effects)
        }
    }

    mutating func expireLeases(at now: Moment, into effects: inout Effects) {
        while let attempt = leases.take(dueAt: now) {
            let (unit, lease) = (attempt.unit, attempt.lease)
            guard let record = record(of: unit),
                let claim = [record.claim, record.backup].compactMap({ $0 })
                    .first(where: { $0.lease == lease }),
                let position = workers[claim.worker]?.position(of: unit, lease),
                let tenure = workers[claim.worker]?.running[position]
            else { continue }
            guard tenure.expiresAt <= now else {
                leases.add(attempt, at: tenure.expiresAt)
                continue
            }
            revoke(unit, claim, into: &effects)
            let fault = Fault(
                .temporary, "no progress for \(policy.leaseMilliseconds) ms", retryable: true)
            retry(unit, lease, after: fault, on: claim.worker, at: now, into: &effects)
        }
    }

    /// Frees the slot that the unit had.
    mutating func vacate(
        _ unit: WorkUnitID, _ lease: Lease, on worker: WorkerID, endedAt now: Moment? = nil
    ) {
        guard let position = workers[worker]?.position(of: unit, lease),
            let tenure = workers[worker]?.running.remove(at: position)
        else { return }
        if let now { jobs[unit.job]?.round?.durations.add(now - tenure.startedAt) }
        makeRoom(on: worker)
    }

    mutating func endFetch(from worker: WorkerID) {
        workers[worker]?.unfetched -= 1
        makeRoom(on: worker)
    }

    private mutating func makeRoom(on worker: WorkerID) {
        guard vacancy(of: worker) > 0 else { return }
        vacant[worker] = true
        mayPlace = true
    }

    func release(_ unit: WorkUnitID, _ claim: Claim, into effects: inout Effects) {
        let release = Release(unit: unit, lease: claim.lease)
        effects.outbound.append(.worker(claim.worker, .release(release)))
    }

    /// Also frees its slot, if it has one.
    mutating func revoke(_ unit: WorkUnitID, _ claim: Claim, into effects: inout Effects) {
        vacate(unit, claim.lease, on: claim.worker)
        let revoke = Revoke(unit: unit, lease: claim.lease)
        effects.outbound.append(.worker(claim.worker, .revoke(revoke)))
    }
}
