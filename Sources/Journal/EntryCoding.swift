// Entries of a job as bytes and back: short, because a ledger may hold a million of them.

import Cluster
import Protocol

/// The numbers are part of the file's format.
enum EntryKind: Int64 {
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
    var coded: (kind: EntryKind, bytes: [UInt8])? {
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
    init(_ kind: EntryKind, _ bytes: UnsafeRawBufferPointer, of job: JobID) throws {
        var input = EntryReader(bytes)
        switch kind {
        case .roundStarted:
            self = .roundStarted(
                job, try JournalText.decode(RoundSummary.self, try input.text()))
        case .unitAssigned:
            let (unit, lease) = try input.attempt(of: job)
            self = .unitAssigned(unit, lease, WorkerID(try input.text()))
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

enum EntryError: Error { case short, excess, unknownKind }

struct EntryWriter {
    private(set) var bytes: [UInt8] = []

    /// Seven bits a byte, the lowest first.
    mutating func number(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    mutating func text(_ text: String) {
        number(UInt64(text.utf8.count))
        bytes += text.utf8
    }

    mutating func bits(_ value: UInt64) {
        for shift in stride(from: 0, to: 64, by: 8) {
            bytes.append(UInt8(truncatingIfNeeded: value >> UInt64(shift)))
        }
    }

    mutating func attempt(_ unit: WorkUnitID, _ lease: Lease) {
        number(UInt64(unit.round))
        number(UInt64(unit.index))
        number(lease.epoch)
        number(UInt64(lease.attempt))
        bits(lease.token)
    }

    mutating func outcome(_ outcome: UnitOutcome) {
        number(UInt64(outcome.outputs.count))
        for output in outcome.outputs {
            text(output.id)
            number(UInt64(output.size))
            bits(output.checksum)
        }
        number(UInt64(outcome.measures.count))
        for (name, value) in outcome.measures.sorted(by: { $0.key < $1.key }) {
            text(name)
            bits(value.bitPattern)
        }
    }
}

struct EntryReader {
    private let bytes: UnsafeRawBufferPointer
    private var position = 0

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    var isAtEnd: Bool { position == bytes.count }

    mutating func number() throws -> UInt64 {
        var value: UInt64 = 0
        for shift in stride(from: 0, to: 64, by: 7) {
            guard position < bytes.count else { throw EntryError.short }
            let byte = bytes[position]
            position += 1
            value |= UInt64(byte & 0x7f) << UInt64(shift)
            if byte < 0x80 { return value }
        }
        throw EntryError.excess
    }

    mutating func count() throws -> Int {
        guard let value = Int(exactly: try number()) else { throw EntryError.excess }
        return value
    }

    mutating func text() throws -> String {
        let count = try count()
        guard count <= bytes.count - position else { throw EntryError.short }
        defer { position += count }
        return String(decoding: bytes[position..<position + count], as: UTF8.self)
    }

    mutating func bits() throws -> UInt64 {
        guard bytes.count - position >= 8 else { throw EntryError.short }
        defer { position += 8 }
        return UInt64(
            littleEndian: bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self))
    }

    mutating func attempt(of job: JobID) throws -> (WorkUnitID, Lease) {
        let round = try count()
        let unit = WorkUnitID(job: job, round: round, index: try count())
        let epoch = try number()
        let attempt = try count()
        return (unit, Lease(epoch: epoch, attempt: attempt, token: try bits()))
    }

    mutating func outcome() throws -> UnitOutcome {
        var outcome = UnitOutcome(outputs: [], measures: [:])
        for _ in 0..<(try count()) {
            let id = try text()
            let size = try count()
            outcome.outputs.append(
                PayloadReference(id: id, size: size, checksum: try bits()))
        }
        for _ in 0..<(try count()) {
            let name = try text()
            outcome.measures[name] = Double(bitPattern: try bits())
        }
        return outcome
    }
}
