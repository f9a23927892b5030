// The outputs of units on their way from the workers to their reduction.

import Cluster
import Protocol
import Synchronization
import Transport

/// Fetches what units left and holds it until their round is reduced or their job is over. Of each
/// unit it holds one attempt, the last: so what is held is bounded, whatever comes late or twice.
/// Outputs that must survive this process, or that memory should not hold, are files
/// (`Round.keepsOutputs`).
final class OutputTable: Sendable {
    private struct Attempt {
        let number: Int
        let references: [PayloadReference]
        let frames: [Frame]
    }

    private struct Held {
        let directory: JobDirectory
        /// The first round that is not reduced yet; what comes of others is let go.
        var round = 0
        var keeps = false
        var units: [Int: Attempt] = [:]
        /// When a worker last said that it is done with a unit of the round.
        var lastDoneMilliseconds: Int64?
    }

    /// An attempt whose outputs are here, and nobody has looked at them yet.
    struct Arrival: Sendable {
        let unit: WorkUnitID
        let lease: Lease
        let worker: WorkerID
        let references: [PayloadReference]
        let frames: [Frame]
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
    func open(_ job: JobID, in directory: JobDirectory) {
        jobs.withLock { $0[job] = Held(directory: directory) }
    }

    /// What the next round of the job asks for; to be said before the round is handed out.
    func expect(_ round: Round, of job: JobID) {
        jobs.withLock { $0[job]?.keeps = round.keepsOutputs }
    }

    func close(_ job: JobID) { jobs.withLock { $0[job] = nil } }

    /// All outputs of the unit, side by side; with the last to arrive calls `arrived`, which has
    /// the time to look at them and to `keep` them.
    func fetch(
        _ unit: WorkUnitID, _ lease: Lease, from worker: WorkerID,
        _ references: [PayloadReference], arrived: @escaping @Sendable (Arrival) -> Void
    ) {
        jobs.withLock { $0[unit.job]?.lastDoneMilliseconds = monotonicMilliseconds() }
        let pending = PendingFrames(count: references.count)
        for (index, reference) in references.enumerated() {
            bulk.fetch(
                reference, from: .worker(worker), deadlineSeconds: Self.deadlineSeconds
            ) { [self] result in
                switch result {
                case .success(let frame):
                    guard let frames = pending.add(frame, at: index) else { return }
                    arrived(
                        Arrival(
                            unit: unit, lease: lease, worker: worker, references: references,
                            frames: frames))
                case .failure(let fault):
                    if pending.fail() { events.post(.outputsLost(unit, lease, fault)) }
                }
            }
        }
    }

    /// The worker is gone: nothing more comes of what is being fetched from it.
    func abandon(_ worker: WorkerID) { bulk.forget(worker) }

    private func hold(_ attempt: Attempt, of unit: WorkUnitID) {
        jobs.withLock { jobs in
            guard let held = jobs[unit.job], unit.round >= held.round,
                attempt.number >= held.units[unit.index]?.number ?? 0
            else { return }
            jobs[unit.job]?.units[unit.index] = attempt
        }
    }

    /// Holds outputs, on the disk where they must survive, and tells the scheduler.
    func keep(_ arrival: Arrival) throws(Fault) {
        guard let held = jobs.withLock({ $0[arrival.unit.job] }) else { return }
        if held.keeps {
            for (index, frame) in arrival.frames.enumerated() {
                try held.directory.keep(frame, as: Self.name(arrival.unit, index))
            }
        } else {
            hold(
                Attempt(
                    number: arrival.lease.attempt, references: arrival.references,
                    frames: arrival.frames),
                of: arrival.unit)
        }
        events.post(.outputsStored(arrival.unit, arrival.lease))
    }

    private static let prefix = "output-"

    private static func name(_ unit: WorkUnitID, _ index: Int) -> String {
        "\(prefix)\(unit.round)-\(unit.index)-\(index)"
    }

    /// The outputs of a round that is reduced now, in the order of its units.
    func take(round: Int, of job: JobID, _ outcomes: [UnitOutcome]) -> RoundOutputs {
        let held = jobs.withLock { $0[job] }
        let measures = outcomes.map(\.measures)
        let done = held?.lastDoneMilliseconds ?? monotonicMilliseconds()
        return RoundOutputs(
            count: outcomes.count, measures: measures, doneMilliseconds: done
        ) { index, isChecked in
            guard let held else { return nil }
            let outcome = outcomes[index]
            if let attempt = held.units[index], attempt.references == outcome.outputs {
                return attempt.frames
            }
            let unit = WorkUnitID(job: job, round: round, index: index)
            var frames: [Frame] = []
            for (position, reference) in outcome.outputs.enumerated() {
                let name = Self.name(unit, position)
                guard let frame = held.directory.load(name, isChecked: isChecked),
                    isChecked ? frame.count == reference.size : Self.isMeant(frame, by: reference)
                else { return nil }
                frames.append(frame)
            }
            return frames
        }
    }

    /// A file that is sound may be that of an attempt which does not count: one that was made after
    /// the files of the counted one were lost, and was not journaled before the coordinator died.
    private static func isMeant(_ frame: Frame, by reference: PayloadReference) -> Bool {
        frame.count == reference.size
            && (reference.checksum == 0
                || reference.checksum == Checksum.of(frame, inPiecesOf: reference.pieceBytes))
    }

    /// The round is reduced, and what came of it is safe.
    func reduced(round: Int, of job: JobID) {
        let held = jobs.withLock { jobs in
            jobs[job]?.units = [:]
            jobs[job]?.lastDoneMilliseconds = nil
            jobs[job]?.round = round + 1
            return jobs[job]
        }
        if held?.keeps == true { held?.directory.removeAll(beginningWith: Self.prefix) }
    }
}

/// What the units of a round left. Files among it are mapped when they are asked for, so that no
/// more of them need be in memory at once than a reduction works on.
struct RoundOutputs {
    let count: Int
    /// What each unit measured; names and values are its worker's.
    let measures: [[String: Double]]
    /// When the last unit was done, by this machine's clock; its outputs came later.
    let doneMilliseconds: Int64
    private let load: (Int, _ isChecked: Bool) -> [Frame]?

    init(
        count: Int, measures: [[String: Double]] = [],
        doneMilliseconds: Int64 = monotonicMilliseconds(),
        load: @escaping (Int, _ isChecked: Bool) -> [Frame]?
    ) {
        self.count = count
        self.measures = measures
        self.doneMilliseconds = doneMilliseconds
        self.load = load
    }

    /// Nil if the outcome of the unit that counts is not there or is damaged.
    ///
    /// - Parameter isChecked: whether they were asked for before, and so are known to be whole.
    func frames(of unit: Int, isChecked: Bool = false) -> [Frame]? { load(unit, isChecked) }

    private static let sumMax = 1e18

    /// The sum of a figure over the units; nil where workers said what no unit can have measured.
    func sum(of name: String) -> Double? {
        let values = measures.compactMap { $0[name] }
        let sum = values.reduce(0, +)
        return (0...Self.sumMax).contains(sum) && !values.isEmpty ? sum : nil
    }

    /// All at once, and the units of which the outputs are gone.
    var all: (frames: [[Frame]], gone: [Int]) {
        let taken = (0..<count).map { frames(of: $0) }
        return (taken.compactMap { $0 }, taken.indices.filter { taken[$0] == nil })
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
