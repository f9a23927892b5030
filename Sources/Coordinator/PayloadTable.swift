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
    private let logger: Logger
    /// Jobs whose results are kept, oldest first.
    private let published = Mutex<[JobID]>([])

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

    /// Keeps a result of the job in a file, so that it outlives this process, and offers it.
    func publish(_ frame: Frame, name: String, of job: JobID) throws(Fault) -> NamedPayload {
        let id = "\(job)/result/\(name)"
        let checksum = Checksum.of(frame)
        let folder = "\(directory)/results/\(job)"
        try makeDirectory(folder)
        let path = "\(folder)/\(name)"
        do {
            let file = try AtomicFile(path: path)
            try frame.withUnsafeBytes { bytes in try file.write(bytes) }
            try file.commit(durable: isDurable)
        } catch { throw Fault(.output, "a result of job \(job) cannot be kept: \(error)") }
        try bulk.offer(id: id, file: path, size: frame.count)
        remember(job)
        return NamedPayload(
            name: name,
            payload: PayloadReference(id: id, size: frame.count, checksum: checksum))
    }

    /// Offers the results of a job that finished before this process started.
    func restore(_ status: JobStatus) {
        for output in status.outputs {
            let path = "\(directory)/results/\(status.job)/\(output.name)"
            // A result that was taken away by hand is missed by whoever asks for it.
            guard let file = try? InputFile(reading: path), file.size == output.payload.size,
                (try? bulk.offer(id: output.payload.id, file: path, size: file.size)) != nil
            else { continue }
            remember(status.job)
        }
    }

    /// Files of jobs that are not known any more or need them no more, and results that were not
    /// restored because their job is not listed.
    /// - Parameter unfinished: jobs that are to be run, or may be tried again.
    func removeLeftovers(besides unfinished: Set<String>) {
        for job in entries(of: "\(directory)/jobs") where !unfinished.contains(job) {
            removeTree("\(directory)/jobs/\(job)")
        }
        let kept = published.withLock { Set($0.map(\.text)) }
        for job in entries(of: "\(directory)/results") where !kept.contains(job) {
            removeTree("\(directory)/results/\(job)")
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
        removeTree("\(directory)/results/\(forgotten)")
    }

    /// Forgets everything offered for the units of `job`.
    func discard(_ job: JobID, keepsProgress: Bool) {
        for part in ["/work/", "/corpus/", "/vocabulary"] {
            _ = bulk.withdraw(prefix: job.text + part, waitingSeconds: 0)
        }
        if !keepsProgress { directory(of: job).remove() }
    }
}
