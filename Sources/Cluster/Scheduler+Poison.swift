// Units that fail again and again: cut in two until what is left can be named.

import Protocol

extension Scheduler {
    /// A failed unit is tried again after a while, on another worker where there is one.
    mutating func retry(
        _ unit: WorkUnitID, _ lease: Lease, after fault: Fault, on worker: WorkerID,
        at now: Moment, into effects: inout Effects
    ) {
        guard let before = record(of: unit) else { return }
        effects.journal.append(.unitFailed(unit, lease, worker, fault, isLoss: false))
        jobs[unit.job]?.retries += 1
        let failures = before.failures + 1
        jobs[unit.job]?.round?.units[unit.index].failures = failures
        jobs[unit.job]?.round?.failedOn[unit.index, default: []].append(worker)
        if goesOnWithout(lease, of: unit) { return }
        jobs[unit.job]?.round?.units[unit.index].claim = nil
        guard fault.retryable else {
            return giveUp(unit, "failed", failures, fault, worker, now, &effects)
        }
        jobs[unit.job]?.round?.delayed += 1
        let wait = min(
            policy.retryBackoffMilliseconds << min(failures - 1, 20),
            policy.retryBackoffMaxMilliseconds)
        jobs[unit.job]?.round?.units[unit.index].state = .delayed(until: now + wait)
        delays.add(unit, at: now + wait)
        guard failures >= policy.attemptsMax else { return }
        if !split(unit, at: now, into: &effects) {
            giveUp(unit, "failed", failures, fault, worker, now, &effects)
        }
    }

    /// A unit whose worker is gone waits again at once; its lease counts until it is assigned anew.
    mutating func loseUnit(
        _ unit: WorkUnitID, _ lease: Lease, with worker: WorkerID, at now: Moment,
        into effects: inout Effects
    ) {
        guard let before = record(of: unit) else { return }
        let fault = Fault(.unavailable, "the worker went away")
        effects.journal.append(.unitFailed(unit, lease, worker, fault, isLoss: true))
        jobs[unit.job]?.retries += 1
        let losses = before.losses + 1
        jobs[unit.job]?.round?.units[unit.index].losses = losses
        if goesOnWithout(lease, of: unit) { return }
        jobs[unit.job]?.round?.units[unit.index].state = .waiting
        jobs[unit.job]?.round?.queue.insert(unit.index)
        mayPlace = true
        guard losses >= policy.lossesBeforeSplit else { return }
        if !split(unit, at: now, into: &effects), losses >= policy.lossesMax {
            giveUp(unit, "lost its worker", losses, fault, worker, now, &effects)
        }
    }

    /// Cuts a waiting or delayed unit in two, if its task can be cut; both halves wait at once.
    /// - Returns: false if there is nothing to cut.
    private mutating func split(
        _ unit: WorkUnitID, at now: Moment, into effects: inout Effects
    ) -> Bool {
        if case .delayed = record(of: unit)?.state { endDelay(of: unit) }
        guard splitInPlace(unit.job, unit.index) else { return false }
        effects.journal.append(.unitSplit(unit))
        mayPlace = true
        return true
    }

    /// The unit becomes its own first half, and forgets what happened to the whole.
    mutating func splitInPlace(_ job: JobID, _ index: Int) -> Bool {
        guard let round = jobs[job]?.round, round.units.indices.contains(index),
            round.units.count < Limits.unitsPerRoundMax,
            let halves = round.round.units[index].halves
        else { return false }
        jobs[job]?.round?.round.units[index] = halves.0
        jobs[job]?.round?.round.units.append(halves.1)
        jobs[job]?.round?.units[index].claim = nil
        jobs[job]?.round?.units[index].failures = 0
        jobs[job]?.round?.units[index].losses = 0
        jobs[job]?.round?.units.append(UnitRecord())
        jobs[job]?.round?.failedOn[index] = nil
        jobs[job]?.round?.queue.append(halves.1)
        return true
    }

    /// The job fails, and says with which part of its input.
    private mutating func giveUp(
        _ unit: WorkUnitID, _ what: String, _ times: Int, _ fault: Fault, _ worker: WorkerID,
        _ now: Moment, _ effects: inout Effects
    ) {
        let often = times == 1 ? "once" : "\(times) times"
        let stage = jobs[unit.job]?.stage ?? ""
        let subject = task(of: unit).map { ", \($0.subject)," } ?? ""
        let sentence = "unit \(unit.index) of round \(unit.round) (\(stage))\(subject) \(what) "
            + "\(often), last on worker \(worker): \(fault.message)"
        end(unit.job, .failed, fault: Fault(fault.code, sentence), at: now, into: &effects)
    }

    mutating func endDelays(at now: Moment) {
        while let unit = delays.take(dueAt: now) {
            guard case .delayed(let until) = record(of: unit)?.state else { continue }
            if until <= now { endDelay(of: unit) } else { delays.add(unit, at: until) }
        }
        for job in jobs.keys {
            guard let moment = jobs[job]?.round?.placesFrom, moment <= now else { continue }
            jobs[job]?.round?.placesFrom = nil
            mayPlace = true
        }
    }

    private mutating func endDelay(of unit: WorkUnitID) {
        jobs[unit.job]?.round?.units[unit.index].state = .waiting
        jobs[unit.job]?.round?.queue.insert(unit.index)
        jobs[unit.job]?.round?.delayed -= 1
        mayPlace = true
    }
}
