// How fast this machine encodes and trains, found out by doing it for a second.

import Files
import Protocol
import Tensors
import Transport
import WordJobs
import WordVectors

/// The sample of a corpus as ids, with about as many words as the whole has.
struct EncodedSample {
    let vocabulary: Vocabulary
    let stream: IdStream
    let bytesCountedPerSecond: Double
    let bytesEncodedPerSecond: Double

    init(_ look: Estimation.Look, minimumCount: Int, limit: Int) throws {
        let sample = look.sample
        let words = try sample.vocabulary(like: minimumCount, limit: limit)
        vocabulary = words
        let path = "\(look.input.directory)/ids"
        bytesCountedPerSecond = try speed(over: Double(sample.sampledBytes)) {
            _ = try WordCounter.count(
                look.source, layout: look.layout, blocks: sample.blocks, threads: look.threads)
        }
        bytesEncodedPerSecond = try speed(over: Double(sample.sampledBytes)) {
            try IdStream.encode(
                look.source, layout: look.layout, blocks: sample.blocks, vocabulary: words,
                to: path, threads: look.threads)
        }
        stream = try IdStream(path: path)
    }
}

extension CorpusSample {
    /// The words of the sample that the vocabulary of the whole would have.
    func vocabulary(like minimumCount: Int, limit: Int) throws -> Vocabulary {
        // What is rare in the sample is not in the corpus.
        let minimum = max(1, (Double(minimumCount) / scale).rounded())
        return try Vocabulary(table.pruned(minimum: UInt64(minimum), limit: max(1, limit)))
    }
}

/// How much of `amount` is done in a second.
func speed(over amount: Double, _ work: () throws -> Void) throws -> Double {
    try Interrupts.check()
    let began = monotonicMilliseconds()
    try work()
    return amount / (Double(max(1, monotonicMilliseconds() - began)) / 1_000)
}

struct TrainingCalibration {
    let bytesCountedPerSecond: Double
    let bytesEncodedPerSecond: Double
    let wordsPerSecond: Double

    private static let seconds = 1.0
    private static let firstWords = 20_000
    /// Parameters beyond this do not get slower: they fit no cache anyway.
    private static let parameterBytesMax = 512 << 20

    /// Trains on the sample, with about as many words in the vocabulary as the job will have.
    init(
        _ spec: TrainWords, _ look: Estimation.Look, words: Int
    ) throws {
        let rowsMax = max(1_000, Self.parameterBytesMax / (8 * (spec.dimension + 15)))
        let text = try EncodedSample(
            look, minimumCount: spec.minimumCount, limit: min(words, rowsMax))
        bytesCountedPerSecond = text.bytesCountedPerSecond
        bytesEncodedPerSecond = text.bytesEncodedPerSecond
        defer { withExtendedLifetime(text.stream) {} }
        wordsPerSecond = try Self.train(spec, text.vocabulary, text.stream, look.threads)
    }

    /// The first words warm the caches up and do not count.
    private static func train(
        _ spec: TrainWords, _ vocabulary: Vocabulary, _ stream: IdStream, _ threads: Int
    ) throws -> Double {
        let trainer = try WordTrainer(
            settings: spec.trainingSettings(), counts: vocabulary.counts.map { Int($0) },
            subwords: spec.subwordTable(of: vocabulary))
        let parameters = try WordParameters(
            settings: trainer.settings, vocabulary: vocabulary.count, subwords: trainer.subwords,
            threads: threads)
        var total = TrainingSummary()
        var position = 0
        var length = firstWords * threads
        while total.seconds < seconds {
            try Interrupts.check()
            let end = min(stream.ids.count, position + length)
            let slices = WordTrainer.slices(
                of: position..<end, in: stream.ids, count: threads)
            let part = try trainer.train(parameters, ids: stream.ids, slices: slices)
            if part.words == 0 { break }
            let isWarmUp = position == 0 && total.words == 0 && end < stream.ids.count
            if !isWarmUp || total.words > 0 {
                total.words += part.words
                total.seconds += max(part.seconds, 1e-6)
            }
            position = end < stream.ids.count ? end : 0
            // A short sample is passed through many times within a second.
            length = min(2 * length, stream.ids.count)
        }
        return max(total.wordsPerSecond, 1)
    }
}
