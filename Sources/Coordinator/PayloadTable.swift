// The payloads that the coordinator holds: results fetched from workers, and what it offers.

import Files
import Protocol
import Synchronization
import Transport

/// Bytes by payload id. Fetched outputs wait here for their reduction; what workers and clients
/// may ask for is offered on the bulk plane under ids that begin with the job's.
final class PayloadTable: Sendable {
    let bulk: BulkExchange
    /// Directory of the coordinator's own files: expanded corpora and results.
    let directory: String
    /// Whether results must survive a loss of power: not those of a cluster that goes away.
    let isDurable: Bool
    /// Jobs whose results are kept, oldest first.
    private let published = Mutex<[JobID]>([])
    /// Of jobs that run; what arrives for others has nobody to take it.
    private let fetched = Mutex<[JobID: [String: Frame]]>([:])

    init(bulk: BulkExchange, directory: String, isDurable: Bool) {
        self.isDurable = isDurable
        self.bulk = bulk
        self.directory = directory
    }

    /// From here until `discard`, outputs of the job are kept.
    func admit(_ job: JobID) {
        fetched.withLock { $0[job] = $0[job] ?? [:] }
    }

    func keep(_ frame: Frame, id: String, of job: JobID) {
        fetched.withLock { $0[job]?[id] = frame }
    }

    /// Drops outputs that no reduction took: those of attempts that did not count.
    func forgetOutputs(of job: JobID) {
        fetched.withLock { if $0[job] != nil { $0[job] = [:] } }
    }

    /// The bytes of an output; each is taken once, by the reduction it belongs to.
    func take(_ reference: PayloadReference, of job: JobID) throws(Fault) -> Frame {
        guard let frame = fetched.withLock({ $0[job]?.removeValue(forKey: reference.id) }) else {
            throw Fault(.payloadMissing, "payload \(reference.id) is not held by the coordinator")
        }
        return frame
    }

    /// Output `index` of a unit that has to have `count` of them.
    func take(
        _ outcome: UnitOutcome, _ index: Int, of count: Int, from job: JobID
    ) throws(Fault) -> Frame {
        guard outcome.outputs.count == count else {
            throw Fault(.data, "a unit left \(outcome.outputs.count) outputs instead of \(count)")
        }
        return try take(outcome.outputs[index], of: job)
    }

    /// Where files of the job may be put; it goes when the job is over.
    func directory(of job: JobID) -> String { "\(directory)/jobs/\(job)" }

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

    /// Files of jobs that were running when an earlier process died, and results of jobs that are
    /// not listed any more.
    func removeLeftovers(keeping listed: [JobID]) {
        removeTree("\(directory)/jobs")
        for name in names(in: "\(directory)/results") where !listed.contains(JobID(name)) {
            removeTree("\(directory)/results/\(name)")
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

    /// Forgets every output that was fetched for `job` and everything offered for its units.
    func discard(_ job: JobID) {
        fetched.withLock { $0[job] = nil }
        for part in ["/work/", "/corpus/", "/vocabulary"] {
            _ = bulk.withdraw(prefix: job.text + part, waitingSeconds: 0)
        }
        removeTree(directory(of: job))
    }
}
