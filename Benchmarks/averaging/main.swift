// Emulates a cluster of N workers in one process, to compare ways of averaging their parameters.

import FoundationEssentials
import Glibc
import Tensors
import WordVectors

/// A line of results.
struct Outcome: Codable {
    let variant: Variant
    let rounds: Int
    let vocabulary: Int
    /// Words of the corpus that were trained on, those that subsampling dropped included, and the
    /// centre words that were left.
    let words: Int
    let centres: Int
    let bytesUpPerWord: Double
    let bytesDownPerWord: Double
    let bytesPerWord: Double
    let bytesPerCentre: Double
    /// Root mean square of the workers' distance from their mean before they are averaged, as a
    /// share of that of the parameters: over all rounds, and in the last tenth.
    let divergence: Double
    let divergenceLate: Double
    /// Nats for a pair and its negatives, over all of training and over the last tenth.
    let loss: Double
    let lossLate: Double
    /// Training alone, on all threads.
    let wordsPerSecond: Double
    let reductionSeconds: Double
    let quality: Quality
}

func run(_ variant: Variant, text: String, words: String, scratch: String) throws -> Outcome {
    let corpus = try EncodedCorpus(
        text: text, folder: scratch, workers: variant.workers, seed: variant.seed,
        threads: variant.threads)
    let schedule = Schedule(variant, corpus: corpus)
    let replicas = try Replicas(variant, corpus: corpus)
    let input = try Average(
        .input, variant, schedule, locals: replicas.parameters.map(\.input))
    let output = try Average(
        .output, variant, schedule, locals: replicas.parameters.map(\.output))
    var course = Course(rounds: schedule.rounds)
    for round in 0..<schedule.rounds {
        try course.train { try replicas.train(round: round, of: schedule.rounds) }
        try course.merge(round) { [try input.merge(round: round), try output.merge(round: round)] }
    }
    let quality = try Quality(
        corpus.vocabulary, vectors: input.global, folder: words,
        questionStep: variant.questionStep)
    return course.outcome(variant, vocabulary: corpus.vocabulary.count, quality)
}

let arguments = Array(CommandLine.arguments.dropFirst())
guard arguments.count >= 3 else {
    print("usage: AveragingLab <corpus> <folder of questions> <scratch folder> [flags]")
    exit(64)
}
do {
    let variant = try Variant(arguments: Array(arguments.dropFirst(3)))
    let outcome = try run(
        variant, text: arguments[0], words: arguments[1], scratch: arguments[2])
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    print(String(decoding: try encoder.encode(outcome), as: UTF8.self))
} catch {
    print("AveragingLab: \(error)")
    exit(1)
}
