// The coordinator's mind: events in, effects out; no clock, socket or disk, no chance but a seed.

import Protocol

/// Jobs are rounds of work units followed by one reduction. What a unit computes is the business
/// of the job's program, which answers `StoreCommand.plan` and `.reduce`.
///
/// Call `handle` for everything that happened, then `tick` once, then carry out the effects.
public struct Scheduler: Sendable {
    public let epoch: UInt64
    public let policy: Policy

    var generator: SeededGenerator
    var workers = Table<WorkerID, WorkerRecord>()
    /// Jobs that are not over, in the order of their submission.
    var jobs = Table<JobID, JobRecord>()
    var history = Table<JobID, EndedJob>()
    /// Looked up, never iterated.
    var jobsByKey: [String: JobID] = [:]
    /// What the shell was told last; being late for it means that the coordinator stood still.
    var promisedWakeAt: Moment?
    /// Jobs of an earlier epoch are planned from here on, so that they are cut for all the workers
    /// that come back and not for the first of them.
    var gathersUntil: Moment?
    /// Workers that held units of those jobs. Once all are back the others will be, too, or are
    /// not needed. Looked up, never iterated.
    var awaited: Set<WorkerID> = []
    /// Whether slots or waiting units may have appeared since units were placed.
    var mayPlace = false
    /// Workers that may have room for another unit.
    var vacant = Table<WorkerID, Bool>()

    var silences = DeadlineQueue<WorkerID>()
    var leases = DeadlineQueue<Attempt>()
    var delays = DeadlineQueue<WorkUnitID>()
    /// When to look for stragglers again.
    var patrolAt: Moment?

    /// - Parameters:
    ///   - epoch: higher than that of any coordinator before, on the same state.
    ///   - seed: from the system's generator, so that leases cannot be guessed.
    public init(epoch: UInt64, policy: Policy, seed: UInt64) {
        self.epoch = epoch
        self.policy = policy
        generator = SeededGenerator(seed: seed)
    }

    public mutating func handle(
        _ event: Event, at now: Moment, into effects: inout Effects
    ) {
        forgiveStall(at: now)
        switch event {
        case .workerJoined(let worker, let capabilities):
            join(worker, capabilities, at: now)
        case .workerHeard(let worker, let running):
            hear(worker, running, at: now, into: &effects)
        case .workerDraining(let worker):
            workers[worker]?.isDraining = true
            vacant[worker] = nil
            mayPlace = true
        case .workerLeft(let worker):
            lose(worker, at: now, into: &effects)
        case .jobSubmitted(let job, let key, let spec, let wall):
            submit(job, key: key, spec, atWall: wall, at: now, into: &effects)
        case .jobCancelled(let job):
            cancel(job, at: now, into: &effects)
        case .jobRetried(let job):
            retry(job, at: now, into: &effects)
        case .unitFinished(let unit, let lease, let worker, let outcome):
            finish(unit, lease, from: worker, outcome, at: now, into: &effects)
        case .unitFailed(let unit, let lease, let worker, let fault):
            fail(unit, lease, from: worker, fault, at: now, into: &effects)
        case .outputsStored(let unit, let lease):
            store(unit, lease, at: now, into: &effects)
        case .outputsLost(let unit, let lease, let fault):
            loseOutputs(unit, lease, fault, at: now, into: &effects)
        case .outputsGone(let job, let units):
            if isMeant(for: job) { repeatUnits(units, of: job) }
        case .roundPlanned(let job, let round, let measures):
            if isMeant(for: job) { begin(round, of: job, measures, at: now, into: &effects) }
        case .jobCompleted(let job, let result):
            if isMeant(for: job) { complete(job, result, at: now, into: &effects) }
        case .jobFaulted(let job, let fault):
            if isMeant(for: job) { giveUp(job, because: fault, at: now, into: &effects) }
        }
    }

    /// Expires what is overdue, starts jobs, places units and says when to be called again.
    public mutating func tick(at now: Moment, into effects: inout Effects) {
        forgiveStall(at: now)
        expireWorkers(at: now, into: &effects)
        expireLeases(at: now, into: &effects)
        endDelays(at: now)
        startJobs(at: now, into: &effects)
        if mayPlace { placeUnits(at: now, into: &effects) }
        backUpStragglers(at: now, into: &effects)
        effects.wakeAt = nextDeadline
        promisedWakeAt = effects.wakeAt
    }

    /// The earliest moment at which a worker, a lease or a wait may run out.
    private var nextDeadline: Moment? {
        var placesFrom: Moment?
        jobs.forEach { _, job in
            guard let moment = job.round?.placesFrom else { return }
            placesFrom = placesFrom.map { min($0, moment) } ?? moment
        }
        return [silences.first, leases.first, delays.first, gathersUntil, patrolAt, placesFrom]
            .compactMap { $0 }.min()
    }

    /// A coordinator that stood still heard nobody, so nobody's silence counts against them.
    private mutating func forgiveStall(at now: Moment) {
        guard let promised = promisedWakeAt, now - promised >= policy.stallMilliseconds else {
            return
        }
        promisedWakeAt = nil
        for id in workers.keys {
            workers[id]?.heardAt = now
            for position in workers[id]?.running.indices ?? 0..<0 {
                workers[id]?.running[position].expiresAt = now + policy.leaseMilliseconds
            }
        }
    }
}
