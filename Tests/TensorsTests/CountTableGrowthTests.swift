// A vocabulary that is joined by the words of a new text.

import Testing

import Tensors

private func table(
    _ counts: KeyValuePairs<String, UInt64>, _ order: CountTable.Order,
    tallies: [UInt64] = [0, 0, 0, 0]
) throws -> CountTable {
    var builder = try CountTableBuilder(
        order: order, entries: counts.count,
        keyBytes: counts.reduce(0) { $0 + $1.key.utf8.count }, tallies: tallies)
    for (key, count) in counts {
        try Array(key.utf8).withUnsafeBytes { try builder.append(key: $0, count: count) }
    }
    return try builder.finish()
}

private func entries(_ table: CountTable) -> [String] {
    (0..<table.entries).map { index in
        let key = table.withKey(at: index) { String(decoding: $0, as: UTF8.self) }
        return "\(key) \(table.count(at: index))"
    }
}

@Suite struct CountTableGrowthTests {
    @Test("counts are added, frequent new keys join, and known ones stay however rare")
    func growth() throws {
        let known = try table(["b": 9, "d": 5, "a": 3, "f": 3], .rank, tallies: [1, 1, 1, 1])
        let text = try table(
            ["a": 1, "c": 8, "d": 4, "e": 4, "g": 6], .key, tallies: [4, 3, 2, 1])
        let grown = try known.grown(by: text, minimum: 5)
        #expect(entries(grown) == ["b 9", "d 9", "c 8", "g 6", "a 4", "f 3"])
        #expect(grown.order == .rank && grown.total == 39 && grown.tallies == [4, 3, 2, 1])
    }

    @Test("a limit keeps the rarest new keys out, and no known one")
    func limit() throws {
        let known = try table(["b": 9, "d": 5], .rank)
        let text = try table(["a": 7, "c": 8, "e": 7], .key)
        #expect(entries(try known.grown(by: text, minimum: 1, limit: 3)) == ["b 9", "c 8", "d 5"])
        let four = try known.grown(by: text, minimum: 1, limit: 4)
        #expect(entries(four) == ["b 9", "c 8", "a 7", "d 5"])
        let met = try table(["a": 7, "d": 1], .key)
        #expect(entries(try known.grown(by: met, minimum: 1, limit: 1)) == ["b 9", "d 6"])
    }

    @Test("a text of which nothing is kept, sums past 64 bits and other orders are refused")
    func refusals() throws {
        let known = try table(["b": .max - 1], .rank)
        #expect(throws: CountTableError.nothingLeft(minimum: 5, largest: 4, entries: 1)) {
            try known.grown(by: try table(["a": 4], .key), minimum: 5)
        }
        #expect(throws: CountTableError.unmergeable(reason: "the counts pass 64 bits")) {
            try known.grown(by: try table(["b": 2], .key), minimum: 5)
        }
        #expect(throws: CountTableError.self) { try known.grown(by: known, minimum: 5) }
    }
}
