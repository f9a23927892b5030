// What must outlive the coordinator, as the scheduler states it and as it gets it back.

public import Protocol

public enum JournalEntry: Sendable, Equatable {
    case jobSubmitted(JobID, key: String, JobSpec, atWallMilliseconds: Int64)
    case roundStarted(JobID, number: Int, Round)
    case unitDone(WorkUnitID, Lease, UnitOutcome)
    case roundReduced(JobID, number: Int)
    /// The status holds the result or the fault.
    case jobEnded(JobID, JobStatus)

    /// Whether somebody is told of it and may rely on it after a loss of power. Rounds are redone
    /// by whoever starts next, so they need not wait for the disk.
    public var isPromise: Bool {
        switch self {
        case .jobSubmitted, .jobEnded: true
        case .roundStarted, .unitDone, .roundReduced: false
        }
    }
}

/// A job as the journal remembers it.
public struct RecoveredJob: Sendable, Equatable {
    public var job: JobID
    public var key: String
    public var spec: JobSpec
    public var submittedAtMilliseconds: Int64
    /// The last word on a job that ended; nil for one that is to be run, again from its start.
    public var ended: JobStatus?

    public init(
        job: JobID, key: String, spec: JobSpec, submittedAtMilliseconds: Int64,
        ended: JobStatus? = nil
    ) {
        self.job = job
        self.key = key
        self.spec = spec
        self.submittedAtMilliseconds = submittedAtMilliseconds
        self.ended = ended
    }
}
