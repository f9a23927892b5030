// What the scheduler knows of workers, jobs, rounds and units.

import Protocol

/// One unit on one worker, under one lease.
struct Tenure: Sendable {
    let unit: WorkUnitID
    let lease: Lease
    let startedAt: Moment
    var sentAt: Moment
    var expiresAt: Moment
    /// Nil until a heartbeat names the unit.
    var progress: Progress?
}

struct WorkerRecord: Sendable {
    let capabilities: Capabilities
    var heardAt: Moment
    /// It has said HELLO, and nothing since.
    var isCalling = true
    var isDraining = false
    var running: [Tenure] = []
    /// Finished units whose outputs are not stored yet.
    var unfetched = 0
    var unitsDone = 0

    mutating func hear(at now: Moment) {
        heardAt = now
        isCalling = false
    }

    /// - Returns: whether the worker holds the lease at all.
    mutating func renew(_ report: RunningUnit, until expiresAt: Moment) -> Bool {
        guard let position = position(of: report.unit, report.lease) else { return false }
        // A unit may have stages, each with a count of its own: any change is progress.
        if report.progress != running[position].progress {
            running[position].progress = report.progress
            running[position].expiresAt = expiresAt
        }
        return true
    }

    func position(of unit: WorkUnitID, _ lease: Lease) -> Int? {
        running.firstIndex { $0.unit == unit && $0.lease == lease }
    }
}

enum UnitState: Sendable, Equatable {
    case waiting
    /// It failed and is tried again then.
    case delayed(until: Moment)
    /// To the worker of its claim.
    case assigned
    case fetching(UnitOutcome)
    case done(UnitOutcome)
}

/// Who may hand in a result.
struct Claim: Sendable, Equatable {
    let lease: Lease
    let worker: WorkerID
}

struct UnitRecord: Sendable {
    var state = UnitState.waiting
    /// The attempt whose result counts. It outlives the loss of its worker until the unit is
    /// assigned again, so that work survives a silence; nil where no result counts.
    var claim: Claim?
    /// A second attempt beside the first, which is slow: whichever ends first counts.
    var backup: Claim?
    var attempts = 0
    var failures = 0
    var losses = 0

    func isClaimed(by worker: WorkerID, under lease: Lease) -> Bool {
        let given = Claim(lease: lease, worker: worker)
        return claim == given || backup == given
    }
}

struct RoundRecord: Sendable {
    let number: Int
    var round: Round
    let work: Double
    var units: [UnitRecord]
    var queue: ReadyQueue
    /// Units that wait to be tried again.
    var delayed = 0
    /// Until then units of a round that was taken up again wait for those who held them.
    var placesFrom: Moment?
    /// Workers on which a unit failed. Looked up, never iterated.
    var failedOn: [Int: [WorkerID]] = [:]
    var done = 0
    var workDone = 0.0
    var backups = 0
    /// Milliseconds that done units took, for the judgement of those that take longer.
    var durations = Durations()

    init(number: Int, round: Round, home: (WorkUnit) -> WorkerID?) {
        self.number = number
        self.round = round
        work = round.units.reduce(0) { $0 + $1.work }
        units = Array(repeating: UnitRecord(), count: round.units.count)
        queue = ReadyQueue(round.units, home: home)
    }

    /// Leaves an empty queue, so that the one taken is changed without a copy.
    mutating func takeQueue() -> ReadyQueue {
        let taken = queue
        queue = ReadyQueue([], home: { _ in nil })
        return taken
    }

    var outcomes: [UnitOutcome] {
        units.compactMap { if case .done(let outcome) = $0.state { outcome } else { nil } }
    }
}

/// `planning` and `reducing` wait for the job's program, whose answer ends the job if `answered`.
enum JobPhase: Sendable { case queued, planning, running, reducing, answered }

struct JobRecord: Sendable {
    let id: JobID
    let key: String
    let spec: JobSpec
    let submittedAtMilliseconds: Int64
    var phase = JobPhase.queued
    var stage = "waiting for workers"
    var stageStartedAt: Moment
    /// Work of the rounds of this stage that are over.
    var stageWork = 0.0
    var round: RoundRecord?
    var roundsStarted = 0
    /// What the journal held of the round that ran when the coordinator died.
    var recovered: RecoveredRound?
    var retries = 0
    /// Answers of the job's program to commands of the time before the job ended and was tried
    /// again; they come before those that are meant for it now.
    var answersOwed = 0
    var measures: [String: Double] = [:]
    /// The worker that last ran a unit with the affinity key. Looked up, never iterated.
    var homes: [Int: WorkerID] = [:]
}

extension JobRecord {
    var awaitsProgram: Bool { phase == .planning || phase == .reducing }
}

/// A job that is over: enough to answer for it, to know its key again, and to try it again.
struct EndedJob: Sendable {
    let key: String
    let spec: JobSpec
    let roundsStarted: Int
    var answersOwed = 0
    let status: JobStatus
}
