// The payloads that the coordinator offers, and the files that hold them.

import Files
import Logging
import Protocol
import Synchronization
import Transport

/// What workers and clients may ask for is offered on the bulk plane under ids that begin with the
/// job's.
final class PayloadTable: Sendable {
    let bulk: BulkExchange
    /// Directory of the coordinator's own files: expanded corpora and results.
    let directory: String
    /// Whether results must survive a loss of power: not those of a cluster that goes away.
    let isDurable: Bool
    /// Slots of workers that others can fetch from, when a round was planned or reduced last.
    let peerSlots = Atomic<Int>(0)
    private let logger: Logger
    /// Jobs whose results are kept, oldest first.
    private let published = Mutex<[JobID]>([])
    /// Jobs that failed and of which what they did is kept, oldest first.
    private let failed = Mutex<[JobID]>([])
    private static let failedKeptMax = 10

    init(bulk: BulkExchange, directory: String, isDurable: Bool, logger: Logger) {
        self.logger = logger
        self.isDurable = isDurable
        self.bulk = bulk
        self.directory = directory
    }

    /// Where files of the job are put until it is over.
    func directory(of job: JobID) -> JobDirectory {
        JobDirectory(
            job: job, path: "\(directory)/jobs/\(job)", isDurable: isDurable, logger: logger)
    }

    /// Where the results of the job are put, which outlive it.
    func resultsPath(of job: JobID) -> String { "\(directory)/results/\(job)" }

    /// Offers the files that are in the directory of the job's results. There may be thousands.
    ///
    /// - Returns: what a client needs to fetch the one called `name`, for which we vouch.
    func publishFiles(of job: JobID, naming name: String) throws(Fault) -> NamedPayload {
        let folder = resultsPath(of: job)
        for entry in entries(of: folder) where !entry.hasPrefix(".") {
            let file = try InputFile(reading: "\(folder)/\(entry)")
            try bulk.offer(
                id: "\(job)/result/\(entry)", file: file.path, size: file.size, staysOpen: false)
        }
        remember(job)
        do {
            let file = try MappedFile(path: "\(folder)/\(name)")
            let reference = PayloadReference(
                id: "\(job)/result/\(name)", size: file.bytes.count,
                checksum: Checksum.of(file.bytes))
            return NamedPayload(name: name, payload: reference)
        } catch { throw Fault(.output, "a result of job \(job) cannot be read: \(error)") }
    }

    /// Keeps a result of the job in a file, so that it outlives this process, and offers it.
    func publish(_ frame: Frame, name: String, of job: JobID) throws(Fault) -> NamedPayload {
        let id = "\(job)/result/\(name)"
        let checksum = Checksum.of(frame)
        let folder = resultsPath(of: job)
        try makeDirectory(folder)
        let path = "\(folder)/\(name)"
        do {
            let file = try AtomicFile(path: path)
            try frame.withUnsafeBytes { bytes in try file.write(bytes) }
            try file.commit(durable: isDurable)
        } catch { throw Fault(.output, "a result of job \(job) cannot be kept: \(error)") }
        try bulk.offer(id: id, file: path, size: frame.count, staysOpen: false)
        remember(job)
        return NamedPayload(
            name: name,
            payload: PayloadReference(id: id, size: frame.count, checksum: checksum))
    }

    /// Offers the results of a job that finished before this process started.
    func restore(_ status: JobStatus) {
        guard status.state == .finished else { return }
        // What cannot be opened just now is the job's all the same, and must not be removed.
        remember(status.job)
        let isFolder = [EncodeProgram.kind, IndexProgram.kind].contains(status.kind)
        if isFolder, let output = status.outputs.first {
            // The others are found by what stands in the first.
            _ = try? publishFiles(of: status.job, naming: output.name)
            return
        }
        for output in status.outputs {
            let path = "\(directory)/results/\(status.job)/\(output.name)"
            // A result that was taken away by hand is missed by whoever asks for it.
            guard let file = try? InputFile(reading: path), file.size == output.payload.size
            else { continue }
            _ = try? bulk.offer(
                id: output.payload.id, file: path, size: file.size, staysOpen: false)
        }
    }

    /// Files of jobs that are not known any more or need them no more, results that were not
    /// restored because their job is not listed, and what a killed process had not written to its
    /// end.
    ///
    /// - Parameters:
    ///   - open: jobs that are to be run.
    ///   - failed: jobs that may be tried again, oldest first.
    func removeLeftovers(besides open: [JobID], failed: [JobID]) {
        for job in failed { keepProgress(of: job) }
        let needed = Set((open + self.failed.withLock { $0 }).map(\.text))
        for job in entries(of: "\(directory)/jobs") where !needed.contains(job) {
            removeTree("\(directory)/jobs/\(job)")
        }
        let kept = published.withLock { Set($0.map(\.text)) }.union(needed)
        for job in entries(of: "\(directory)/results") where !kept.contains(job) {
            removeTree("\(directory)/results/\(job)")
        }
        for folder in ["jobs", "results"] { removePartial(below: "\(directory)/\(folder)") }
    }

    private func removePartial(below folder: String) {
        for job in entries(of: folder) {
            for file in entries(of: "\(folder)/\(job)") where AtomicFile.isPartial(file) {
                removeFile("\(folder)/\(job)/\(file)")
            }
        }
    }

    /// Results are kept as long as the job is listed.
    private func remember(_ job: JobID) {
        let forgotten = published.withLock { jobs -> JobID? in
            if !jobs.contains(job) { jobs.append(job) }
            return jobs.count > Limits.jobsListedMax ? jobs.removeFirst() : nil
        }
        guard let forgotten else { return }
        _ = bulk.withdraw(prefix: forgotten.text + "/result/", waitingSeconds: 0)
        removeTree(resultsPath(of: forgotten))
    }

    /// Forgets everything offered for the units of `job`.
    func discard(_ job: JobID, keepsProgress: Bool) {
        if !published.withLock({ $0.contains(job) }) { removeTree(resultsPath(of: job)) }
        for part in ["/work/", "/corpus/", "/vocabulary", "/model/"] {
            _ = bulk.withdraw(prefix: job.text + part, waitingSeconds: 0)
        }
        if keepsProgress { keepProgress(of: job) } else { directory(of: job).remove() }
    }

    /// Parameters are large: only the newest jobs that failed go on from theirs when tried again.
    private func keepProgress(of job: JobID) {
        let forgotten = failed.withLock { jobs -> JobID? in
            jobs.removeAll { $0 == job }
            jobs.append(job)
            return jobs.count > Self.failedKeptMax ? jobs.removeFirst() : nil
        }
        if let forgotten { directory(of: forgotten).remove() }
    }

    /// A job that is tried again is not to be removed as one that failed.
    func resume(_ job: JobID) { failed.withLock { jobs in jobs.removeAll { $0 == job } } }
}
