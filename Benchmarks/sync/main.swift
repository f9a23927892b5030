// Measures what a sync of word vectors costs one core, and counts what a plan sends, as JSON.

import FoundationEssentials
import Glibc
import Protocol

/// What `simulate.py` needs: speeds of one core, and what each number of workers sends.
struct Report: Codable {
    /// Bytes a second of one core; a step's are those of its payload.
    let speeds: [String: Double]
    let rows: Int
    let dim: Int
    let words: Double
    let epochs: Int
    let traffic: [Traffic]
}

/// Words and bytes of the mean round of a plan.
struct Traffic: Codable {
    let workers: Int
    let rounds: Int
    let wordsPerUnit: Double
    /// Both matrices: of one worker's change, and of the step that all take.
    let deltaBytes: Double
    let stepBytes: Double
}

let arguments = CommandLine.arguments.dropFirst().compactMap { Double($0) }
let (rows, dim) = (Int(arguments.first ?? 1e6), Int(arguments.dropFirst().first ?? 300))
let words = arguments.dropFirst(2).first ?? 1e10
do {
    var spec = TrainWords(files: [])
    spec.dimension = dim
    let report = Report(
        speeds: try Speeds.measured(dim: dim), rows: rows, dim: dim, words: words,
        epochs: spec.epochs,
        traffic: [2, 4, 8, 16, 32, 64, 128, 256].map {
            Traffic(spec, workers: $0, rows: rows, words: words)
        })
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted]
    print(String(decoding: try encoder.encode(report), as: UTF8.self))
} catch {
    print("SyncBench: \(error)")
    exit(1)
}
