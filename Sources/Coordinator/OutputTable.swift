// The outputs of units on their way from the workers to their reduction.

import Cluster
import Protocol
import Synchronization
import Transport

/// Fetches what units left and holds it until their round is reduced or their job is over. Of each
/// unit it holds one attempt, the last: so what is held is bounded, whatever comes late or twice.
final class OutputTable: Sendable {
    private struct Attempt {
        let number: Int
        let references: [PayloadReference]
        let frames: [Frame]
    }

    private struct Held {
        /// The first round that is not reduced yet; what comes of others is let go.
        var round = 0
        var units: [Int: Attempt] = [:]
    }

    private static let deadlineSeconds = 600.0
    private let bulk: BulkExchange
    private let events: Mailbox<Event>
    private let jobs = Mutex<[JobID: Held]>([:])

    init(bulk: BulkExchange, events: Mailbox<Event>) {
        self.bulk = bulk
        self.events = events
    }

    /// From here on until `close` outputs of the job are held.
    func open(_ job: JobID) { jobs.withLock { $0[job] = Held() } }

    func close(_ job: JobID) { jobs.withLock { $0[job] = nil } }

    /// All outputs of the unit, side by side; the last to arrive tells the scheduler.
    func fetch(
        _ unit: WorkUnitID, _ lease: Lease, from worker: WorkerID, _ references: [PayloadReference]
    ) {
        let pending = PendingFrames(count: references.count)
        for (index, reference) in references.enumerated() {
            bulk.fetch(
                reference, from: .worker(worker), deadlineSeconds: Self.deadlineSeconds
            ) { [self] result in
                switch result {
                case .success(let frame):
                    guard let frames = pending.add(frame, at: index) else { return }
                    keep(
                        Attempt(number: lease.attempt, references: references, frames: frames),
                        of: unit)
                    events.post(.outputsStored(unit, lease))
                case .failure(let fault):
                    if pending.fail() { events.post(.outputsLost(unit, lease, fault)) }
                }
            }
        }
    }

    /// The worker is gone: nothing more comes of what is being fetched from it.
    func abandon(_ worker: WorkerID) { bulk.forget(worker) }

    private func keep(_ attempt: Attempt, of unit: WorkUnitID) {
        jobs.withLock { jobs in
            guard let held = jobs[unit.job], unit.round >= held.round,
                attempt.number >= held.units[unit.index]?.number ?? 0
            else { return }
            jobs[unit.job]?.units[unit.index] = attempt
        }
    }

    /// The outputs of a round that is reduced now, in the order of its units; none of those of
    /// which the outcome that counts is not held.
    func take(round: Int, of job: JobID, _ outcomes: [UnitOutcome]) -> [[Frame]] {
        let units = jobs.withLock { jobs in
            defer { jobs[job] = jobs[job].map { _ in Held(round: round + 1) } }
            return jobs[job]?.units ?? [:]
        }
        return outcomes.enumerated().map { index, outcome in
            guard let attempt = units[index], attempt.references == outcome.outputs else {
                return []
            }
            return attempt.frames
        }
    }
}

/// Collects the outputs of one attempt: all of them, or none.
private final class PendingFrames: Sendable {
    /// Nil once it is over.
    private let frames: Mutex<[Frame?]?>

    init(count: Int) { frames = Mutex(Array(repeating: nil, count: count)) }

    /// - Returns: all frames, if this was the last that was missing.
    func add(_ frame: Frame, at index: Int) -> [Frame]? {
        frames.withLock { frames in
            frames?[index] = frame
            guard let all = frames?.compactMap({ $0 }), all.count == frames?.count else {
                return nil
            }
            frames = nil
            return all
        }
    }

    /// - Returns: whether this was the first failure.
    func fail() -> Bool {
        frames.withLock { frames in
            defer { frames = nil }
            return frames != nil
        }
    }
}
