// Fields of passages: what is written comes back, filters mean what they say, damage is refused.

import TestSupport
import Testing

@testable import Retrieval

@Suite("Fields of passages")
struct MetadataTests {
    @Test("values come back as they were", arguments: [0, 1, 63, 64, 65, 1_000])
    func roundTrip(count: Int) throws {
        var numbers = Numbers(count + 1)
        let values = FieldSamples.values(count, &numbers)
        let table = try FieldSamples.table(values)
        #expect(table.fields == FieldSamples.names && table.passages == count)
        for (passage, row) in values.enumerated() {
            for (field, value) in row.enumerated() {
                let expected = value == .strings([]) ? .missing : value
                #expect(try table.value(field, of: passage) == expected)
            }
        }
        if count == 1_000 {
            let types = FieldSamples.names.indices.map { table.type(of: $0) }
            #expect(types == [.integer, .number, .string, .strings, .boolean, .none, .string])
        }
    }

    @Test("dictionaries of any size are coded", arguments: [256, 257, 65_536, 65_537])
    func widths(strings: Int) throws {
        var builder = try MetadataBuilder(fields: ["one", "many"])
        for index in 0..<strings {
            let text = "\(index &* 48_271 % 1_000_003)"
            try builder.append([.string(text), .strings([text, "x"])])
        }
        let table = try MetadataTable(copying: builder.bytes)
        for passage in stride(from: 0, to: strings, by: 97) {
            let text = "\(passage &* 48_271 % 1_000_003)"
            #expect(try table.value(0, of: passage) == .string(text))
            #expect(try table.value(1, of: passage) == .strings([text, "x"]))
            let one = try Filter("one = '\(text)' and many = '\(text)'").passages(
                strings, of: table)
            #expect(one.count == 1 && one.contains(passage))
        }
        #expect(try Filter("many = 'x'").passages(strings, of: table).count == strings)
    }

