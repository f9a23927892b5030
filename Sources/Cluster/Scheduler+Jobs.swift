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

    mutating func enqueue(
        _ job: JobID, key: String, _ spec: JobSpec, atWall wall: Int64, at now: Moment
    ) {
        jobs[job] = JobRecord(
            id: job, key: key, spec: spec, submittedAtMilliseconds: wall, stageStartedAt: now)
        jobsByKey[key] = job
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
            return giveUp(job, because: fault, at: now, into: &effects)
        }
        closeRound(of: job, into: &effects)
        jobs[job]?.enter(round.stage, at: now)
        jobs[job]?.set(measures, max: policy.measuresMax)
        guard let record = jobs[job] else { return }
        let homes = record.homes
        if record.stageWork == 0 {
            // Rounds before the one that a job is taken up with.
            jobs[job]?.stageWork = round.units.reduce(0) { $0 + $1.work } * Double(round.index)
        }
        var started = RoundRecord(number: record.roundsStarted, round: round) {
            homes[$0.affinity]
        }
        let recovered = record.recovered
        jobs[job]?.recovered = nil
        jobs[job]?.phase = .running
        if let recovered, recovered.isSame(as: round) {
            started = RoundRecord(number: recovered.summary.number, round: round) { _ in nil }
            jobs[job]?.round = started
            takeUp(recovered, of: job, at: now)
        } else {
            jobs[job]?.round = started
            jobs[job]?.roundsStarted += 1
            let summary = RoundSummary(
                number: started.number, stage: round.stage, index: round.index,
                count: round.count, units: round.units.count, measures: record.measures(at: now))
            effects.journal.append(.roundStarted(job, summary))
        }
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

    /// The job's program cannot go on. Its answer is here: tried again, the job owes none.
    mutating func giveUp(
        _ job: JobID, because fault: Fault, at now: Moment, into effects: inout Effects
    ) {
        jobs[job]?.phase = .answered
        end(job, .failed, fault: fault, at: now, into: &effects)
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
        remember(
            job,
            EndedJob(
                key: record.key, spec: record.spec, roundsStarted: record.roundsStarted,
                answersOwed: record.answersOwed + (record.awaitsProgram ? 1 : 0),
                status: status))
        effects.journal.append(.jobEnded(job, status))
        effects.store.append(.discard(job, keepsProgress: state == .failed))
    }

    /// Why a job cannot be tried again; nil if it can.
    public func obstacle(toRetrying job: JobID) -> Fault? {
        guard let ended = history[job] else {
            return jobs[job] == nil
                ? Fault(.unknownJob, "no job \(job) is known; see `sounder jobs`")
                : Fault(.usage, "job \(job) is not over; only one that failed can be retried")
        }
        if ended.status.state == .finished {
            return Fault(.usage, "job \(job) has finished; only one that failed can be retried")
        }
        if jobs.count >= Limits.jobsQueuedMax {
            return Fault(.temporary, "\(jobs.count) jobs are waiting, which is the limit")
        }
        return nil
    }

    /// The job waits for its turn again; its program goes on from what the job has left.
    mutating func retry(_ job: JobID, at now: Moment, into effects: inout Effects) {
        guard obstacle(toRetrying: job) == nil, let ended = history[job] else { return }
        history[job] = nil
        enqueue(
            job, key: ended.key, ended.spec, atWall: ended.status.submittedAtMilliseconds, at: now)
        jobs[job]?.roundsStarted = ended.roundsStarted
        jobs[job]?.answersOwed = ended.answersOwed
        effects.journal.append(.jobRetried(job))
    }

    /// Whether an answer of the job's program is meant for the job as it is now. To be asked once
    /// for each.
    mutating func isMeant(for job: JobID) -> Bool {
        if let owed = jobs[job]?.answersOwed {
            if owed > 0 { jobs[job]?.answersOwed = owed - 1 }
            return owed == 0
        }
        if let owed = history[job]?.answersOwed, owed > 0 { history[job]?.answersOwed = owed - 1 }
        return false
    }

    private mutating func recall(unitsOf job: JobRecord, into effects: inout Effects) {
        guard let round = job.round else { return }
        for (index, record) in round.units.enumerated() {
            let unit = WorkUnitID(job: job.id, round: round.number, index: index)
            if let backup = record.backup { revoke(unit, backup, into: &effects) }
            guard let claim = record.claim else { continue }
            switch record.state {
            case .assigned: revoke(unit, claim, into: &effects)
            case .fetching:
                endFetch(from: claim.worker)
                release(unit, claim, into: &effects)
            case .waiting, .delayed, .done: break
            }
        }
    }

    mutating func remember(_ job: JobID, _ ended: EndedJob) {
        history[job] = ended
        jobsByKey[ended.key] = job
        while history.count > policy.historyMax, let oldest = history.firstKey {
            if let key = history[oldest]?.key, jobsByKey[key] == oldest { jobsByKey[key] = nil }
            history[oldest] = nil
        }
    }
}
