// The closed list of message kinds and the fields of each; docs/protocol.md is its contract.

/// The first frame of every message. `kind` on the wire is the name of the case.
public enum Header: Hashable, Sendable {
    // Anybody → coordinator, on the control and on the bulk socket
    case hello(Hello)
    // Coordinator → anybody
    case welcome(Welcome)
    case refused(Refused)

    // Worker → coordinator
    case heartbeat(Heartbeat)
    case unitFinished(UnitFinished)
    case unitFailed(UnitFailed)
    case goodbye(Goodbye)

    // Coordinator → worker
    case assign(Assign)
    case revoke(Revoke)
    case release(Release)
    case drain

    // Client → coordinator
    case submit(Submit)
    case cancel(Cancel)
    case query(Query)
    case retry(Retry)
    case readLog(ReadLog)
    /// Sent back as the answer.
    case drainWorker(DrainWorker)

    // Coordinator → client
    case accepted(Accepted)
    case jobs(Jobs)
    case cluster(ClusterStatus)
    case log(JobLog)

    // Bulk, both ways: the receiver of bytes asks for each chunk
    case get(Get)
    case chunk(Chunk)
    case missing(Missing)

    // Online, on a socket of its own: client → coordinator → workers, and back
    case search(Search)
    case score(Score)
    case scored(Scored)
    case found(Found)
}

public enum Role: String, Sendable, Codable { case worker, client }

/// Who speaks, and what it can do. Sent until WELCOME or REFUSED comes back.
public struct Hello: Hashable, Sendable, Codable {
    public var protocolVersion: Int
    public var softwareVersion: String
    public var role: Role
    public var name: WorkerID
    public var capabilities: Capabilities?

    public init(
        protocolVersion: Int = Limits.protocolVersion, softwareVersion: String, role: Role,
        name: WorkerID, capabilities: Capabilities? = nil
    ) {
        self.protocolVersion = protocolVersion
        self.softwareVersion = softwareVersion
        self.role = role
        self.name = name
        self.capabilities = capabilities
    }
}

public struct Capabilities: Hashable, Sendable, Codable {
    /// Kinds of unit that this worker has a runner for.
    public var kinds: [String]
    /// Units it runs at once.
    public var slots: Int
    public var threads: Int
    public var instructionSet: String
    public var host: String
    public var processID: Int

    public init(
        kinds: [String], slots: Int, threads: Int, instructionSet: String, host: String,
        processID: Int
    ) {
        self.kinds = kinds
        self.slots = slots
        self.threads = threads
        self.instructionSet = instructionSet
        self.host = host
        self.processID = processID
    }
}

public struct Welcome: Hashable, Sendable, Codable {
    public var epoch: UInt64
    public var softwareVersion: String
    public var heartbeatMilliseconds: Int
    /// Silence of the other side after which it counts as gone.
    public var livenessMilliseconds: Int

    public init(
        epoch: UInt64, softwareVersion: String, heartbeatMilliseconds: Int,
        livenessMilliseconds: Int
    ) {
        self.epoch = epoch
        self.softwareVersion = softwareVersion
        self.heartbeatMilliseconds = heartbeatMilliseconds
        self.livenessMilliseconds = livenessMilliseconds
    }
}

public struct Refused: Hashable, Sendable, Codable {
    public var fault: Fault
    public init(fault: Fault) { self.fault = fault }
}

/// Units that are running, each with the progress that its compute loop reported.
public struct Heartbeat: Hashable, Sendable, Codable {
    public var running: [RunningUnit]
    public init(running: [RunningUnit] = []) { self.running = running }
}

public struct RunningUnit: Hashable, Sendable, Codable {
    public var unit: WorkUnitID
    public var lease: Lease
    public var progress: Progress

    public init(unit: WorkUnitID, lease: Lease, progress: Progress) {
        self.unit = unit
        self.lease = lease
        self.progress = progress
    }
}

public struct UnitFinished: Hashable, Sendable, Codable {
    public var unit: WorkUnitID
    public var lease: Lease
    public var outcome: UnitOutcome

