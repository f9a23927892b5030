// The simulated journal: transactions that are there as a whole or not at all, in their order, and
// what they come to; as `Journal` keeps them in its tables.

import Cluster
import Protocol

struct Ledger {
    struct Row {
        var recovered: RecoveredJob
        /// The newest round, and the leases of its units that are done. Looked up, never iterated.
        var round: Int?
        var done: [Int: Lease] = [:]
    }

    private enum Transaction {
        case epoch
        case entries([JournalEntry])
    }

    private(set) var epoch: UInt64 = 0
    private(set) var rows: [JobID: Row] = [:]
    private var submitted: [JobID] = []
    private var ended: [JobID] = []
    private var transactions: [Transaction] = []
    /// So many are on the disk itself; the others are in the hands of the operating system.
    private var synced = 0

    mutating func raiseEpoch() -> UInt64 {
        transactions.append(.epoch)
        synced = transactions.count
        beginEpoch()
        return epoch
    }

    private mutating func beginEpoch() {
        epoch += 1
        for job in submitted {
            rows[job]?.round = nil
            rows[job]?.done = [:]
        }
    }

    /// - Returns: why the tables refuse it.
    mutating func commit(_ entries: [JournalEntry]) -> String? {
        transactions.append(.entries(entries))
        if entries.contains(where: \.isPromise) { synced = transactions.count }
        for entry in entries {
            if let complaint = apply(entry) { return complaint }
        }
        return nil
    }

    /// The process is gone; with the power also goes what was not synced, from some transaction on.
    mutating func crash(losingPower: Bool, _ chance: inout Chance) {
        guard losingPower, synced < transactions.count else { return }
        let kept = chance.between(synced, transactions.count)
        let survivors = transactions.prefix(kept)
        self = Ledger()
        for transaction in survivors {
            transactions.append(transaction)
            switch transaction {
            case .epoch: beginEpoch()
            case .entries(let entries): for entry in entries { _ = apply(entry) }
            }
        }
        synced = transactions.count
    }

    /// Jobs that ended, oldest first, then those to be run, in the order of submission.
    var recovered: [RecoveredJob] {
        let open = submitted.filter { rows[$0]?.recovered.ended == nil }
        return (ended + open).compactMap { rows[$0]?.recovered }
    }

    private mutating func apply(_ entry: JournalEntry) -> String? {
        switch entry {
        case .jobSubmitted(let job, let key, let spec, let wall):
            if rows[job] != nil { return "\(job) is submitted twice" }
            submitted.append(job)
            rows[job] = Row(
                recovered: RecoveredJob(
                    job: job, key: key, spec: spec, submittedAtMilliseconds: wall))
        case .roundStarted(let job, let number, _):
            rows[job]?.round = number
            rows[job]?.done = [:]
        case .unitDone(let unit, let lease, _):
            if let before = rows[unit.job]?.done[unit.index] {
                return "\(unit) is done by attempts \(before.attempt) and \(lease.attempt)"
            }
            if rows[unit.job]?.round != unit.round { return "\(unit) is done after its round" }
            rows[unit.job]?.done[unit.index] = lease
        case .roundReduced(let job, let number):
            if rows[job]?.round != number { return "\(job) reduced round \(number)" }
            rows[job]?.round = nil
            rows[job]?.done = [:]
        case .jobEnded(let job, let status):
            if rows[job] == nil { return "\(job) ended, but was never submitted" }
            rows[job]?.recovered.ended = status
            rows[job]?.round = nil
            rows[job]?.done = [:]
            ended.append(job)
        }
        return nil
    }
}
