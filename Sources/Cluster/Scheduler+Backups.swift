// Second attempts: a unit that takes much longer than the others is tried on an idle worker, too.

import Protocol

extension Scheduler {
    /// Gives idle workers the slowest units of rounds that are nearly done (Dean and Ghemawat,
    /// "MapReduce", 2004, section 3.6). Whichever attempt ends first counts; the other is revoked.
    mutating func backUpStragglers(at now: Moment, into effects: inout Effects) {
        if let patrolAt, now < patrolAt { return }
        patrolAt = nil
        for job in jobs.keys {
            guard isNearlyDone(job) else { continue }
            // Something may become slow, or somebody idle, without any event.
            patrolAt = now + policy.heartbeatMilliseconds
            let slow = stragglers(of: job, at: now)
            for tenure in slow {
                guard let worker = idleWorker(for: tenure.unit) else { continue }
                backUp(tenure.unit, on: worker, at: now, into: &effects)
            }
        }
    }

    private func isNearlyDone(_ job: JobID) -> Bool {
        guard let record = jobs[job], record.phase == .running, let round = record.round else {
            return false
        }
        return round.queue.count == 0 && round.delayed == 0 && round.done < round.units.count
            && Double(round.done) >= policy.backupDoneShare * Double(round.units.count)
    }

    /// Tenures that are overdue and have no backup, the slowest first.
    private mutating func stragglers(of job: JobID, at now: Moment) -> [Tenure] {
        guard let median = jobs[job]?.round?.durations.median(), let round = jobs[job]?.round
        else { return [] }
        let patience = max(
            Int(policy.backupSlowness * Double(median)), median + policy.backupMilliseconds)
        var slow: [Tenure] = []
        for (index, unit) in round.units.enumerated() {
            guard unit.state == .assigned, unit.backup == nil, let claim = unit.claim else {
                continue
            }
            let name = WorkUnitID(job: job, round: round.number, index: index)
            guard let worker = workers[claim.worker],
                let position = worker.position(of: name, claim.lease)
            else { continue }
            let tenure = worker.running[position]
            let elapsed = now - tenure.startedAt
            if elapsed >= patience, remaining(tenure, after: elapsed) > Double(median) {
                slow.append(tenure)
            }
        }
        let room = max(1, Int(policy.backupShareMax * Double(round.units.count))) - round.backups
        return Array(slow.sorted { $0.startedAt < $1.startedAt }.prefix(max(0, room)))
    }

    /// Milliseconds that the attempt still needs, if it goes on as it went.
    private func remaining(_ tenure: Tenure, after elapsed: Int) -> Double {
        guard let progress = tenure.progress, progress.total > 0, progress.done > 0 else {
            return .infinity
        }
        return Double(elapsed) * max(0, progress.total / progress.done - 1)
    }

    private func idleWorker(for unit: WorkUnitID) -> WorkerID? {
        guard let kind = task(of: unit)?.kind, let record = record(of: unit) else { return nil }
        let failedOn = jobs[unit.job]?.round?.failedOn[unit.index] ?? []
        return vacant.keys.first { worker in
            vacancy(of: worker) > 0 && worker != record.claim?.worker
                && !failedOn.contains(worker)
                && workers[worker]?.capabilities.kinds.contains(kind) == true
        }
    }

    private mutating func backUp(
        _ unit: WorkUnitID, on worker: WorkerID, at now: Moment, into effects: inout Effects
    ) {
        guard let claim = claim(unit, for: worker, at: now, into: &effects) else { return }
        jobs[unit.job]?.round?.backups += 1
        jobs[unit.job]?.round?.units[unit.index].backup = claim
    }

    /// The attempt that ended becomes the first, the other one its backup.
    mutating func putFirst(_ lease: Lease, of unit: WorkUnitID) {
        guard let record = record(of: unit), let backup = record.backup, backup.lease == lease
        else { return }
        jobs[unit.job]?.round?.units[unit.index].backup = record.claim
        jobs[unit.job]?.round?.units[unit.index].claim = backup
    }

    /// One of two attempts is over without a result.
    /// - Returns: whether the other one goes on, so that the unit need not be tried again.
    mutating func goesOnWithout(_ lease: Lease, of unit: WorkUnitID) -> Bool {
        guard let record = record(of: unit), let backup = record.backup else { return false }
        if record.claim?.lease == lease {
            jobs[unit.job]?.round?.units[unit.index].claim = backup
            jobs[unit.job]?.round?.units[unit.index].state = .assigned
        }
        jobs[unit.job]?.round?.units[unit.index].backup = nil
        return true
    }

    /// The unit is done, and whoever still runs it may stop.
    mutating func endBackup(of unit: WorkUnitID, into effects: inout Effects) {
        guard let backup = record(of: unit)?.backup else { return }
        jobs[unit.job]?.round?.units[unit.index].backup = nil
        revoke(unit, backup, into: &effects)
    }
}
