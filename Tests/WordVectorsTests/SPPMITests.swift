// Mutual information and its decomposition, against numpy and against a plain formula.

import Foundation
import Tensors
import TestSupport
import Testing
import WordVectors

@Suite struct SPPMITests {
    @Test("cells, singular values and left vectors are those of numpy, on pairs of real text")
    func numpy() throws {
        let rows = try fixture("pairs.tsv")
        let counts = ListedPairs(
            vocabulary: 150, isSymmetric: true,
            pairs: rows.map { WeightedPair(row: Int($0[0]), column: Int($0[1]), weight: $0[2]) })
        var settings = SPPMISettings()
        settings.negative = 2
        let matrix = try SPPMI.matrix(counts, settings: settings)
        let cells = try fixture("cells.tsv")
        #expect(matrix.entries == cells.count)
        var entry = 0
        for row in 0..<matrix.rows {
            for index in matrix.starts[row]..<matrix.starts[row + 1] {
                let cell = cells[entry]
                #expect(row == Int(cell[0]) && matrix.places[index] == Int32(cell[1]))
                #expect(abs(Double(matrix.values[index]) - cell[2]) < 1e-6)
                entry += 1
            }
        }
        let values = try fixture("values.tsv").map { $0[0] }
        let svd = try #require(
            try TruncatedSVD(
                matrix, rank: values.count, iterations: 20, seed: 3, threads: 2))
        for (mine, theirs) in zip(svd.values, values) {
            #expect(abs(mine - theirs) < 1e-4 * theirs)
        }
        let vectors = try fixture("vectors.tsv")
        #expect(subspaceCosine(svd.leftVectors, vectors) > 1 - 1e-6)
    }

    @Test("every cell follows the formula, symmetric counts or not", arguments: [true, false])
    func formula(isSymmetric: Bool) throws {
        let counts = ListedPairs.random(vocabulary: 25, isSymmetric: isSymmetric)
        for (negative, power) in [(1, 1.0), (5, 0.75), (2, 0)] {
            var settings = SPPMISettings()
            (settings.negative, settings.contextPower) = (negative, power)
            let matrix = try SPPMI.matrix(counts, settings: settings)
            let plain = plainMatrix(counts, Double(negative), power)
            #expect(matrix.entries == plain.flatMap { $0 }.count { Float($0) > 0 })
            for row in 0..<matrix.rows {
                for index in matrix.starts[row]..<matrix.starts[row + 1] {
                    let expected = plain[row][Int(matrix.places[index])]
                    #expect(abs(Double(matrix.values[index]) - expected) < 1e-5)
                }
            }
        }
    }

    @Test("vectors are U times S to the power of the weight, the same for any number of threads")
    func weights() throws {
        let counts = ListedPairs.random(vocabulary: 60, isSymmetric: true)
        var settings = SPPMISettings()
        (settings.dimension, settings.iterations) = (8, 12)
        let matrix = try SPPMI.matrix(counts, settings: settings)
        let svd = try #require(
            try TruncatedSVD(matrix, rank: 8, iterations: 12, seed: 1, threads: 1))
        for weight in [0, 0.5, 1] {
            settings.eigenvalueWeight = weight
            let made = try #require(
                try SPPMI.vectors(of: matrix, settings: settings, threads: 3))
            for row in 0..<60 {
                for column in 0..<8 {
                    let factor = Float(pow(svd.values[column], weight))
                    #expect(
                        made.vectors.row(row)[column] == svd.leftVectors.row(row)[column] * factor)
                }
            }
        }
    }

    @Test("pairs out of order, out of range, twice or without weight are refused")
    func refusals() throws {
        let wrong: [[(Int, Int, Double)]] = [
            [(1, 1, 1), (0, 1, 1)], [(0, 1, 1), (0, 1, 1)], [(0, 3, 1)], [(-1, 0, 1)], [(1, 0, 1)],
            [(0, 1, 0)], [(0, 1, -1)], [(0, 1, .nan)], [(0, 1, .infinity)],
        ]
        for pairs in wrong {
            let counts = ListedPairs(
                vocabulary: 3, isSymmetric: true,
                pairs: pairs.map { WeightedPair(row: $0.0, column: $0.1, weight: $0.2) })
            #expect(throws: TensorError.self) {
                try SPPMI.matrix(counts, settings: SPPMISettings())
            }
        }
    }

    @Test("a word that stands near no other has a vector of zeros")
    func lonely() throws {
        let counts = ListedPairs(
            vocabulary: 4, isSymmetric: true,
            pairs: [WeightedPair(row: 0, column: 1, weight: 3)])
        var settings = SPPMISettings()
        settings.dimension = 2
        let matrix = try SPPMI.matrix(counts, settings: settings)
        let made = try #require(try SPPMI.vectors(of: matrix, settings: settings, threads: 1))
        for row in 2..<4 { #expect(made.vectors.row(row)[0] == 0 && made.vectors.row(row)[1] == 0) }
        #expect(abs(made.vectors.row(0)[0]) > 0.1)
    }
}

/// Pairs in memory.
struct ListedPairs: PairCounts {
    let vocabulary: Int
    let isSymmetric: Bool
    let pairs: [WeightedPair]

    func forEach(_ body: (WeightedPair) -> Void) { pairs.forEach(body) }

