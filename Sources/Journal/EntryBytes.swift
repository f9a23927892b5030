// Numbers, texts and outcomes as bytes and back, every length checked.

import Protocol

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

    private let names: NameCache

    init(_ bytes: UnsafeRawBufferPointer, names: NameCache) {
        self.bytes = bytes
        self.names = names
    }

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

    mutating func part(_ count: Int) throws -> UnsafeRawBufferPointer {
        guard count <= bytes.count - position else { throw EntryError.short }
        defer { position += count }
        return UnsafeRawBufferPointer(rebasing: bytes[position..<position + count])
    }

    mutating func text() throws -> String {
        String(decoding: try part(try count()), as: UTF8.self)
    }

    mutating func name() throws -> String { names.text(try part(try count())) }

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
        let figures = try count()
        guard figures <= bytes.count else { throw EntryError.short }
        // Not reserveCapacity, which is generic code and takes a tenth of a start.
        outcome.measures = Dictionary(minimumCapacity: figures)
        for _ in 0..<figures {
            let name = try text()
            outcome.measures[name] = Double(bitPattern: try bits())
        }
        return outcome
    }
}
