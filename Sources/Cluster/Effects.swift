// What must be done outside the scheduler, in the imperative.

public import Protocol

/// To be carried out in this order: what is sent may rely on what is journaled.
public struct Effects: Sendable, Equatable {
    /// One transaction.
    public var journal: [JournalEntry] = []
    public var store: [StoreCommand] = []
    public var outbound: [Outbound] = []
    /// The only timer: `tick` wants to be called then, if nothing happens before.
    public var wakeAt: Moment?

    public init() {}

    /// Empties the lists and keeps their memory.
    public mutating func removeAll() {
        journal.removeAll(keepingCapacity: true)
        store.removeAll(keepingCapacity: true)
        outbound.removeAll(keepingCapacity: true)
        wakeAt = nil
    }
}

/// Work on payloads and by the job's program. Every `plan`, `reduce` and `fetch` is answered by
/// exactly one event, whatever happens.
public enum StoreCommand: Sendable, Equatable {
    /// Answer with `roundPlanned`, `jobCompleted` or `jobFaulted`; `workers` is live slots. A job
    /// that left a checkpoint goes on from there.
    case plan(JobID, JobSpec, workers: Int)
    /// Answer with `outputsStored` or `outputsLost`.
    case fetch(WorkUnitID, Lease, from: WorkerID, [PayloadReference])
    /// Outcomes in the order of the round's units. Answer as to `plan`, or with `outputsGone`.
    case reduce(JobID, roundNumber: Int, Round, [UnitOutcome], workers: Int)
    /// The worker is gone: what is being fetched from it is lost now.
    case abandon(WorkerID)
    /// The job is over: its payloads may go, except those of its result.
    /// `keepsProgress` if it may be tried again.
    case discard(JobID, keepsProgress: Bool)
}

public enum Outbound: Sendable, Equatable {
    case worker(WorkerID, Header)
}