    @Test("a field has the type that all its values have together")
    func types() throws {
        var builder = try MetadataBuilder(fields: ["a", "b"])
        try builder.append([.missing, .missing])
        try builder.append([.integer(3), .string("x")])
        try builder.append([.number(2.5), .strings(["y", "z"])])
        try builder.append([.integer(-4), .string("w")])
        let table = try MetadataTable(copying: builder.bytes)
        #expect(table.type(of: 0) == .number && table.type(of: 1) == .strings)
        #expect(try table.value(0, of: 1) == .number(3) && table.value(0, of: 3) == .number(-4))
        #expect(try table.value(1, of: 1) == .strings(["x"]))
        #expect(try table.value(0, of: 0) == .missing)
        var other = builder
        #expect(throws: MetadataError.types(field: "a", .number, .string)) {
            try other.append([.string("x"), .missing])
        }
        #expect(throws: MetadataError.types(field: "b", .strings, .boolean)) {
            try other.append([.missing, .boolean(true)])
        }
        #expect(throws: MetadataError.self) { try other.append([.number(.nan), .missing]) }
        #expect(throws: MetadataError.self) {
            try other.append([.integer(1 << 53 + 1), .missing])
        }
        #expect(throws: MetadataError.self) { try MetadataBuilder(fields: ["a", "a"]) }
        #expect(throws: MetadataError.self) { try MetadataBuilder(fields: [""]) }
    }

    @Test("a filter lets through what it says", arguments: 1...40)
    func oracle(seed: Int) throws {
        var numbers = Numbers(seed)
        let values = FieldSamples.values(Int.random(in: 0...300, using: &numbers), &numbers)
        let table = try FieldSamples.table(values)
        for round in 0..<60 {
            let filter = try Filter(FieldSamples.filter(round % 4, &numbers))
            let set = try filter.passages(values.count, of: table)
            let expected = values.indices.filter { filter.root.plainlyHolds(values[$0]) }
            var found: [Int] = []
            set.forEach { found.append($0) }
            #expect(found == expected && set.count == expected.count, "\(filter.text)")
            #expect(try filter.passages(values.count, of: table) == set)
        }
    }

    @Test("comparisons with numbers of the other type are exact")
    func exact() throws {
        let integers: [Int64] = [
            .min, .min + 1, -1 << 53 - 1, -1, 0, 1, 1 << 53 + 1, .max - 1, .max,
        ]
        let doubles: [Double] = [
            -1e300, -0x1p63, -0x1p53, -0.5, 0, 1.5, 0x1p53, 0x1p53 + 2, 0x1p63, 1e300,
        ]
        var builder = try MetadataBuilder(fields: ["year"])
        for integer in integers { try builder.append([.integer(integer)]) }
        let whole = try MetadataTable(copying: builder.bytes)
        builder = try MetadataBuilder(fields: ["year"])
        for double in doubles { try builder.append([.number(double)]) }
        let broken = try MetadataTable(copying: builder.bytes)
        let literals = integers.map { "\($0)" } + doubles.map { "\($0)" }
        for sign in ["=", "!=", "<", "<=", ">", ">="] {
            for literal in literals {
                let filter = try Filter("year \(sign) \(literal)")
                for (table, values) in [
                    (whole, integers.map { FieldValue.integer($0) }),
                    (broken, doubles.map { FieldValue.number($0) }),
                ] {
                    let set = try filter.passages(values.count, of: table)
                    for (index, value) in values.enumerated() {
                        let row = [value] + [FieldValue](repeating: .missing, count: 6)
                        #expect(
                            set.contains(index) == filter.root.plainlyHolds(row),
                            "\(filter.text): \(value)")
                    }
                }
            }
        }
    }

    @Test("a segment without a field, or without any, has no values in it")
    func absent() throws {
        #expect(try Filter("a = 1").passages(70, of: nil).count == 0)
        #expect(try Filter("a != 1 and not has(b)").passages(70, of: nil).count == 70)
        let table = try FieldSamples.table([])
        #expect(try Filter("nowhere != 1").passages(0, of: table).count == 0)
    }

    @Test("bytes that are cut or changed are refused, or are another table, and nothing traps")
    func damaged() throws {
        var numbers = Numbers(3)
        let bytes: [UInt8] = try {
            var builder = try MetadataBuilder(fields: FieldSamples.names)
            for row in FieldSamples.values(70, &numbers) { try builder.append(row) }
            return builder.bytes
        }()
        for count in 0..<bytes.count {
            #expect(throws: MetadataError.self) {
                _ = try MetadataTable(copying: Array(bytes[..<count]))
            }
        }
        for index in bytes.indices {
            var changed = bytes
            changed[index] ^= UInt8(1 << (index % 8))
            #expect(throws: MetadataError.self, "byte \(index)") { try Self.use(changed) }
        }
    }

    @Test("hostile tables with sound checksums are refused or stay in bounds", arguments: 1...20)
    func hostile(seed: Int) throws {
        var numbers = Numbers(seed)
        var builder = try MetadataBuilder(fields: FieldSamples.names)
        for row in FieldSamples.values(70, &numbers) { try builder.append(row) }
        let bytes = builder.bytes
        for _ in 0..<400 {
            var changed = bytes
            for _ in 0..<Int.random(in: 1...3, using: &numbers) {
                let place = Int.random(in: 0..<changed.count, using: &numbers)
                changed[place] = [0, 1, 0x7f, 0xff].randomElement(using: &numbers) ?? 0
            }
            _ = try? Self.use(Self.summed(changed))
        }
    }

    /// With the checksums that belong to it.
    private static func summed(_ bytes: [UInt8]) -> [UInt8] {
        var bytes = bytes
        func put(_ value: UInt64, at place: Int) {
            withUnsafeBytes(of: value.littleEndian) {
                bytes.replaceSubrange(place..<place + 8, with: $0)
            }
        }
        func long(_ place: Int) -> Int {
            bytes.withUnsafeBytes {
                Int(truncatingIfNeeded: $0.loadUnaligned(fromByteOffset: place, as: Int64.self))
            }
        }
        for field in FieldSamples.names.indices {
            let at = 48 + 64 * field
            let (start, length) = (long(at + 16), long(at + 24))
            guard start >= 0, length >= 0, start <= bytes.count, length <= bytes.count - start
            else { continue }
            put(
                bytes[start..<start + length].withUnsafeBytes { MetadataLayout.checksum($0) },
                at: at + 32)
        }
        put(0, at: 32)
        let head = long(40)
        guard head >= 0, head <= bytes.count else { return bytes }
        put(bytes[..<head].withUnsafeBytes { fingerprintFNV($0) }, at: 32)
        return bytes
    }

    /// Reads all of it.
    private static func use(_ bytes: [UInt8]) throws {
        let table = try MetadataTable(copying: bytes)
        let known = table.fields.enumerated().map {
            FieldEntry(name: $1, type: table.type(of: $0), passages: 0)
        }
        for field in table.fields.indices {
            for passage in 0..<min(table.passages, 200) { _ = try table.value(field, of: passage) }
        }
        var numbers = Numbers(1)
        for _ in 0..<20 {
            let filter = try Filter(FieldSamples.filter(1, &numbers))
            guard (try? filter.check(known)) != nil else { continue }
            _ = try filter.passages(table.passages, of: table)
        }
    }
}
