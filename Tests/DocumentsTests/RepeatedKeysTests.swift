// Keys that occur twice: every one is found, whatever fits into memory.

import TestSupport
import Testing

@testable import Documents

@Suite struct RepeatedKeysTests {
    private struct Repeat: Hashable {
        let number: Int
        let first: Int
    }

    private func repeats(
        of keys: [UInt64], keysMax: Int, in scratch: Scratch
    ) throws -> Set<Repeat> {
        var finder = RepeatedKeys(scratch: scratch.path("keys"), keysMax: keysMax)
        // Most keys share their upper half, as chance would never have it.
        for (number, key) in keys.enumerated() {
            try finder.add(high: key % 3, low: key, number: number)
        }
        var found: Set<Repeat> = []
        finder.finish { found.insert(Repeat(number: $0, first: $1)) }
        #expect(scratch.names.isEmpty, "files are left over")
        return found
    }

    @Test("every repeat is found with the first of its key, however little memory there is")
    func all() throws {
        let scratch = try Scratch()
        var generator = Numbers(7)
        let keys = (0..<5_000).map { _ in UInt64.random(in: 0..<2_500, using: &generator) }
        var firsts: [UInt64: Int] = [:]
        var expected: Set<Repeat> = []
        for (number, key) in keys.enumerated() {
            if let first = firsts[key] {
                expected.insert(Repeat(number: number, first: first))
            } else {
                firsts[key] = number
            }
        }
        try #require(expected.count > 1_000)
        for keysMax in [1 << 21, 5_000, 4_999, 2_500, 700, 50] {
            #expect(try repeats(of: keys, keysMax: keysMax, in: scratch) == expected)
        }
        #expect(try repeats(of: Array(0..<100), keysMax: 9, in: scratch).isEmpty)
        #expect(try repeats(of: [], keysMax: 9, in: scratch).isEmpty)
    }
}
