// What happened outside the scheduler, in the past tense.

public import Protocol

public enum Event: Sendable, Equatable {
    /// A HELLO was answered with WELCOME. A known name is the same life saying HELLO again.
    case workerJoined(WorkerID, Capabilities)
    /// A heartbeat with the units that the worker is running.
    case workerHeard(WorkerID, [RunningUnit])
    /// It finishes what it has and wants nothing new.
    case workerDraining(WorkerID)
    case workerLeft(WorkerID)

    /// To be handed in only if `Scheduler.admission` said `.new`.
    case jobSubmitted(JobID, key: String, JobSpec, atWallMilliseconds: Int64)
    case jobCancelled(JobID)
    /// To be handed in only if `Scheduler.obstacle(toRetrying:)` is nil.
    case jobRetried(JobID)

    case unitFinished(WorkUnitID, Lease, from: WorkerID, UnitOutcome)
    case unitFailed(WorkUnitID, Lease, from: WorkerID, Fault)
    /// Answers to `.fetch`: the outputs are with the coordinator now, or cannot be had.
    case outputsStored(WorkUnitID, Lease)
    case outputsLost(WorkUnitID, Lease, Fault)

    /// An answer to `.reduce`: outputs of these units, by index, are damaged or gone.
    case outputsGone(JobID, [Int])

    /// Answers to `.plan` and `.reduce`: the next round, the end, or why there is none.
    case roundPlanned(JobID, Round, measures: [String: Double])
    case jobCompleted(JobID, JobResult)
    case jobFaulted(JobID, Fault)
}
