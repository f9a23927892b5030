// Decodes the entries of a job on a second thread, while the first one reads and checks the rows.

import Cluster
import Dispatch
import Protocol
import Synchronization

/// Takes rows from one thread. With a million units in the journal a start takes about two thirds
/// of the time that it takes without this.
final class EntryDecoder: Sendable {
    /// The row that cannot be read.
    struct Failure: Error {
        let sequence: Int64
    }

    private struct State {
        var job: RecoveredJob
        var failure: Failure?
        let names = NameCache()
    }

    /// Copies of rows, one after the other: SQLite's own are gone with the next step.
    private struct Batch: Sendable {
        static let bytesMax = 1 << 18
        var rows: [(end: Int, sequence: Int64)] = []
        var bytes: [UInt8] = []
    }

    private let queue = DispatchQueue(label: "journal entries")
    /// What is copied and not decoded yet is bounded.
    private let room = DispatchSemaphore(value: 8)
    private let batch = Mutex(Batch())
    private let state: Mutex<State>

    /// - Parameter job: what the entries are applied to.
    init(_ job: RecoveredJob) { state = Mutex(State(job: job)) }

    func add(_ bytes: UnsafeRawBufferPointer, sequence: Int64) {
        let full = batch.withLock { batch -> Batch? in
            batch.bytes += bytes
            batch.rows.append((batch.bytes.count, sequence))
            guard batch.bytes.count >= Batch.bytesMax else { return nil }
            defer { batch = Batch() }
            return batch
        }
        if let full { decode(full) }
    }

    /// - Returns: the job with all its entries. To be called once, after the last row.
    func finish() throws(Failure) -> RecoveredJob {
        decode(batch.withLock { $0 })
        queue.sync {}
        let (job, failure) = state.withLock { ($0.job, $0.failure) }
        if let failure { throw failure }
        return job
    }

    private func decode(_ batch: Batch) {
        room.wait()
        queue.async { [self] in
            state.withLock { state in
                guard state.failure == nil else { return }
                state.failure = Self.apply(batch, to: &state.job, names: state.names)
            }
            room.signal()
        }
    }

    private static func apply(
        _ batch: Batch, to job: inout RecoveredJob, names: NameCache
    ) -> Failure? {
        batch.bytes.withUnsafeBytes { bytes in
            var start = 0
            for (end, sequence) in batch.rows {
                let row = UnsafeRawBufferPointer(rebasing: bytes[start..<end])
                do {
                    try EntryGroup.read(row, of: job.job, names: names) { job.apply($0) }
                } catch { return Failure(sequence: sequence) }
                start = end
            }
            return nil
        }
    }
}
