// The payloads that the coordinator holds: results fetched from workers, and what it offers to them.

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
    private let fetched = Mutex<[String: Frame]>([:])

    init(bulk: BulkExchange, directory: String, isDurable: Bool) {
        self.isDurable = isDurable
        self.bulk = bulk
        self.directory = directory
    }

    func keep(_ frame: Frame, id: String) {
        fetched.withLock { $0[id] = frame }
    }

    /// The bytes of an output; each is taken once, by the reduction it belongs to.
    func take(_ reference: PayloadReference) throws(Fault) -> Frame {
        guard let frame = fetched.withLock({ $0.removeValue(forKey: reference.id) }) else {
            throw Fault(.payloadMissing, "payload \(reference.id) is not held by the coordinator")
        }
        return frame
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
        return NamedPayload(
            name: name,
            payload: PayloadReference(id: id, size: frame.count, checksum: checksum))
    }

    /// Forgets every output that was fetched for `job` and everything offered for its units.
    func discard(_ job: JobID) {
        fetched.withLock { table in
            for id in table.keys where id.hasPrefix(job.text + "/") { table[id] = nil }
        }
        bulk.withdraw(prefix: job.text + "/work/")
        bulk.withdraw(prefix: job.text + "/corpus/")
        bulk.withdraw(id: job.text + "/vocabulary")
        removeTree(directory(of: job))
    }
}