    public init(unit: WorkUnitID, lease: Lease, outcome: UnitOutcome) {
        self.unit = unit
        self.lease = lease
        self.outcome = outcome
    }
}

public struct UnitFailed: Hashable, Sendable, Codable {
    public var unit: WorkUnitID
    public var lease: Lease
    public var fault: Fault

    public init(unit: WorkUnitID, lease: Lease, fault: Fault) {
        self.unit = unit
        self.lease = lease
        self.fault = fault
    }
}

/// `finishing` announces a drain: no new unit, running ones end; without it the worker is gone.
public struct Goodbye: Hashable, Sendable, Codable {
    public var finishing: Bool
    public init(finishing: Bool) { self.finishing = finishing }
}

public struct Assign: Hashable, Sendable, Codable {
    public var unit: WorkUnitID
    public var lease: Lease
    public var task: UnitTask

    public init(unit: WorkUnitID, lease: Lease, task: UnitTask) {
        self.unit = unit
        self.lease = lease
        self.task = task
    }
}

/// Stop working on the unit and forget its output.
public struct Revoke: Hashable, Sendable, Codable {
    public var unit: WorkUnitID
    public var lease: Lease

    public init(unit: WorkUnitID, lease: Lease) {
        self.unit = unit
        self.lease = lease
    }
}

/// The outputs of the unit are stored elsewhere, or not wanted: they need not be held any longer.
public struct Release: Hashable, Sendable, Codable {
    public var unit: WorkUnitID
    public var lease: Lease

    public init(unit: WorkUnitID, lease: Lease) {
        self.unit = unit
        self.lease = lease
    }
}

/// `key` makes it idempotent: the same key and the same spec name the same job.
public struct Submit: Hashable, Sendable, Codable {
    public var key: String
    public var spec: JobSpec

    public init(key: String, spec: JobSpec) {
        self.key = key
        self.spec = spec
    }
}

public struct Cancel: Hashable, Sendable, Codable {
    public var job: JobID
    public init(job: JobID) { self.job = job }
}

/// The worker finishes what it runs and leaves. An administrator's to say.
public struct DrainWorker: Hashable, Sendable, Codable {
    public var worker: WorkerID
    public init(worker: WorkerID) { self.worker = worker }
}

/// Asks for one job, or with none for the cluster and its newest jobs.
public struct Query: Hashable, Sendable, Codable {
    public var job: JobID?
    public init(job: JobID? = nil) { self.job = job }
}

/// A job that failed or was cancelled is to run again, from what it has left.
public struct Retry: Hashable, Sendable, Codable {
    public var job: JobID
    public init(job: JobID) { self.job = job }
}

/// Asks for lines of the job's log after line `after`, oldest first.
public struct ReadLog: Hashable, Sendable, Codable {
    public var job: JobID
    public var after: Int

    public init(job: JobID, after: Int = 0) {
        self.job = job
        self.after = after
    }
}

/// At most `Limits.logLinesMax` lines; the next question goes on after the last.
public struct JobLog: Hashable, Sendable, Codable {
    public var lines: [LogLine]
    public init(lines: [LogLine]) { self.lines = lines }
}

public struct Accepted: Hashable, Sendable, Codable {
    public var job: JobID
    public init(job: JobID) { self.job = job }
}

public struct Jobs: Hashable, Sendable, Codable {
    public var jobs: [JobStatus]
    public init(jobs: [JobStatus]) { self.jobs = jobs }
}

public struct Get: Hashable, Sendable, Codable {
    public var payload: String
    public var offset: Int
    public var length: Int

    public init(payload: String, offset: Int, length: Int) {
        self.payload = payload
        self.offset = offset
        self.length = length
    }
}

/// Its bytes follow in the second frame.
public struct Chunk: Hashable, Sendable, Codable {
    public var payload: String
    public var offset: Int

    public init(payload: String, offset: Int) {
        self.payload = payload
        self.offset = offset
    }
}

public struct Missing: Hashable, Sendable, Codable {
    public var payload: String
    public var fault: Fault

    public init(payload: String, fault: Fault) {
        self.payload = payload
        self.fault = fault
    }
}
