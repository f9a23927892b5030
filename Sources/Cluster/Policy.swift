// The figures by which the scheduler decides; each may be configured.

import Protocol

public struct Policy: Hashable, Sendable {
    /// How often workers are asked to report.
    public var heartbeatMilliseconds = 1_000
    /// Silence after which the other side counts as gone.
    public var livenessMilliseconds = 5_000
    /// Time without progress after which a unit is taken from its worker.
    public var leaseMilliseconds = 30_000
    /// Times a unit may fail before it is split, or its job fails.
    public var attemptsMax = 4
    /// Times a unit may lose its worker before it is split, where that is possible: it may be what
    /// kills them.
    public var lossesBeforeSplit = 4
    /// Times a unit may lose its worker before its job fails. Machines die for many reasons.
    public var lossesMax = 16
    /// Wait before the first retry of a failed unit; doubles with every failure.
    public var retryBackoffMilliseconds = 500
    public var retryBackoffMaxMilliseconds = 30_000
    /// Jobs that run side by side; the others wait in the order of their submission.
    public var jobsRunningMax = 4
    /// Finished units per slot whose outputs may wait to be fetched before a worker gets no more.
    public var unfetchedPerSlotMax = 2
    /// Lateness of the coordinator itself after which all deadlines start anew: whoever was asleep
    /// cannot tell who else was silent.
    public var stallMilliseconds = 2_000
    /// Share of a round's units that must be done before a slow one is tried a second time beside
    /// the first attempt, and how much longer than the median it must have run.
    public var backupDoneShare = 0.75
    public var backupSlowness = 1.5
    public var backupMilliseconds = 2_000
    /// Second attempts, as a share of the round's units; one is always allowed.
    public var backupShareMax = 0.1
    /// Finished jobs whose status is kept in memory.
    public var historyMax = Limits.jobsListedMax
    /// Named figures kept per job.
    public var measuresMax = 64

    public init() {}
}
