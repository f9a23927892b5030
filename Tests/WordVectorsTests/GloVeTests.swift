// GloVe as a whole: what it learns, that it repeats itself, and the order of its cells.

import CKernels
import Glibc
import Tensors
import TestSupport
import Testing

@testable import WordVectors

/// Words 0..<20 in two camps: a sentence takes seven of eight words from one of them. A pair that
/// never stands together is no cell, so that the camps have to meet now and then.
private func planted(sentences: Int) -> [Int32] {
    var numbers = Numbers(99)
    var ids: [Int32] = []
    for sentence in 0..<sentences {
        for _ in 0..<12 {
            let strays = Int.random(in: 0..<8, using: &numbers) == 0 ? 1 : 0
            let camp = (sentence + strays) % 2
            ids.append(Int32(Int.random(in: 0..<10, using: &numbers) + camp * 10))
        }
        ids.append(-1)
    }
    return ids
}

private struct Trained {
    let vectors: Matrix
    let words: Matrix
    var losses: [Double] = []

    init(
        _ ids: [Int32], epochs: Int = 100, threads: Int = 1, seed: UInt64 = 1,
        symmetric: Bool = true
    ) throws {
        let scratch = try Scratch()
        let counter = CooccurrenceCounter(
            settings: CooccurrenceSettings(window: 5, isSymmetric: symmetric), vocabulary: 20)
        _ = try ids.withUnsafeBufferPointer { ids in
            try counter.count(ids, to: scratch.path("pairs"), threads: 1)
        }
        let settings = try GloVeSettings(dim: 8, xMax: 1_000)
        let cells = try GloVeCells(
            shuffling: CooccurrenceFile(path: scratch.path("pairs")).table,
            settings: settings, seed: seed, path: scratch.path("cells"))
        let trainer = GloVeTrainer(settings: settings)
        words = try trainer.layout.matrix(rows: 20, seed: seed, threads: 1)
        let contexts = try trainer.layout.matrix(rows: 20, seed: ~seed, threads: 1)
        for _ in 0..<epochs {
            let summary = trainer.train(
                words: words, contexts: contexts, cells: cells,
                slices: Parallel.ranges(of: cells.count, threads: threads))
            losses.append(try #require(summary.loss))
            #expect(summary.skipped == 0 && summary.cells == cells.count)
        }
        vectors = try trainer.layout.values(of: words, plus: contexts, threads: 1)
    }

    var bits: [UInt32] {
        UnsafeBufferPointer(start: words.base, count: words.rows * words.stride).map(\.bitPattern)
    }

    func neighbours(of word: Int) -> [Int] {
        func cosine(_ a: Int, _ b: Int) -> Float {
            func dot(_ a: Int, _ b: Int) -> Float {
                (0..<vectors.columns).reduce(0) { $0 + vectors.row(a)[$1] * vectors.row(b)[$1] }
            }
            return dot(a, b) / (dot(a, a) * dot(b, b)).squareRoot()
        }
        return (0..<20).filter { $0 != word }.sorted { cosine(word, $0) > cosine(word, $1) }
    }
}

@Suite("GloVe")
struct GloVeTests {
    @Test("the loss falls and words of one camp become neighbours", arguments: [1, 2])
    func camps(threads: Int) throws {
        let trained = try Trained(planted(sentences: 3_000), threads: threads)
        #expect(try #require(trained.losses.last) < 0.2 * trained.losses[0])
        for word in 0..<20 {
            #expect(trained.neighbours(of: word).prefix(9).allSatisfy { $0 / 10 == word / 10 })
        }
    }

    @Test("the context to the left alone finds the camps, too")
    func asymmetric() throws {
        let trained = try Trained(planted(sentences: 3_000), symmetric: false)
        #expect(try #require(trained.losses.last) < 0.2 * trained.losses[0])
        #expect(trained.neighbours(of: 3).prefix(9).allSatisfy { $0 < 10 })
    }

    @Test("one thread gives the same bits every time, and another seed gives others")
    func determinism() throws {
        let ids = planted(sentences: 200)
        let first = try Trained(ids, epochs: 3)
        #expect(try Trained(ids, epochs: 3).bits == first.bits)
        #expect(try Trained(ids, epochs: 3, seed: 2).bits != first.bits)
    }

