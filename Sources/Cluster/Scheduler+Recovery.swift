// What is taken up again after the coordinator died: jobs, and the round that each was in.

import Protocol

extension Scheduler {
    /// Takes up what the journal holds: jobs that ended are remembered, the others are planned
    /// again, once every worker that is alive has had the time to come back. To be called once,
    /// before any event.
    public mutating func recover(
        _ recovered: [RecoveredJob], at now: Moment, into effects: inout Effects
    ) {
        for entry in recovered {
            if let status = entry.ended {
                remember(
                    entry.job,
                    EndedJob(key: entry.key, spec: entry.spec, roundsStarted: 0, status: status))
                continue
            }
            enqueue(
                entry.job, key: entry.key, entry.spec, atWall: entry.submittedAtMilliseconds,
                at: now)
            gathersUntil = now + policy.livenessMilliseconds
            guard let round = entry.round else { continue }
            jobs[entry.job]?.recovered = round
            jobs[entry.job]?.roundsStarted = round.summary.number + 1
            jobs[entry.job]?.measures = round.summary.measures
            for unit in round.units where unit.outcome == nil {
                if let worker = unit.worker { awaited.insert(worker) }
            }
        }
    }

    /// A worker is back that the gathering may have waited for.
    mutating func welcomeBack(_ worker: WorkerID, at now: Moment) {
        guard let moment = gathersUntil, awaited.remove(worker) != nil, awaited.isEmpty else {
            return
        }
        gathersUntil = min(moment, now + policy.heartbeatMilliseconds)
    }

    /// Whether the unit's round ran when an earlier coordinator died and is not planned again yet:
    /// what is said of it must wait, it is neither wanted nor refused.
    func isAwaited(_ unit: WorkUnitID) -> Bool {
        jobs[unit.job]?.recovered?.summary.number == unit.round
    }

    /// The round that was planned is the one that the journal knows: what is done stays done, and
    /// whoever held a unit may go on with it or hand in its result.
    mutating func takeUp(_ recovered: RecoveredRound, of job: JobID, at now: Moment) {
        for index in recovered.splits { _ = splitInPlace(job, index) }
        var isHeldByAnybody = false
        for (index, unit) in recovered.units.enumerated() where unit.attempts > 0 {
            guard jobs[job]?.round?.units.indices.contains(index) == true else { continue }
            jobs[job]?.round?.units[index].attempts = unit.attempts
            jobs[job]?.round?.units[index].failures = unit.failures
            jobs[job]?.round?.units[index].losses = unit.losses
            if let outcome = unit.outcome, isKept(outcome, of: job) {
                count(outcome, of: job, index)
                continue
            }
            guard let lease = unit.lease, let worker = unit.worker else { continue }
            jobs[job]?.round?.units[index].claim = Claim(lease: lease, worker: worker)
            if let affinity = jobs[job]?.round?.round.units[index].affinity {
                jobs[job]?.homes[affinity] = worker
            }
            if workers[worker] != nil { isHeldByAnybody = true }
        }
        guard isHeldByAnybody else { return }
        // A worker lists what it runs with every heartbeat, and repeats a result after two.
        jobs[job]?.round?.placesFrom = now + 3 * policy.heartbeatMilliseconds
    }

    private func isKept(_ outcome: UnitOutcome, of job: JobID) -> Bool {
        outcome.outputs.isEmpty || jobs[job]?.round?.round.keepsOutputs == true
    }

    private mutating func count(_ outcome: UnitOutcome, of job: JobID, _ index: Int) {
        guard let work = jobs[job]?.round?.round.units[index].work else { return }
        jobs[job]?.round?.queue.remove(index)
        jobs[job]?.round?.units[index].state = .done(outcome)
        jobs[job]?.round?.done += 1
        jobs[job]?.round?.workDone += work
        jobs[job]?.add(outcome.measures, max: policy.measuresMax)
    }

    /// Outputs that were to be reduced are damaged or gone: their units run again.
    mutating func repeatUnits(_ units: [Int], of job: JobID) {
        guard jobs[job]?.phase == .reducing else { return }
        for index in units {
            guard jobs[job]?.round?.units.indices.contains(index) == true,
                case .done = jobs[job]?.round?.units[index].state,
                let work = jobs[job]?.round?.round.units[index].work
            else { continue }
            jobs[job]?.phase = .running
            jobs[job]?.round?.done -= 1
            jobs[job]?.round?.workDone -= work
            jobs[job]?.round?.units[index].claim = nil
            jobs[job]?.round?.units[index].state = .waiting
            jobs[job]?.round?.queue.insert(index)
            jobs[job]?.retries += 1
        }
        mayPlace = true
    }
}
