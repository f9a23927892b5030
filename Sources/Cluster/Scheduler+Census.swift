// How many of everything there are, for figures that are read once in a while.

public import Protocol

/// Counts of the whole cluster. Every state is there, if only as a zero.
public struct Census: Sendable, Equatable {
    /// By state: idle, busy, draining.
    public var workers = ["idle": 0, "busy": 0, "draining": 0]
    /// Those that ended are the ones that the coordinator remembers.
    public var jobs: [JobState: Int]
    /// Units of the rounds that run, without a worker and with one.
    public var unitsWaiting = 0
    public var unitsRunning = 0

    public init() {
        jobs = Dictionary(uniqueKeysWithValues: JobState.allCases.map { ($0, 0) })
    }
}

extension Scheduler {
    /// Takes time in proportion to workers and jobs.
    public var census: Census {
        var census = Census()
        workers.forEach { _, worker in
            census.workers[worker.state, default: 0] += 1
            census.unitsRunning += worker.running.count
        }
        jobs.forEach { _, job in
            census.jobs[job.phase == .queued ? .queued : .running, default: 0] += 1
            census.unitsWaiting += (job.round?.queue.count ?? 0) + (job.round?.delayed ?? 0)
        }
        history.forEach { _, job in census.jobs[job.status.state, default: 0] += 1 }
        return census
    }
}

extension WorkerRecord {
    /// As listings name it.
    var state: String { isDraining ? "draining" : running.isEmpty ? "idle" : "busy" }
}
