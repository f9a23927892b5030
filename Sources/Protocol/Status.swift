// What people are told about jobs and workers.

public enum JobState: String, Sendable, Codable, CaseIterable {
    case queued, running, finished, failed, cancelled

    public var isFinal: Bool { self == .finished || self == .failed || self == .cancelled }
}

/// Work done of work known, in the unit of the stage; `total` may be 0 while it is unknown.
public struct Progress: Hashable, Sendable, Codable {
    public var done: Double
    public var total: Double

    public init(done: Double, total: Double) {
        self.done = done
        self.total = total
    }
}

/// A payload of a finished job, by the name its program gave it.
public struct NamedPayload: Hashable, Sendable, Codable {
    public let name: String
    public let payload: PayloadReference

    public init(name: String, payload: PayloadReference) {
        self.name = name
        self.payload = payload
    }
}

/// What a job left when it finished.
public struct JobResult: Hashable, Sendable, Codable {
    public var outputs: [NamedPayload]
    public var measures: [String: Double]

    public init(outputs: [NamedPayload], measures: [String: Double]) {
        self.outputs = outputs
        self.measures = measures
    }
}

public struct JobStatus: Hashable, Sendable, Codable {
    public var job: JobID
    public var kind: String
    public var state: JobState
    public var stage: String
    /// Round of the stage, from 0, and how many there are.
    public var round: Int
    public var rounds: Int
    public var unitsDone: Int
    public var unitsTotal: Int
    /// Progress of the stage over all its rounds.
    public var progress: Progress
    /// Attempts that failed or were lost so far.
    public var retries: Int
    /// Seconds spent per finished stage, and whatever the program measures.
    public var measures: [String: Double]
    public var fault: Fault?
    public var outputs: [NamedPayload]
    /// Milliseconds since 1970, for people only; nothing is decided by it.
    public var submittedAtMilliseconds: Int64

    public init(
        job: JobID, kind: String, state: JobState, stage: String = "", round: Int = 0,
        rounds: Int = 0, unitsDone: Int = 0, unitsTotal: Int = 0,
        progress: Progress = Progress(done: 0, total: 0), retries: Int = 0,
        measures: [String: Double] = [:], fault: Fault? = nil, outputs: [NamedPayload] = [],
        submittedAtMilliseconds: Int64 = 0
    ) {
        self.job = job
        self.kind = kind
        self.state = state
        self.stage = stage
        self.round = round
        self.rounds = rounds
        self.unitsDone = unitsDone
        self.unitsTotal = unitsTotal
        self.progress = progress
        self.retries = retries
        self.measures = measures
        self.fault = fault
        self.outputs = outputs
        self.submittedAtMilliseconds = submittedAtMilliseconds
    }
}

public struct WorkerStatus: Hashable, Sendable, Codable {
    public var worker: WorkerID
    public var host: String
    public var processID: Int
    public var instructionSet: String
    public var threads: Int
    /// idle, busy, draining.
    public var state: String
    public var unit: WorkUnitID?
    /// Of that unit, as its worker said last.
    public var progress: Progress?
    public var heardMillisecondsAgo: Int
    public var unitsDone: Int

    public init(
        worker: WorkerID, host: String, processID: Int, instructionSet: String, threads: Int,
        state: String, unit: WorkUnitID?, progress: Progress? = nil, heardMillisecondsAgo: Int,
        unitsDone: Int
    ) {
        self.worker = worker
        self.host = host
        self.processID = processID
        self.instructionSet = instructionSet
        self.threads = threads
        self.state = state
        self.unit = unit
        self.progress = progress
        self.heardMillisecondsAgo = heardMillisecondsAgo
        self.unitsDone = unitsDone
    }
}

public struct ClusterStatus: Hashable, Sendable, Codable {
    public var epoch: UInt64
    public var softwareVersion: String
    /// The first `Limits.workersListedMax` of them.
    public var workers: [WorkerStatus]
    public var workersTotal: Int
    public var jobs: [JobStatus]

    public init(
        epoch: UInt64, softwareVersion: String, workers: [WorkerStatus], workersTotal: Int,
        jobs: [JobStatus]
    ) {
        self.epoch = epoch
        self.softwareVersion = softwareVersion
        self.workers = workers
        self.workersTotal = workersTotal
        self.jobs = jobs
    }
}

/// One line of what happened to a job.
public struct LogLine: Hashable, Sendable, Codable {
    /// From 1, in the order in which things happened.
    public var number: Int
    /// Since 1970, for people only.
    public var atMilliseconds: Int64
    /// info, warning or error.
    public var level: String
    public var sentence: String

    public init(number: Int, atMilliseconds: Int64, level: String, sentence: String) {
        self.number = number
        self.atMilliseconds = atMilliseconds
        self.level = level
        self.sentence = sentence
    }
}