    static func random(vocabulary: Int, isSymmetric: Bool) -> ListedPairs {
        var numbers = Numbers(vocabulary)
        var pairs: [WeightedPair] = []
        for row in 0..<vocabulary {
            for column in (isSymmetric ? row : 0)..<vocabulary
            where Int.random(in: 0..<3, using: &numbers) == 0 {
                let weight = Double.random(in: 0.1...30, using: &numbers)
                pairs.append(WeightedPair(row: row, column: column, weight: weight))
            }
        }
        return ListedPairs(vocabulary: vocabulary, isSymmetric: isSymmetric, pairs: pairs)
    }
}

/// max(PMI - log k, 0), written for clarity.
private func plainMatrix(_ counts: ListedPairs, _ negative: Double, _ power: Double) -> [[Double]] {
    let size = counts.vocabulary
    var full = [[Double]](repeating: [Double](repeating: 0, count: size), count: size)
    for pair in counts.pairs {
        full[pair.row][pair.column] = pair.weight
        if counts.isSymmetric { full[pair.column][pair.row] = pair.weight }
    }
    let total = full.joined().reduce(0, +)
    let words = full.map { $0.reduce(0, +) / total }
    let columns = (0..<size).map { column in full.reduce(0) { $0 + $1[column] } }
    let powers = columns.map { $0 > 0 ? pow($0, power) : 0 }
    let contexts = powers.map { $0 / powers.reduce(0, +) }
    return (0..<size).map { row in
        (0..<size).map { column in
            guard full[row][column] > 0 else { return 0 }
            let share = full[row][column] / total
            return max(log(share / words[row] / contexts[column]) - log(negative), 0)
        }
    }
}

/// The mean square cosine of the principal angles between the spans of the columns.
private func subspaceCosine(_ mine: Matrix, _ theirs: [[Double]]) -> Double {
    let rank = theirs[0].count
    var sum = 0.0
    for first in 0..<rank {
        for second in 0..<rank {
            let product = theirs.indices.reduce(0.0) {
                $0 + theirs[$1][first] * Double(mine.row($1)[second])
            }
            sum += product * product
        }
    }
    return sum / Double(rank)
}

private func fixture(_ name: String) throws -> [[Double]] {
    let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("../Fixtures/sppmi/\(name)")
    return try String(contentsOf: path, encoding: .utf8).split(separator: "\n").map { line in
        try line.split(separator: "\t").map { try #require(Double($0)) }
    }
}

@Suite struct ImplicitFactorisationTests {
    /// Words on a circle; a sentence is words from one neighbourhood, so how near two words are to
    /// each other is how alike they are.
    private static func circle(words: Int, sentences: Int) -> (ids: [Int32], counts: [Int]) {
        var numbers = Numbers(11)
        var ids: [Int32] = []
        var counts = [Int](repeating: 0, count: words)
        for _ in 0..<sentences {
            let centre = Int.random(in: 0..<words, using: &numbers)
            for _ in 0..<10 {
                let word = (centre + Int.random(in: -4...4, using: &numbers) + words) % words
                ids.append(Int32(word))
                counts[word] += 1
            }
            ids.append(-1)
        }
        return (ids, counts)
    }

    @Test("skip-gram and the decomposition rank the similarities of words alike")
    func theory() throws {
        let (ids, counts) = Self.circle(words: 60, sentences: 4_000)
        let settings = try WordTrainingSettings(
            dim: 12, negative: 5, sample: 0, alpha: 0.05, seed: 1)
        let trainer = try WordTrainer(settings: settings, counts: counts)
        let trained = try WordParameters(settings: settings, vocabulary: 60)
        for _ in 0..<5 {
            _ = try ids.withUnsafeBufferPointer { ids in
                try trainer.train(trained, ids: ids, slices: [0..<ids.count])
            }
        }
        let scratch = try Scratch()
        let counter = CooccurrenceCounter(
            settings: CooccurrenceSettings(window: 5), vocabulary: 60)
        _ = try ids.withUnsafeBufferPointer { ids in
            try counter.count(ids, to: scratch.path("pairs"), threads: 2)
        }
        let file = try CooccurrenceFile(path: scratch.path("pairs"))
        var shifted = SPPMISettings()
        (shifted.dimension, shifted.contextPower) = (12, 1)
        let matrix = try SPPMI.matrix(file.table, settings: shifted)
        let made = try #require(try SPPMI.vectors(of: matrix, settings: shifted, threads: 2))
        let correlation = Self.rankCorrelation(
            Self.cosines(trained.input), Self.cosines(made.vectors))
        #expect(correlation > 0.85, "\(correlation)")
    }

    /// Of words up to ten steps apart: the others have nothing in common, and no order.
    private static func cosines(_ matrix: Matrix) -> [Float] {
        func product(_ a: Int, _ b: Int) -> Float {
            (0..<matrix.columns).reduce(0) { $0 + matrix.row(a)[$1] * matrix.row(b)[$1] }
        }
        var cosines: [Float] = []
        for first in 0..<matrix.rows {
            for step in 1...10 {
                let second = (first + step) % matrix.rows
                let lengths = (product(first, first) * product(second, second)).squareRoot()
                cosines.append(product(first, second) / lengths)
            }
        }
        return cosines
    }

    private static func rankCorrelation(_ left: [Float], _ right: [Float]) -> Double {
        func ranks(_ values: [Float]) -> [Double] {
            var ranks = [Double](repeating: 0, count: values.count)
            let order = values.indices.sorted { values[$0] < values[$1] }
            for (rank, index) in order.enumerated() { ranks[index] = Double(rank) }
            return ranks
        }
        let mean = Double(left.count - 1) / 2
        var (product, square) = (0.0, 0.0)
        for (a, b) in zip(ranks(left), ranks(right)) {
            product += (a - mean) * (b - mean)
            square += (a - mean) * (a - mean)
        }
        return product / square
    }
}
