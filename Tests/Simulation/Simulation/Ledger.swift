// The simulated journal: transactions that are there as a whole or not at all, in their order, and
// what they come to; as `Journal` keeps them in its tables.

import Cluster
import Protocol

struct Ledger {
    struct Row {
        var recovered: RecoveredJob
        /// The leases of the units of the newest round that are done.
        var done: [Int: Lease] = [:]
    }

    private enum Transaction {
        case epoch
        case entries([JournalEntry])
    }

    private(set) var epoch: UInt64 = 0
    private(set) var rows: [JobID: Row] = [:]
    /// In the order of submission.
    var jobs: [JobID] { submitted }
    private var submitted: [JobID] = []
    private var ended: [JobID] = []
    private var transactions: [Transaction] = []
    /// So many are on the disk itself; the others are in the hands of the operating system.
    private var synced = 0

    mutating func raiseEpoch() -> UInt64 {
        transactions.append(.epoch)
        synced = transactions.count
        epoch += 1
        return epoch
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
            case .epoch: epoch += 1
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
        let job = entry.job
        if case .jobSubmitted(_, let key, let spec, let wall) = entry {
            if rows[job] != nil { return "\(job) is submitted twice" }
            submitted.append(job)
            rows[job] = Row(
                recovered: RecoveredJob(
                    job: job, key: key, spec: spec, submittedAtMilliseconds: wall))
            return nil
        }
        // No copy of the row may live on: it would be copied as a whole with every change.
        guard rows[job] != nil else { return "\(job) was never submitted, but \(entry)" }
        let isOver = rows[job]?.recovered.ended != nil
        let open = rows[job]?.recovered.round?.summary.number
        switch entry {
        case .roundReduced(_, let number):
            if open != number {
                return "\(job) reduced round \(number)"
            }
            // The entries of the round go.
            rows[job]?.recovered.round = nil
            rows[job]?.done = [:]
        case .roundStarted: rows[job]?.done = [:]
        case .unitDone(let unit, let lease, _):
            if open != unit.round {
                return "\(unit) is done, but its round is not open"
            }
            rows[job]?.done[unit.index] = lease
        case .jobEnded:
            rows[job]?.done = [:]
            ended.append(job)
        case .jobRetried:
            if !isOver { return "\(job) is retried, but it is not over" }
            ended.removeAll { $0 == job }
        case .jobSubmitted, .unitAssigned, .unitFailed, .unitSplit: break
        }
        if isOver, case .jobRetried = entry {} else if isOver { return "\(job) is over: \(entry)" }
        rows[job]?.recovered.apply(entry)
        return nil
    }
}
