// What must outlive the coordinator, as the scheduler states it.

public import Protocol

public enum JournalEntry: Sendable, Equatable {
    case jobSubmitted(JobID, key: String, JobSpec, atWallMilliseconds: Int64)
    case roundStarted(JobID, RoundSummary)
    case unitAssigned(WorkUnitID, Lease, WorkerID)
    case unitDone(WorkUnitID, Lease, UnitOutcome)
    /// The attempt failed, or its worker was lost.
    case unitFailed(WorkUnitID, Lease, WorkerID, Fault, isLoss: Bool)
    /// The unit became the first half of what it was; the second half is the round's new last unit.
    case unitSplit(WorkUnitID)
    case roundReduced(JobID, number: Int)
    /// The status holds the result or the fault.
    case jobEnded(JobID, JobStatus)
    /// A job that failed or was cancelled is to run again.
    case jobRetried(JobID)

    /// Whether somebody is told of it and may rely on it after a loss of power. What is no promise
    /// is done again by whoever starts next, so it need not wait for the disk.
    public var isPromise: Bool {
        switch self {
        case .jobSubmitted, .unitDone, .roundReduced, .jobEnded, .jobRetried: true
        case .roundStarted, .unitAssigned, .unitFailed, .unitSplit: false
        }
    }

    public var job: JobID {
        switch self {
        case .jobSubmitted(let job, _, _, _), .roundStarted(let job, _),
            .roundReduced(let job, _), .jobEnded(let job, _), .jobRetried(let job):
            job
        case .unitAssigned(let unit, _, _), .unitDone(let unit, _, _),
            .unitFailed(let unit, _, _, _, _), .unitSplit(let unit):
            unit.job
        }
    }
}

/// Enough of a round to know it again when its job's program has planned it anew.
public struct RoundSummary: Hashable, Sendable, Codable {
    public var number: Int
    public var stage: String
    public var index: Int
    public var count: Int
    /// As it was planned, before any unit was split.
    public var units: Int
    /// The figures of the job when the round began.
    public var measures: [String: Double]

    public init(
        number: Int, stage: String, index: Int, count: Int, units: Int,
        measures: [String: Double] = [:]
    ) {
        self.number = number
        self.stage = stage
        self.index = index
        self.count = count
        self.units = units
        self.measures = measures
    }
}
