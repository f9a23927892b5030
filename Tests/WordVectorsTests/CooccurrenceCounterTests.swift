// Counting pairs: the same as counting by hand, for every window, memory and number of threads.

import Files
import Tensors
import TestSupport
import Testing

@testable import WordVectors

private func text(words: Int, vocabulary: Int, sentence: Int, seed: Int) -> [Int32] {
    var numbers = Numbers(seed)
    var ids: [Int32] = []
    while ids.count < words {
        for _ in 0..<Int.random(in: 1...sentence, using: &numbers) {
            // Frequent words have small ids.
            let draw = Double.random(in: 0..<1, using: &numbers)
            ids.append(Int32(draw * draw * draw * Double(vocabulary)))
        }
        ids.append(-1)
    }
    return ids
}

private struct Pair: Hashable, Comparable {
    let row: UInt32
    let column: UInt32
    static func < (a: Self, b: Self) -> Bool { (a.row, a.column) < (b.row, b.column) }
}

/// What counting means, in the plainest way.
private func byHand(_ ids: [Int32], window: Int, symmetric: Bool) -> [Pair: UInt64] {
    var sums: [Pair: UInt64] = [:]
    for sentence in ids.split(separator: -1) {
        let words = sentence.map { UInt32($0) }
        for (place, word) in words.enumerated() {
            for distance in 1...window where distance <= place {
                let weight = UInt64((1_048_576 / Double(distance)).rounded())
                let left = words[place - distance]
                if symmetric {
                    // Both orders, of which the upper triangle is kept.
                    let pair = Pair(row: min(word, left), column: max(word, left))
                    sums[pair, default: 0] += word == left ? 2 * weight : weight
                } else {
                    sums[Pair(row: word, column: left), default: 0] += weight
                }
            }
        }
    }
    return sums
}

private struct Counted {
    var pairs: [Pair: UInt64] = [:]
    var parts: [[Pair]] = []
    let runs: Int
    let bytes: [UInt8]
    let leftovers: [String]

    init(
        _ ids: [Int32], vocabulary: Int, settings: CooccurrenceSettings, threads: Int = 1
    ) throws {
        let scratch = try Scratch()
        let counter = CooccurrenceCounter(settings: settings, vocabulary: vocabulary)
        let path = scratch.path("pairs")
        let result = try ids.withUnsafeBufferPointer { ids in
            try counter.count(ids, to: path, threads: threads)
        }
        runs = result.runs
        leftovers = scratch.names
        bytes = try TestSupport.bytes(of: path)
        let file = try CooccurrenceFile(path: path)
        for part in 0..<CooccurrenceSettings.parts(blocks: settings.blocks) {
            var cursor = file.table.cursor(part)
            var list: [Pair] = []
            while let pair = try cursor.next() {
                list.append(Pair(row: pair.row, column: pair.column))
                pairs[list[list.count - 1]] = pair.sum
            }
            parts.append(list)
        }
        #expect(file.table.pairs == pairs.count && result.pairs == pairs.count)
    }
}

@Suite("Counting pairs")
struct CooccurrenceCounterTests {
    @Test(
        "every window gives what counting by hand gives", arguments: [1, 2, 5, 15, 64],
        [true, false])
    func window(_ window: Int, symmetric: Bool) throws {
        let ids = text(words: 4_000, vocabulary: 300, sentence: 90, seed: window)
        let counted = try Counted(
            ids, vocabulary: 300,
            settings: CooccurrenceSettings(window: window, isSymmetric: symmetric, blocks: 1))
        #expect(counted.pairs == byHand(ids, window: window, symmetric: symmetric))
        #expect(counted.parts[0] == counted.parts[0].sorted())
        #expect(counted.leftovers == ["pairs"])
    }

    @Test("little memory makes runs and the same bytes", arguments: [1, 3])
    func memory(blocks: Int) throws {
        let ids = text(words: 200_000, vocabulary: 200_000, sentence: 60, seed: 9)
        let roomy = try Counted(
            ids, vocabulary: 200_000,
            settings: CooccurrenceSettings(blocks: blocks, memoryBytes: 1 << 30))
        let tight = try Counted(
            ids, vocabulary: 200_000,
            settings: CooccurrenceSettings(blocks: blocks, memoryBytes: 16 << 20))
        #expect(roomy.runs == 1 && tight.runs > 3)
        #expect(roomy.bytes == tight.bytes)
        #expect(tight.pairs == byHand(ids, window: 15, symmetric: true))
        #expect(tight.leftovers == ["pairs"])
    }

    @Test("the number of threads changes no byte", arguments: [2, 5])
    func threads(_ threads: Int) throws {
        let ids = text(words: 40_000, vocabulary: 2_000, sentence: 40, seed: 4)
        let settings = CooccurrenceSettings(blocks: 4, memoryBytes: 200 << 20)
        let one = try Counted(ids, vocabulary: 2_000, settings: settings)
        let many = try Counted(ids, vocabulary: 2_000, settings: settings, threads: threads)
        #expect(many.bytes == one.bytes && many.runs == threads)
    }

    @Test("a pair is in the part of the blocks of its words", arguments: [2, 3, 64])
    func blocks(_ blocks: Int) throws {
        let ids = text(words: 20_000, vocabulary: 2_000, sentence: 40, seed: 5)
        let one = try Counted(ids, vocabulary: 2_000, settings: CooccurrenceSettings())
        let cut = try Counted(
            ids, vocabulary: 2_000, settings: CooccurrenceSettings(blocks: blocks))
        #expect(cut.pairs == one.pairs)
        for (index, part) in cut.parts.enumerated() {
            #expect(part == part.sorted())
            #expect(
                part.allSatisfy {
                    index
                        == CooccurrenceSettings.part(
                            Int($0.row) % blocks, Int($0.column) % blocks)
                })
        }
    }

    @Test("text without words, and words without company, have no pairs")
    func nothing() throws {
        for ids: [Int32] in [[], [-1], [0, -1, 1, -1]] {
            let counted = try Counted(ids, vocabulary: 2, settings: CooccurrenceSettings())
            #expect(counted.pairs.isEmpty)
        }
    }

    @Test("an id that is no word is named")
    func notAWord() throws {
        for id: Int32 in [-2, 7, .max] {
            #expect(
                throws: CooccurrenceCountError.notAWord(id: id, position: 3, vocabulary: 7)
            ) {
                try Counted([0, 1, -1, id, -1], vocabulary: 7, settings: CooccurrenceSettings())
            }
        }
    }
}
