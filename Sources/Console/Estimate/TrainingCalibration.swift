// How fast this machine encodes and trains, found out by doing it for a second.

import Files
import Protocol
import Tensors
import Transport
import WordJobs
import WordVectors

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
        _ spec: TrainWords, _ sample: CorpusSample, _ source: LocalTextSource,
        _ layout: CorpusLayout, rows: Int, threads: Int, in directory: String
    ) throws {
        let rowsMax = max(1_000, Self.parameterBytesMax / (8 * (spec.dimension + 15)))
        // What is rare in the sample is not in the corpus.
        let minimum = max(1, (Double(spec.minimumCount) / sample.scale).rounded())
        let vocabulary = try Vocabulary(
            sample.table.pruned(minimum: UInt64(minimum), limit: max(1, min(rows, rowsMax))))
        let path = "\(directory)/ids"
        bytesCountedPerSecond = try Self.speed(over: sample.sampledBytes) {
            _ = try WordCounter.count(
                source, layout: layout, blocks: sample.blocks, threads: threads)
        }
        bytesEncodedPerSecond = try Self.speed(over: sample.sampledBytes) {
            try IdStream.encode(
                source, layout: layout, blocks: sample.blocks, vocabulary: vocabulary, to: path,
                threads: threads)
        }
        let stream = try IdStream(path: path)
        defer { withExtendedLifetime(stream) {} }
        wordsPerSecond = try Self.train(spec, vocabulary, stream, threads)
    }

    private static func speed(over bytes: Int, _ work: () throws -> Void) rethrows -> Double {
        let began = monotonicMilliseconds()
        try work()
        return Double(bytes) / (Double(max(1, monotonicMilliseconds() - began)) / 1_000)
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
            length *= 2
        }
        return max(total.wordsPerSecond, 1)
    }
}
