// One look at a cluster: what it says, how fast it goes, and what this machine knows besides.

import Protocol
import Telemetry
import Transport

/// Everything that a screen or a JSON object of `top` shows.
struct TopView: Encodable, Sendable {
    struct Job: Encodable, Sendable {
        let job: String
        let kind: String
        let state: String
        let stage: String
        let round: Int
        let rounds: Int
        let unitsDone: Int
        let unitsTotal: Int
        let fraction: Double?
        let rate: Double?
        let rateUnit: String
        let secondsLeft: Double?
        let retries: Int
        let fault: String?
    }

    struct Worker: Encodable, Sendable {
        let worker: String
        let host: String
        let processID: Int
        let state: String
        let unit: String?
        let fraction: Double?
        let unitsDone: Int
        let threads: Int
        let instructionSet: String
        let heardMillisecondsAgo: Int
        /// Known of workers of this machine alone.
        let residentBytes: Int?
    }

    let time: String
    let address: String
    let softwareVersion: String
    let epoch: UInt64
    let workersTotal: Int
    let wordsPerSecond: Double?
    let jobs: [Job]
    let workers: [Worker]

    init(
        _ status: ClusterStatus, _ keeper: PaceKeeper, address: String, atMilliseconds: Int64,
        residentBytes: (WorkerStatus) -> Int? = TopView.residentBytes
    ) {
        time = Timestamp(atMilliseconds).description
        self.address = address
        softwareVersion = status.softwareVersion
        epoch = status.epoch
        workersTotal = status.workersTotal
        jobs = status.jobs.map { Job($0, keeper.pace(of: $0)) }
        workers = status.workers.map { Worker($0, residentBytes: residentBytes($0)) }
        let rates = zip(status.jobs, jobs).compactMap { job, line in
            job.unitOfWork == "words" ? line.rate : nil
        }
        wordsPerSecond = rates.isEmpty ? nil : rates.reduce(0, +)
    }

    /// A worker of this machine can be looked at from here, if we see the same processes.
    static func residentBytes(_ worker: WorkerStatus) -> Int? {
        guard worker.host == hostName(),
            ProcessFigures.name(of: worker.processID) == String("sounder-worker".prefix(15))
        else { return nil }
        return ProcessFigures.residentBytes(of: worker.processID)
    }
}

extension TopView.Job {
    init(_ status: JobStatus, _ pace: Pace?) {
        job = status.job.text
        kind = status.kind
        state = status.state.rawValue
        stage = status.stage
        round = status.round
        rounds = status.rounds
        unitsDone = status.unitsDone
        unitsTotal = status.unitsTotal
        fraction = status.fraction
        rate = pace?.perSecond
        rateUnit = status.unitOfWork + "/s"
        secondsLeft = pace?.secondsLeft
        retries = status.retries
        fault = status.fault?.message
    }
}

extension TopView.Worker {
    init(_ status: WorkerStatus, residentBytes: Int?) {
        worker = status.worker.text
        host = status.host
        processID = status.processID
        state = status.state
        unit = status.unit?.description
        let part = status.progress.map { $0.done / $0.total }
        fraction = part.flatMap { $0.isFinite ? min(max($0, 0), 1) : nil }
        unitsDone = status.unitsDone
        threads = status.threads
        instructionSet = status.instructionSet
        heardMillisecondsAgo = status.heardMillisecondsAgo
        self.residentBytes = residentBytes
    }
}
