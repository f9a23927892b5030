// Tables of pairs: what is written is read, sums add up, and tables that lie are refused.

import Files
import Tensors
import TestSupport
import Testing

private func write(
    _ parts: [[Cooccurrence]], vocabulary: Int = 1_000, symmetric: Bool = true, to path: String
) throws {
    let writer = try CooccurrenceWriter(
        path: path, vocabulary: vocabulary, parts: parts.count, isSymmetric: symmetric)
    for part in parts {
        for pair in part { try writer.append(pair) }
        writer.endPart()
    }
    try writer.finish()
}

private func pairs(_ table: CooccurrenceTable, _ part: Int = 0) throws -> [Cooccurrence] {
    var cursor = table.cursor(part)
    var pairs: [Cooccurrence] = []
    while let pair = try cursor.next() { pairs.append(pair) }
    return pairs
}

/// Runs of a random table: sorted, no pair twice.
private func random(_ count: Int, _ numbers: inout Numbers) -> [Cooccurrence] {
    var sums: [UInt64: UInt64] = [:]
    for _ in 0..<count {
        let (a, b) = (
            UInt64.random(in: 0..<50, using: &numbers),
            UInt64.random(in: 0..<1_000, using: &numbers)
        )
        sums[min(a, b) << 32 | max(a, b)] = UInt64.random(
            in: 1...(1 << UInt64.random(in: 0...50, using: &numbers)), using: &numbers)
    }
    return sums.sorted { $0.key < $1.key }.map {
        Cooccurrence(row: UInt32($0.key >> 32), column: UInt32($0.key & 0xFFFF_FFFF), sum: $0.value)
    }
}

@Suite("Tables of pairs")
struct CooccurrenceTests {
    @Test("pairs are read as they were written, part by part")
    func roundTrip() throws {
        let scratch = try Scratch()
        var numbers = Numbers(1)
        let parts = [random(500, &numbers), [], random(1, &numbers)]
        try write(parts, to: scratch.path("t"))
        let bytes = try bytes(of: scratch.path("t"))
        try bytes.withUnsafeBytes { bytes in
            let table = try CooccurrenceTable(bytes)
            #expect(table.pairs == parts.reduce(0) { $0 + $1.count } && table.isSymmetric)
            #expect(table.vocabulary == 1_000 && table.parts == 3)
            for (index, part) in parts.enumerated() {
                #expect(try pairs(table, index) == part)
                #expect(table.count(of: index) == part.count)
            }
            try table.validate()
        }
    }

    @Test("a merge adds the sums of equal pairs, whatever the number of tables", arguments: 1...9)
    func merge(count: Int) throws {
        let scratch = try Scratch()
        var numbers = Numbers(count)
        var sums: [UInt64: UInt64] = [:]
        var files: [CooccurrenceHolder] = []
        for index in 0..<count {
            let part = random(300, &numbers)
            for pair in part {
                sums[UInt64(pair.row) << 32 | UInt64(pair.column), default: 0] += pair.sum
            }
            try write([part], to: scratch.path("\(index)"))
            files.append(try CooccurrenceHolder(scratch.path("\(index)")))
        }
        let total = try CooccurrenceMerge.write(files.map(\.table), to: scratch.path("m"))
        let merged = try CooccurrenceHolder(scratch.path("m"))
        let found = try pairs(merged.table)
        #expect(total == sums.count && found.count == total)
        for pair in found {
            #expect(sums[UInt64(pair.row) << 32 | UInt64(pair.column)] == pair.sum)
        }
    }

    @Test("tables of other shapes, and sums that overflow, are not merged")
    func unmergeable() throws {
        let scratch = try Scratch()
        let full = [Cooccurrence(row: 1, column: 2, sum: .max)]
        try write([full], to: scratch.path("a"))
        try write([full], vocabulary: 999, to: scratch.path("b"))
        try write([full], symmetric: false, to: scratch.path("c"))
        let names = ["a", "b", "c"]
        let files = try names.map { try CooccurrenceHolder(scratch.path($0)) }
        for other in files {
            #expect(throws: CooccurrenceError.self) {
                try CooccurrenceMerge.write([files[0].table, other.table], to: scratch.path("m"))
            }
        }
        #expect(scratch.names == names)
    }

    @Test("a table that is cut off anywhere is refused")
    func truncation() throws {
        let scratch = try Scratch()
        var numbers = Numbers(5)
        try write([random(20, &numbers), random(20, &numbers)], to: scratch.path("t"))
        let whole = try bytes(of: scratch.path("t"))
        for count in 0..<whole.count {
            whole[0..<count].withUnsafeBytes { bytes in
                let table = try? CooccurrenceTable(bytes)
                #expect(table == nil, "\(count) bytes")
            }
        }
    }

    @Test("a table with a changed byte is refused, or its pairs are in order and in range")
    func mutation() throws {
        let scratch = try Scratch()
        var numbers = Numbers(6)
        try write([random(40, &numbers), random(20, &numbers)], to: scratch.path("t"))
        let whole = try bytes(of: scratch.path("t"))
        var refused = 0
        for place in whole.indices {
            for value in [UInt8(0), 1, 0x7F, 0x80, 0xFF] where whole[place] != value {
                var bytes = whole
                bytes[place] = value
                bytes.withUnsafeBytes { bytes in
                    guard let table = try? CooccurrenceTable(bytes) else { return refused += 1 }
                    for part in 0..<table.parts {
                        var (cursor, last) = (table.cursor(part), -1)
                        while let pair = try? cursor.next() {
                            let key = Int(pair.row) << 32 | Int(pair.column)
                            #expect(key > last && pair.sum > 0)
                            #expect(Int(pair.column) < table.vocabulary)
                            #expect(!table.isSymmetric || pair.row <= pair.column)
                            last = key
                        }
                    }
                }
            }
        }
        #expect(refused > 200)
    }
}

/// The bytes of a table, and the table that points into them.
private final class CooccurrenceHolder {
    let table: CooccurrenceTable
    private let file: MappedFile

    init(_ path: String) throws {
        file = try MappedFile(path: path)
        table = try CooccurrenceTable(file.bytes)
    }
}
