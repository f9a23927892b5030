// One job from submission to its result, with progress, on whatever cluster it runs.

import Client
import Protocol
import Transport
import WordVectors

/// A connection to a cluster for one job, and the cluster itself where the job has its own.
final class JobSession {
    let client: ClusterClient
    let destination: Destination
    let context: Context
    private let local: LocalCluster?

    private init(
        client: ClusterClient, destination: Destination, context: Context, local: LocalCluster?
    ) {
        self.client = client
        self.destination = destination
        self.context = context
        self.local = local
    }

    static func open(_ options: ClusterOptions, _ place: TrainingPlace) async throws -> JobSession {
        let context = try Context()
        if let destination = try options.destination() {
            let client = try await attended(nil) {
                try await ClusterClient.connect(to: destination, context: context)
            }
            guard let client else { throw Fault(.cancelled, "interrupted; nothing was written") }
            return JobSession(
                client: client, destination: destination, context: context, local: nil)
        }
        let threads = place.threads ?? max(1, processorCount() / place.workers)
        let local = try LocalCluster(LocalCluster.Size(workers: place.workers, threads: threads))
        let client = try await local.client(awaiting: place.workers, context: context)
        return JobSession(
            client: client, destination: local.destination, context: context, local: local)
    }

    /// Submits the job and follows it to its end.
    ///
    /// - Parameter limit: milliseconds after which the job is cancelled.
    /// - Returns: the status of the finished job.
    /// - Throws: the fault the job failed with, `cancelled` after Ctrl-C, or `temporary` where the
    ///   limit was too short.
    func run(
        _ spec: JobSpec, key: String?, isQuiet: Bool, limit: Int? = nil
    ) async throws -> JobStatus {
        let end = limit.map { monotonicMilliseconds() + Int64($0) }
        let random = UInt64.random(in: 0...UInt64.max)
        let job = try await client.submit(spec, key: key ?? "once-\(String(random, radix: 36))")
        var line = ProgressLine(isQuiet: isQuiet)
        defer { line.finish() }
        let silence = CoordinatorSilence(address: client.address) { sentence in
            // Over what may stand there of the progress.
            if Terminal.isInteractive { Terminal.redraw("") }
            Terminal.say(sentence)
        }
        var interrupts = 0
        var isLate = false
        var pause = 15
        while true {
            if Interrupts.received > interrupts {
                interrupts = Interrupts.received
                line.finish()
                try await cancel(job, interrupts: interrupts)
            }
            let left = end.map { Double($0 - monotonicMilliseconds()) / 1_000 } ?? .infinity
            if left <= 0, !isLate, interrupts == 0 {
                isLate = true
                _ = try await isToldToCancel(job, interrupts: 0, .temporary)
            }
            // A standing coordinator may be restarted meanwhile; one of our own may not.
            let patience = local == nil && interrupts == 0 ? 120.0 : 5
            let deadline = min(patience, max(left, 5))
            let answer = try await attended(local, interrupts: interrupts) { [client, silence] in
                try await silence.watching(deadlineSeconds: deadline) {
                    try await client.status(of: job, deadlineSeconds: deadline)
                }
            }
            guard let status = answer else { continue }
            if status.state.isFinal {
                line.finish()
                return try conclude(status, late: isLate && interrupts == 0 ? limit : nil)
            }
            line.show(status)
            try? await Task.sleep(for: .milliseconds(pause))
            // A short job is over soon; a long one should not keep its coordinator busy.
            pause = min(pause + 1, 100)
        }
    }

    /// The first Ctrl-C cancels the job, the second stops everything.
    private func cancel(_ job: JobID, interrupts: Int) async throws {
        if interrupts == 1 {
            Terminal.say("sounder: cancelling the job; Ctrl-C again stops at once")
            if try await isToldToCancel(job, interrupts: 1, .cancelled) { return }
        }
        local?.kill()
        throw Fault(.cancelled, "stopped; nothing was written")
    }

    /// - Parameter code: of the fault where a standing coordinator does not answer.
    /// - Returns: false if more interrupts came first.
    private func isToldToCancel(
        _ job: JobID, interrupts: Int, _ code: Fault.Code
    ) async throws -> Bool {
        do {
            let answer = try await attended(local, interrupts: interrupts) { [client] in
                try await client.cancel(job)
            }
            return answer != nil
        } catch let fault as Fault where fault.code == .unavailable && local == nil {
            throw Fault(
                code,
                "job \(job) may go on, as its coordinator does not answer; nothing was written")
        }
    }

    /// - Parameter late: the milliseconds after which the job was cancelled, if it was.
    private func conclude(_ status: JobStatus, late: Int?) throws(Fault) -> JobStatus {
        switch status.state {
        case .finished: return status
        case .cancelled:
            if let late {
                throw Fault(
                    .temporary,
                    "job \(status.job) did not end within \(late) ms and was cancelled; nothing "
                        + "was written; allow more time with --deadline", retryable: true)
            }
            throw Fault(.cancelled, "job \(status.job) was cancelled; nothing was written")
        default:
            throw status.fault ?? Fault(.internalError, "job \(status.job) failed without a reason")
        }
    }

    /// Fetches the vectors of the finished job and writes them.
    func save(
        _ status: JobStatus, _ layer: VectorLayer = .input, to destination: VectorDestination,
        outputs: VectorDestination? = nil, checkpoint: String? = nil
    ) async throws -> (table: WordVectorTable, history: TrainingHistory?) {
        let fetch = try ResultFetch(self.destination, context: context)
        defer { fetch.bulk.stop() }
        return try await fetch.save(
            status, layer, to: destination, outputs: outputs, checkpoint: checkpoint, from: local)
    }

    /// Fetches the payload `name` that the finished job has made.
    func fetch(_ name: String, of status: JobStatus) async throws -> [UInt8] {
        let fetch = try ResultFetch(self.destination, context: context)
        defer { fetch.bulk.stop() }
        return try await fetch.payload(name, of: status, from: local)
    }

    /// Fetches the folder that the finished job has made.
    ///
    /// - Parameter overwrites: whether it may replace one that turns out to differ.
    func save<Manifest: FolderManifest>(
        _ status: JobStatus, to destination: FolderDestination<Manifest>, overwrites: Bool = true
    ) async throws -> Manifest {
        let fetch = try FolderFetch(self.destination, context: context)
        defer { fetch.bulk.stop() }
        return try await fetch.save(
            status, to: destination, overwrites: overwrites, from: local)
    }

    /// Ends the connection, and the cluster if it is the job's own.
    func close() {
        client.close()
        local?.stop(graceSeconds: 2)
    }
}
