// Entries of a job as bytes and back: short, because a ledger may hold a million of them.

package import Cluster
package import Protocol

/// The numbers are part of the file's format.
package enum EntryKind: Int64 {
    case roundStarted = 1
    case unitAssigned = 2
    case unitDone = 3
    case unitFailed = 4
    case unitLost = 5
    case unitSplit = 6
    case roundReduced = 7
}

extension JournalEntry {
    /// Nil for an entry that is written to the table of jobs itself.
    package var coded: (kind: EntryKind, bytes: [UInt8])? {
        get throws {
            var out = EntryWriter()
            switch self {
            case .jobSubmitted, .jobEnded, .jobRetried: return nil
            case .roundStarted(_, let summary):
                out.text(try JournalText.encode(summary))
                return (.roundStarted, out.bytes)
            case .unitAssigned(let unit, let lease, let worker):
                out.attempt(unit, lease)
                out.text(worker.text)
                return (.unitAssigned, out.bytes)
            case .unitDone(let unit, let lease, let outcome):
                out.attempt(unit, lease)
                out.outcome(outcome)
                return (.unitDone, out.bytes)
            case .unitFailed(let unit, let lease, let worker, let fault, let isLoss):
                out.attempt(unit, lease)
                out.text(worker.text)
                out.text(try JournalText.encode(fault))
                return (isLoss ? .unitLost : .unitFailed, out.bytes)
            case .unitSplit(let unit):
                out.number(UInt64(unit.round))
                out.number(UInt64(unit.index))
                return (.unitSplit, out.bytes)
            case .roundReduced(_, let number):
                out.number(UInt64(number))
                return (.roundReduced, out.bytes)
            }
        }
    }

    /// - Throws: if the bytes are not those of an entry of this kind.
    fileprivate init(_ kind: EntryKind, _ input: EntryReader, of job: JobID) throws {
        var input = input
        switch kind {
        case .roundStarted:
            self = .roundStarted(
                job, try JournalText.decode(RoundSummary.self, try input.text()))
        case .unitAssigned:
            let (unit, lease) = try input.attempt(of: job)
            self = .unitAssigned(unit, lease, WorkerID(try input.name()))
        case .unitDone:
            let (unit, lease) = try input.attempt(of: job)
            self = .unitDone(unit, lease, try input.outcome())
        case .unitFailed, .unitLost:
            let (unit, lease) = try input.attempt(of: job)
            let worker = WorkerID(try input.text())
            let fault = try JournalText.decode(Fault.self, try input.text())
            self = .unitFailed(unit, lease, worker, fault, isLoss: kind == .unitLost)
        case .unitSplit:
            let round = try input.count()
            self = .unitSplit(WorkUnitID(job: job, round: round, index: try input.count()))
        case .roundReduced:
            self = .roundReduced(job, number: try input.count())
        }
        guard input.isAtEnd else { throw EntryError.excess }
    }
}

/// The entries of one transaction that speak of the same job: one row of the file.
package struct EntryGroup {
    package private(set) var bytes: [UInt8] = []

    package init() {}

    package mutating func add(_ kind: EntryKind, _ body: [UInt8]) {
        var out = EntryWriter()
        out.number(UInt64(kind.rawValue))
        out.number(UInt64(body.count))
        bytes += out.bytes
        bytes += body
    }

    /// Visits the entries in order.
    package static func read(
        _ bytes: UnsafeRawBufferPointer, of job: JobID, names: NameCache,
        _ body: (JournalEntry) -> Void
    ) throws {
        var input = EntryReader(bytes, names: names)
        while !input.isAtEnd {
            guard let kind = EntryKind(rawValue: Int64(exactly: try input.number()) ?? 0) else {
                throw EntryError.unknownKind
            }
            let part = try input.part(try input.count())
            body(try JournalEntry(kind, EntryReader(part, names: names), of: job))
        }
    }
}

/// Names that come again and again are made once.
package final class NameCache {
    private var last = ""

    package init() {}

    func text(_ bytes: UnsafeRawBufferPointer) -> String {
        let isSame = last.utf8.withContiguousStorageIfAvailable { known in
            known.count == bytes.count
                && UnsafeRawBufferPointer(known).elementsEqual(bytes)
        }
        if isSame != true { last = String(decoding: bytes, as: UTF8.self) }
        return last
    }
}
