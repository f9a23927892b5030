// Tables of counts: layout, merging, ranking, and bytes that are not what they claim.

import Testing

import Tensors

private func table(
    _ counts: [String: UInt64], tallies: [UInt64] = [0, 0, 0, 0]
) throws -> CountTable {
    let keys = counts.keys.map { Array($0.utf8) }.sorted { $0.lexicographicallyPrecedes($1) }
    var builder = try CountTableBuilder(
        entries: keys.count, keyBytes: keys.map(\.count).reduce(0, +), tallies: tallies)
    for key in keys {
        try key.withUnsafeBytes {
            try builder.append(key: $0, count: counts[String(decoding: key, as: UTF8.self)] ?? 0)
        }
    }
    return try builder.finish()
}

private func payload(_ table: CountTable) -> [UInt8] {
    table.withPayload { Array($0) }
}

private func entries(_ table: CountTable) -> [(String, UInt64)] {
    (0 ..< table.entries).map { index in
        (table.withKey(at: index) { String(decoding: $0, as: UTF8.self) }, table.count(at: index))
    }
}

@Suite struct CountTableTests {
    @Test("a payload reads back as it was built, at any alignment")
    func roundTrip() throws {
        let original = try table(["b": 2, "a": 1, "ab": 7, "é": 3], tallies: [4, 3, 2, 1])
        for shift in 0 ..< 8 {
            let shifted = [UInt8](repeating: 0xee, count: shift) + payload(original)
            let copy = try shifted.withUnsafeBytes {
                let view = try CountTable(
                    payload: UnsafeRawBufferPointer(rebasing: $0[shift...]), owner: Owner())
                return (entries(view).map(\.0), entries(view).map(\.1), view.total, view.tallies)
            }
            #expect(copy.0 == ["a", "ab", "b", "é"])
            #expect(copy.1 == [1, 7, 2, 3])
            #expect(copy.2 == 13)
            #expect(copy.3 == [4, 3, 2, 1])
        }
    }

    @Test("merging parts equals counting the whole, in whatever order they come")
    func mergeEqualsWhole() throws {
        var generator = SystemRandomNumberGenerator()
        var parts = [[String: UInt64]](repeating: [:], count: 5)
        var whole: [String: UInt64] = [:]
        for _ in 0 ..< 3000 {
            let length = Int.random(in: 1 ... 12, using: &generator)
            let key = String((0 ..< length).map { _ in "ab".randomElement() ?? "a" })
            parts[Int.random(in: 0 ..< 4, using: &generator)][key, default: 0] += 1
            whole[key, default: 0] += 1
        }
        let tables = try parts.map { try table($0, tallies: [1, 10, 100, 0]) }
        let merged = try CountTable.merge(tables)
        #expect(try payload(merged) == payload(table(whole, tallies: [5, 50, 500, 0])))
        let reversed = try CountTable.merge(tables.reversed())
        #expect(payload(merged) == payload(reversed))
    }

    @Test("nothing merges to an empty table, and one table to itself")
    func mergeOfFew() throws {
        #expect(try CountTable.merge([]).entries == 0)
        let one = try table(["x": 3])
        #expect(try payload(CountTable.merge([one])) == payload(one))
    }

    @Test("sums that pass 64 bits are refused")
    func mergeOverflow() throws {
        let half = try table(["x": 1 << 63])
        #expect(throws: CountTableError.self) { try CountTable.merge([half, half]) }
        let other = try table(["y": 1 << 63])
        #expect(throws: CountTableError.self) { try CountTable.merge([half, other]) }
        let tallies = try table(["z": 1], tallies: [.max, 0, 0, 0])
        #expect(throws: CountTableError.self) { try CountTable.merge([tallies, tallies]) }
    }

    @Test("a ranking goes by count, then by bytes, and keeps what reaches the minimum")
    func ranking() throws {
        let ranked = try table(["d": 5, "a": 2, "b": 5, "c": 1, "e": 9]).pruned(minimum: 2)
        #expect(entries(ranked).map(\.0) == ["e", "b", "d", "a"])
        #expect(ranked.total == 21)
        #expect(ranked.order == .rank)
        #expect(try ranked.pruned(minimum: 5, limit: 2).entries == 2)
        #expect(entries(try ranked.pruned(minimum: 1, limit: 3)).map(\.0) == ["e", "b", "d"])
    }

    @Test("a minimum that nothing reaches names the largest count")
    func nothingLeft() throws {
        #expect(throws: CountTableError.nothingLeft(minimum: 10, largest: 9, entries: 2)) {
            try table(["a": 9, "b": 1]).pruned(minimum: 10)
        }
        #expect(
            CountTableError.nothingLeft(minimum: 10, largest: 9, entries: 2).description
                .contains("occurs 9 times"))
    }

    @Test("a ranked table cannot be merged")
    func rankedMerge() throws {
        let ranked = try table(["a": 1]).pruned(minimum: 1)
        #expect(throws: CountTableError.self) { try CountTable.merge([ranked, ranked]) }
    }

    @Test("36: every truncation and every changed byte is refused or harmless")
    func hostileBytes() throws {
        let good = try payload(table(["a": 1, "bb": 2, "ccc": 300], tallies: [1, 2, 3, 4]))
        for count in 0 ..< good.count {
            #expect(throws: CountTableError.self) { try CountTable(Array(good[..<count])) }
        }
        #expect(throws: CountTableError.self) { try CountTable(good + [0]) }
        for index in good.indices {
            for value: UInt8 in [0, 1, 0x7f, 0x80, 0xff] where good[index] != value {
                var bad = good
                bad[index] = value
                guard let survivor = try? CountTable(bad) else { continue }
                #expect(entries(survivor).count == 3)
            }
        }
    }

    @Test("keys out of order, repeated or empty, and counts of zero are refused")
    func hostileOrder() throws {
        let good = try payload(table(["a": 1, "b": 2]))
        var swapped = good
        swapped.swapAt(swapped.count - 1, swapped.count - 2)
        #expect(throws: CountTableError.self) { try CountTable(swapped) }
        var repeated = good
        repeated[repeated.count - 1] = UInt8(ascii: "a")
        #expect(throws: CountTableError.self) { try CountTable(repeated) }
        var zero = good
        zero[96] = 0
        zero[48] = 2
        #expect(throws: CountTableError.self) { try CountTable(zero) }
    }
}

private final class Owner: Sendable {}
