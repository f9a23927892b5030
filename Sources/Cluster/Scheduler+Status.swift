// What people are told, computed when they ask.

public import Protocol

extension Scheduler {
    public func status(of job: JobID, at now: Moment) -> JobStatus? {
        guard let record = jobs[job] else { return history[job]?.status }
        var status = status(of: record, at: now)
        if let kind = record.round.flatMap({ unserved(in: $0) }) {
            status.stage += ", waiting for a worker that runs \(kind)"
        }
        return status
    }

    public func hasWorker(_ worker: WorkerID) -> Bool { workers[worker] != nil }

    /// The whole cluster: jobs that run or wait first, then those that ended, newest first, without
    /// their outputs and measures; workers in the order in which they came. At most as many of each
    /// as `Limits` allows, so that the answer fits a header.
    public func status(at now: Moment, softwareVersion: String = "") -> ClusterStatus {
        let ended = history.keys.reversed().compactMap { history[$0]?.status }
        let listed =
            jobs.keys.prefix(Limits.jobsListedMax).compactMap { status(of: $0, at: now) }
            + ended
        return ClusterStatus(
            epoch: epoch, softwareVersion: softwareVersion, workers: workerStatuses(at: now),
            workersTotal: workers.count,
            jobs: listed.prefix(Limits.jobsListedMax).map { job in
                var brief = job
                brief.measures = [:]
                brief.outputs = []
                brief.fault = job.fault?.shortened(to: Limits.sentenceListedBytesMax)
                return brief
            })
    }

    func status(of job: JobRecord, at now: Moment) -> JobStatus {
        var status = JobStatus(
            job: job.id, kind: job.spec.kind, state: job.phase == .queued ? .queued : .running,
            stage: job.stage, retries: job.retries, measures: job.measures(at: now),
            submittedAtMilliseconds: job.submittedAtMilliseconds)
        guard let round = job.round else {
            if job.phase == .queued, slots > 0 { status.stage = "waiting for its turn" }
            return status
        }
        status.round = round.round.index
        status.rounds = round.round.count
        status.unitsDone = round.done
        status.unitsTotal = round.units.count
        status.progress = progress(of: job, round)
        return status
    }

    /// A kind of units that wait although workers are there, because none of them lists it: without
    /// a word of it such a job looks as if it ran.
    private func unserved(in round: RoundRecord) -> String? {
        guard round.queue.count > 0, slots > 0 else { return nil }
        return round.queue.kind { slots(running: $0) == 0 }
    }

    /// Rounds that are over, units that are done and parts of those that run. Rounds to come are
    /// taken to be as long as this one.
    private func progress(of job: JobRecord, _ round: RoundRecord) -> Progress {
        var done = job.stageWork + round.workDone
        workers.forEach { _, worker in
            for tenure in worker.running where tenure.unit.job == job.id {
                guard let progress = tenure.progress,
                    round.units[tenure.unit.index].backup?.lease != tenure.lease
                else { continue }
                let work = round.round.units[tenure.unit.index].work
                done += work * fraction(progress)
            }
        }
        // Reductions that units make are no work of their own: the rounds before tell what is left.
        guard round.work > 0 else {
            let share = Double(round.round.count) / Double(round.round.index + 1)
            return Progress(done: done, total: job.stageWork * max(1, share))
        }
        let remaining = max(1, round.round.count - round.round.index)
        return Progress(done: done, total: job.stageWork + round.work * Double(remaining))
    }

    private func fraction(_ progress: Progress) -> Double {
        let part = progress.done / progress.total
        return part.isFinite ? min(1, max(0, part)) : 0
    }

    private func workerStatuses(at now: Moment) -> [WorkerStatus] {
        workers.keys.prefix(Limits.workersListedMax).compactMap { id in
            guard let record = workers[id] else { return nil }
            let capabilities = record.capabilities
            return WorkerStatus(
                worker: id, host: capabilities.host, processID: capabilities.processID,
                instructionSet: capabilities.instructionSet, threads: capabilities.threads,
                state: record.state, unit: record.running.first?.unit,
                progress: record.running.first?.progress,
                heardMillisecondsAgo: now - record.heardAt, unitsDone: record.unitsDone)
        }
    }
}
