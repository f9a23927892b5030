// Models of fastText that the tests read, and words to make others of.

import Foundation
import Tensors
import WordVectors

enum FastText {
    static let models = ["crime-and-punishment", "toy-model", "lee_fasttext"]

    static func path(_ name: String) -> String {
        URL(fileURLWithPath: #filePath).appendingPathComponent("../../Fixtures/fasttext/\(name)")
            .standardized.path
    }

    static func text(_ name: String) throws -> String {
        try String(contentsOfFile: path(name), encoding: .utf8)
    }

    static func words(of name: String) throws -> (words: WordList, counts: [UInt64]) {
        let model = try SubwordVectors(path: path("\(name).bin"))
        return (model.words, model.counts)
    }

    static func rows(_ table: SubwordTable, of word: String) -> [Int32] {
        Array(word.utf8).withUnsafeBytes { table.rows(of: $0) }
    }
}

/// A small model of random numbers, ready to be written.
struct SmallModel {
    let words: WordList
    let counts: [UInt64] = [900, 40, 40, 7, 1]
    let table: SubwordTable
    let input: Matrix
    let output: Matrix
    let arguments: FastTextArguments

    init(dimensions: Int = 7, buckets: Int = 500) throws {
        words = WordList(["the", "banana", "été", "日本", "</s>"])
        let settings = try Subwords(minimumLength: 2, maximumLength: 4, buckets: buckets)
        table = try SubwordTable(words: words, counts: counts, settings: settings)
        input = try Matrix(rows: table.rowCount, columns: dimensions)
        output = try Matrix(rows: words.count, columns: dimensions)
        input.fillUniform(seed: 3, threads: 1)
        output.fillUniform(seed: 4, threads: 1)
        arguments = FastTextArguments(
            model: .cbow, loss: .hierarchicalSoftmax, dimensions: dimensions, window: 4, epochs: 3,
            minimumCount: 1, negative: 6, sample: 1e-3, subwords: settings)
    }

    func write(to path: String) throws {
        try SubwordVectors.write(
            words: words, counts: counts, tokens: 1_000, subwords: table, input: input,
            output: output, arguments: arguments, to: path)
    }
}
