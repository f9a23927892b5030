// Jobs from submission to their end: planned, run round by round, finished, failed or cancelled.

public import Protocol

/// What a submission with some key and spec is.
public enum Admission: Hashable, Sendable {
    case new
    /// The same was submitted before; its job is the answer.
    case existing(JobID)
    /// The key belongs to a job with another spec.
    case reused(JobID)
    /// `Limits.jobsQueuedMax` jobs are not over yet.
    case full
}

extension Scheduler {
    public func job(forKey key: String) -> JobID? { jobsByKey[key] }

    public func admission(key: String, spec: JobSpec) -> Admission {
        if let job = jobsByKey[key] {
            let known = jobs[job]?.spec ?? history[job]?.spec
            return known == spec ? .existing(job) : .reused(job)
        }
        return jobs.count < Limits.jobsQueuedMax ? .new : .full
    }

    mutating func submit(
        _ job: JobID, key: String, _ spec: JobSpec, atWall wall: Int64, at now: Moment,
        into effects: inout Effects
    ) {
        guard admission(key: key, spec: spec) == .new, jobs[job] == nil, history[job] == nil
        else { return }
        enqueue(job, key: key, spec, atWall: wall, at: now)
        effects.journal.append(.jobSubmitted(job, key: key, spec, atWallMilliseconds: wall))
    }

    private mutating func enqueue(
        _ job: JobID, key: String, _ spec: JobSpec, atWall wall: Int64, at now: Moment
    ) {
        jobs[job] = JobRecord(
            id: job, key: key, spec: spec, submittedAtMilliseconds: wall, stageStartedAt: now)
        jobsByKey[key] = job
    }

    /// Takes up what the journal holds: jobs that ended are remembered, the others run again from
    /// their start, once every worker that is alive has had the time to come back. To be called
    /// once, before any event.
    public mutating func recover(
        _ recovered: [RecoveredJob], at now: Moment, into effects: inout Effects
    ) {
        for entry in recovered {
            if let status = entry.ended {
                remember(entry.job, EndedJob(key: entry.key, spec: entry.spec, status: status))
            } else {
                enqueue(
                    entry.job, key: entry.key, entry.spec, atWall: entry.submittedAtMilliseconds,
                    at: now)
                gathersUntil = now + policy.livenessMilliseconds
            }
        }
    }

    mutating func startJobs(at now: Moment, into effects: inout Effects) {
        if let moment = gathersUntil, now < moment { return }
        gathersUntil = nil
        var running = 0
        for job in jobs.keys {
            guard running < policy.jobsRunningMax else { return }
            if jobs[job]?.phase == .queued, let spec = jobs[job]?.spec {
                let workers = slots
                guard workers > 0 else { return }
                jobs[job]?.phase = .planning
                jobs[job]?.stage = "planning"
                jobs[job]?.stageStartedAt = now
                effects.store.append(.plan(job, spec, workers: workers))
            }
            running += 1
        }
    }

    mutating func begin(
        _ round: Round, of job: JobID, _ measures: [String: Double], at now: Moment,
        into effects: inout Effects
    ) {
        guard let phase = jobs[job]?.phase, phase == .planning || phase == .reducing else { return }
        if let complaint = complaint(about: round) {
            let fault = Fault(.internalError, "job \(job) planned \(complaint)")
            return end(job, .failed, fault: fault, at: now, into: &effects)
        }
        closeRound(of: job, into: &effects)
        jobs[job]?.enter(round.stage, at: now)
        jobs[job]?.set(measures, max: policy.measuresMax)
        guard let record = jobs[job] else { return }
        let number = record.roundsStarted
        let homes = record.homes
        jobs[job]?.round = RoundRecord(number: number, round: round) { homes[$0.affinity] }
        jobs[job]?.roundsStarted = number + 1
        jobs[job]?.phase = .running
        effects.journal.append(.roundStarted(job, number: number, round))
        mayPlace = true
        reduceIfComplete(job, into: &effects)
    }

    private func complaint(about round: Round) -> String? {
        if round.units.count > Limits.unitsPerRoundMax {
            return "a round of \(round.units.count) units; "
                + "the limit is \(Limits.unitsPerRoundMax)"
        }
        if let unit = round.units.firstIndex(where: { !($0.work >= 0 && $0.work.isFinite) }) {
            return "unit \(unit) with \(round.units[unit].work) work"
        }
        return nil
    }

    mutating func reduceIfComplete(_ job: JobID, into effects: inout Effects) {
        guard jobs[job]?.phase == .running, let round = jobs[job]?.round,
            round.done == round.units.count
        else { return }
        jobs[job]?.phase = .reducing
        effects.store.append(
            .reduce(
                job, roundNumber: round.number, round.round, round.outcomes, workers: slots))
    }

    private mutating func closeRound(of job: JobID, into effects: inout Effects) {
        guard let round = jobs[job]?.round else { return }
        jobs[job]?.stageWork += round.work
        jobs[job]?.round = nil
        effects.journal.append(.roundReduced(job, number: round.number))
    }

    mutating func complete(
        _ job: JobID, _ result: JobResult, at now: Moment, into effects: inout Effects
    ) {
        guard let phase = jobs[job]?.phase, phase == .planning || phase == .reducing else { return }
        jobs[job]?.set(result.measures, max: policy.measuresMax)
        if let number = jobs[job]?.round?.number {
            effects.journal.append(.roundReduced(job, number: number))
        }
        end(job, .finished, outputs: result.outputs, at: now, into: &effects)
    }

    mutating func cancel(_ job: JobID, at now: Moment, into effects: inout Effects) {
        let fault = Fault(.cancelled, "job \(job) was cancelled")
        end(job, .cancelled, fault: fault, at: now, into: &effects)
    }

    /// The job is over: its units stop, its status is kept, whatever comes late is ignored.
    mutating func end(
        _ job: JobID, _ state: JobState, fault: Fault? = nil, outputs: [NamedPayload] = [],
        at now: Moment, into effects: inout Effects
    ) {
        guard let record = jobs[job] else { return }
        var status = self.status(of: record, at: now)
        status.state = state
        status.fault = fault
        status.outputs = outputs
        recall(unitsOf: record, into: &effects)
        jobs[job] = nil
        remember(job, EndedJob(key: record.key, spec: record.spec, status: status))
        effects.journal.append(.jobEnded(job, status))
        effects.store.append(.discard(job))
    }

    private mutating func recall(unitsOf job: JobRecord, into effects: inout Effects) {
        guard let round = job.round else { return }
        for (index, record) in round.units.enumerated() {
            guard let lease = record.lease else { continue }
            let unit = WorkUnitID(job: job.id, round: round.number, index: index)
            switch record.state {
            case .assigned(let worker):
                vacate(unit, lease, on: worker)
                effects.outbound.append(
                    .worker(worker, .revoke(Revoke(unit: unit, lease: lease))))
            case .fetching(let worker, _):
                endFetch(from: worker)
                release(unit, lease, on: worker, into: &effects)
            case .waiting, .delayed, .done:
                break
            }
        }
    }

    private mutating func remember(_ job: JobID, _ ended: EndedJob) {
        history[job] = ended
        jobsByKey[ended.key] = job
        while history.count > policy.historyMax, let oldest = history.firstKey {
            if let key = history[oldest]?.key, jobsByKey[key] == oldest { jobsByKey[key] = nil }
            history[oldest] = nil
        }
    }
}
