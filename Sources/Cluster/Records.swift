// What the scheduler knows of workers, jobs, rounds and units.

import Protocol

/// One unit on one worker, under one lease.
struct Tenure: Sendable {
    let unit: WorkUnitID
    let lease: Lease
    var sentAt: Moment
    var expiresAt: Moment
    /// Nil until a heartbeat names the unit.
    var progress: Progress?
}

struct WorkerRecord: Sendable {
    let capabilities: Capabilities
    var heardAt: Moment
    var isDraining = false
    var running: [Tenure] = []
    /// Finished units whose outputs are not stored yet.
    var unfetched = 0
    var unitsDone = 0

    func position(of unit: WorkUnitID, _ lease: Lease) -> Int? {
        running.firstIndex { $0.unit == unit && $0.lease == lease }
    }
}

enum UnitState: Sendable, Equatable {
    case waiting
    /// It failed and is tried again then.
    case delayed(until: Moment)
    case assigned(WorkerID)
    case fetching(from: WorkerID, UnitOutcome)
    case done(UnitOutcome)
}

struct UnitRecord: Sendable {
    var state = UnitState.waiting
    /// The lease whose result counts. It outlives the loss of its worker until the unit is assigned
    /// again, so that work survives a silence; nil where no result counts.
    var lease: Lease?
    var holder: WorkerID?
    var attempts = 0
    var failures = 0
    var losses = 0

    func isHeld(by worker: WorkerID, under lease: Lease) -> Bool {
        self.lease == lease && holder == worker
    }
}

struct RoundRecord: Sendable {
    let number: Int
    let round: Round
    let work: Double
    var units: [UnitRecord]
    var queue: ReadyQueue
    var delayed: [Int] = []
    /// Workers on which a unit failed. Looked up, never iterated.
    var failedOn: [Int: [WorkerID]] = [:]
    var done = 0
    var workDone = 0.0

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

/// `planning` and `reducing` wait for the job's program.
enum JobPhase: Sendable { case queued, planning, running, reducing }

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
    var retries = 0
    var measures: [String: Double] = [:]
    /// The worker that last ran a unit with the affinity key. Looked up, never iterated.
    var homes: [Int: WorkerID] = [:]
}

/// A job that is over: enough to answer for it, and to know its key again.
struct EndedJob: Sendable {
    let key: String
    let spec: JobSpec
    let status: JobStatus
}
