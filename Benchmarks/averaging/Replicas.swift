// The workers' training: all that this laboratory asks of the trainer stands here.

import Tensors
import WordVectors

/// One copy of the parameters for each worker, trained in turn or side by side.
struct Replicas {
    let parameters: [WordParameters]
    private let corpus: EncodedCorpus
    private let variant: Variant
    private let trainer: WordTrainer

    struct Tally {
        var words = 0
        var centres = 0
        var lossSum = 0.0
        var lossCount = 0
    }

    init(_ variant: Variant, corpus: EncodedCorpus) throws {
        self.corpus = corpus
        self.variant = variant
        trainer = try Self.trainer(variant, alpha: variant.alpha, corpus)
        let settings = trainer.settings
        parameters = try (0..<variant.workers).map { _ in
            try WordParameters(settings: settings, vocabulary: corpus.vocabulary.count)
        }
    }

    private static func trainer(
        _ variant: Variant, alpha: Float, _ corpus: EncodedCorpus
    ) throws -> WordTrainer {
        try WordTrainer(
            settings: WordTrainingSettings(
                architecture: variant.architecture == "cbow" ? .cbow : .skipGram,
                dim: variant.dim, window: 5, negative: 5, sample: 1e-4, alpha: alpha,
                seed: variant.seed),
            counts: corpus.counts)
    }

    /// Trains every worker's slice of a round.
    func train(round: Int, of rounds: Int) throws -> Tally {
        let trainer = try trainer(at: Schedule.share(round, of: rounds, variant))
        let tallies = try Parallel.map(count: variant.workers, threads: variant.threads) { some in
            var tally = Tally()
            for worker in some {
                try train(worker, round: round, of: rounds, trainer, &tally)
            }
            return tally
        }
        return tallies.reduce(into: Tally()) { sum, part in
            sum.words += part.words
            sum.centres += part.centres
            sum.lossSum += part.lossSum
            sum.lossCount += part.lossCount
        }
    }

    private func trainer(at progress: Double) throws -> WordTrainer {
        guard progress < variant.warmup else { return trainer }
        let share = 0.1 + 0.9 * progress / variant.warmup
        return try Self.trainer(variant, alpha: variant.alpha * Float(share), corpus)
    }

    private func train(
        _ worker: Int, round: Int, of rounds: Int, _ trainer: WordTrainer, _ tally: inout Tally
    ) throws {
        let stream = corpus.partitions[worker]
        let epochs = Double(variant.epochs)
        let passes = Slice.passes(
            ids: stream.ids.count, total: epochs,
            begin: epochs * Schedule.share(round, of: rounds, variant),
            end: epochs * Schedule.share(round + 1, of: rounds, variant))
        for (index, pass) in passes.enumerated() {
            let number = UInt64(round) &* 4_096 &+ UInt64(worker)
            let done = try trainer.train(
                parameters[worker], ids: stream.ids, slices: [pass.ids], progress: pass.progress,
                stream: number &* 2 &+ UInt64(index))
            tally.words += done.words
            tally.centres += done.trainedTokens
            tally.lossSum += done.lossSum
            tally.lossCount += done.lossCount
        }
    }
}

/// Part of a pass over a partition, cut as workers cut it: rounds divide all epochs together.
struct Slice {
    let ids: Range<Int>
    let progress: ClosedRange<Double>

    static func passes(ids: Int, total: Double, begin: Double, end: Double) -> [Slice] {
        var slices: [Slice] = []
        var position = begin
        while position < end {
            let epoch = position.rounded(.down)
            let stop = min(end, epoch + 1)
            let first = Int(((position - epoch) * Double(ids)).rounded())
            let last = Int(((stop - epoch) * Double(ids)).rounded())
            if first < last {
                slices.append(Slice(ids: first..<last, progress: position / total...stop / total))
            }
            position = stop
        }
        return slices
    }
}