    @Test("cells are the pairs in another order, with the logarithm and the weight of their count")
    func cells() throws {
        let scratch = try Scratch()
        let writer = try CooccurrenceWriter(
            path: scratch.path("t"), vocabulary: 300_000, parts: 1, isSymmetric: true)
        // More than two buckets hold.
        let count = 300_000
        for row in 0..<count {
            try writer.append(
                Cooccurrence(row: UInt32(row), column: 299_999, sum: UInt64(row + 1) << 14))
        }
        writer.endPart()
        try writer.finish()
        let file = try CooccurrenceFile(path: scratch.path("t"))
        let settings = try GloVeSettings(dim: 8, xMax: 100, power: 0.75)
        func shuffled(_ seed: UInt64) throws -> [glove_cell] {
            let cells = try GloVeCells(
                shuffling: file.table, settings: settings, seed: seed,
                path: scratch.path("cells"))
            return withExtendedLifetime(cells) {
                Array(UnsafeBufferPointer(start: cells.cells, count: cells.count))
            }
        }
        let cells = try shuffled(1)
        #expect(cells.count == count && scratch.names == ["cells", "t"])
        #expect(Set(cells.map(\.word)).count == count)
        for cell in cells.prefix(1_000) {
            let x = Double(cell.word + 1) / 64
            #expect(abs(Double(cell.log_count) - log(x)) < 1e-5 * max(1, abs(log(x))))
            #expect(abs(Double(cell.weight) - min(1, pow(x / 100, 0.75))) < 1e-6)
        }
        // The mean distance of a shuffled word from its place is a third of the length.
        let distance = cells.enumerated().reduce(0) { $0 + abs($1.offset - Int($1.element.word)) }
        #expect(abs(Double(distance) / Double(count) / Double(count) - 1.0 / 3) < 0.005)
        #expect(try shuffled(1).map(\.word) == cells.map(\.word))
        #expect(try shuffled(2).map(\.word) != cells.map(\.word))
    }

    @Test(
        "blocks hold every cell of the matrix once, in its own rows and columns",
        arguments: [true, false])
    func blocks(symmetric: Bool) throws {
        let scratch = try Scratch()
        let counter = CooccurrenceCounter(
            settings: CooccurrenceSettings(window: 5, isSymmetric: symmetric, blocks: 3),
            vocabulary: 20)
        let ids = planted(sentences: 50)
        _ = try ids.withUnsafeBufferPointer { ids in
            try counter.count(ids, to: scratch.path("pairs"), threads: 1)
        }
        let file = try CooccurrenceFile(path: scratch.path("pairs"))
        var expected = Set<[UInt32]>()
        var found: [[UInt32]] = []
        for part in 0..<file.table.parts {
            var cursor = file.table.cursor(part)
            while let pair = try cursor.next() {
                expected.insert([pair.row, pair.column])
                if symmetric { expected.insert([pair.column, pair.row]) }
            }
        }
        for row in 0..<3 {
            for column in 0..<3 {
                let cells = try GloVeCells(
                    shuffling: file.table, part: CooccurrenceSettings.part(row, column),
                    block: GloVeBlock(row: row, column: column, blocks: 3),
                    settings: GloVeSettings(dim: 8), seed: 1, path: scratch.path("cells"))
                for cell in UnsafeBufferPointer(start: cells.cells, count: cells.count) {
                    #expect(Int(cell.word) % 3 == row && Int(cell.context) % 3 == column)
                    found.append([cell.word, cell.context])
                    if cells.isTwofold && cell.word != cell.context {
                        found.append([cell.context, cell.word])
                    }
                }
            }
        }
        #expect(found.count == expected.count && Set(found) == expected)
    }

    @Test("a setting out of range is refused by name")
    func settings() {
        #expect(throws: WordTrainingError.self) { try GloVeSettings(dim: 0) }
        #expect(throws: WordTrainingError.self) { try GloVeSettings(xMax: 0) }
        #expect(throws: WordTrainingError.self) { try GloVeSettings(xMax: .infinity) }
        #expect(throws: WordTrainingError.self) { try GloVeSettings(power: -1) }
        #expect(throws: WordTrainingError.self) { try GloVeSettings(eta: 0) }
        #expect(throws: WordTrainingError.self) { try GloVeSettings(eta: .nan) }
    }
}
