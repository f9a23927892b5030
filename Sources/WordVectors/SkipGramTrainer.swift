// Trains skip-gram parameters on stretches of an encoded corpus, one thread for each stretch.

import CKernels
import Tensors

/// What one call of training has done.
public struct TrainingSummary: Sendable, Equatable {
    /// Words seen, those that subsampling dropped included.
    public var words = 0
    /// Centre words trained on.
    public var trainedTokens = 0
    /// Negative log-likelihood, in nats, of a sample of windows before their update.
    public var lossSum = 0.0
    /// Pairs of context and centre word in that sample.
    public var lossCount = 0
    /// Wall time.
    public var seconds = 0.0

    public init() {}

    /// Loss of a pair and its negatives; (1 + negative) ln 2 before training. Nil without a sample.
    public var loss: Double? { lossCount > 0 ? lossSum / Double(lossCount) : nil }
    public var wordsPerSecond: Double { seconds > 0 ? Double(words) / seconds : 0 }
}

/// Hogwild skip-gram with negative sampling: the threads share the parameters without locks
/// (Recht et al. 2011), and the negatives are shared by the pairs of a window (Ji et al. 2016).
public struct SkipGramTrainer: Sendable {
    public let settings: SkipGramSettings
    private let sampler: NegativeSampler
    private let subsampling: SubsamplingTable

    /// - Parameter counts: occurrences of each word of the vocabulary, by id; not empty.
    /// - Throws: `SkipGramError.setting`.
    public init(settings: SkipGramSettings, counts: [Int]) throws(SkipGramError) {
        try settings.validate()
        self.settings = settings
        sampler = NegativeSampler(counts: counts)
        subsampling = SubsamplingTable(counts: counts, sample: settings.sample)
    }

    /// Trains on each slice of `ids` in a thread of its own.
    ///
    /// - Parameters:
    ///   - ids: words as ids >= 0, -1 after each sentence. Sentences beyond 10,000 words are cut.
    ///   - slices: see `slices(of:in:count:)`. With one slice the result depends on the arguments
    ///     alone (and the instruction set); with more, threads race.
    ///   - progress: shares of the whole training done before and after this call; they set the
    ///     learning rate, alpha * max(1e-4, 1 - progress).
    ///   - stream: tells this call from others of the same training, so that each draws its own
    ///     numbers; the number of its unit, say.
    /// - Throws: `SkipGramError.notAWord`; the parameters have then been trained up to there.
    public func train(
        _ parameters: SkipGramParameters, ids: UnsafeBufferPointer<Int32>, slices: [Range<Int>],
        progress: ClosedRange<Double> = 0...1, stream: UInt64 = 0,
        control: TrainingControl = TrainingControl()
    ) throws(SkipGramError) -> TrainingSummary {
        precondition(
            parameters.vocabulary == sampler.count && parameters.dim == settings.dim,
            "parameters [\(parameters.vocabulary), \(parameters.dim)] for "
                + "[\(sampler.count), \(settings.dim)]")
        let clock = ContinuousClock()
        let start = clock.now
        let results = try Parallel.map(slices) { (index, slice) throws(SkipGramError) in
            let seed = SplitMix.derive(
                SplitMix.derive(settings.seed, stream), UInt64(index))
            return try train(
                parameters, ids: ids, slice: slice, progress: progress, seed: seed,
                control: control)
        }
        var summary = results.reduce(into: TrainingSummary()) { $0.add($1) }
        summary.seconds = (clock.now - start) / .seconds(1)
        return summary
    }

    private func train(
        _ parameters: SkipGramParameters, ids: UnsafeBufferPointer<Int32>, slice: Range<Int>,
        progress: ClosedRange<Double>, seed: UInt64, control: TrainingControl
    ) throws(SkipGramError) -> sgns_result {
        let piece = UnsafeBufferPointer(rebasing: ids[slice])
        var task = sgns_task(
            ids: piece.baseAddress, count: piece.count, alpha: settings.alpha,
            progress_begin: progress.lowerBound, progress_end: progress.upperBound, seed: seed,
            words_done: control.wordCounter, stop: control.stopFlag)
        var result = sgns_result()
        let code = withModel(parameters) { model in sgns_train(&model, &task, &result) }
        guard code == 0 else {
            // settings were checked, so it can only be the stream
            let position = Int(result.position)
            throw .notAWord(
                id: piece[position], position: slice.lowerBound + position,
                vocabulary: parameters.vocabulary)
        }
        return result
    }

    private func withModel<Result>(
        _ parameters: SkipGramParameters, _ body: (inout sgns_model) -> Result
    ) -> Result {
        subsampling.withUnsafeThresholds { keep in
            sampler.withUnsafeColumns { alias in
                var model = sgns_model(
                    inputs: parameters.input.base, outputs: parameters.output.base,
                    stride: parameters.input.stride, vocabulary: Int32(parameters.vocabulary),
                    window: Int32(settings.window), negative: Int32(settings.negative),
                    keep: keep, alias: alias)
                return body(&model)
            }
        }
    }
}

extension TrainingSummary {
    fileprivate mutating func add(_ result: sgns_result) {
        words += Int(result.words)
        trainedTokens += Int(result.trained)
        lossSum += result.loss_sum
        lossCount += Int(result.loss_count)
    }
}

extension SkipGramTrainer {
    /// Cuts `range` into `count` consecutive slices of about equal length, each beginning where a
    /// sentence begins (but the first, which begins with the range). Slices may be empty when
    /// sentences are few.
    public static func slices(
        of range: Range<Int>, in ids: UnsafeBufferPointer<Int32>, count: Int
    ) -> [Range<Int>] {
        precondition(count >= 1, "\(count) slices")
        precondition(
            range.lowerBound >= 0 && range.upperBound <= ids.count, "\(range) of \(ids.count) ids")
        var begin = range.lowerBound
        return (1...count).map { slice in
            let aim = range.lowerBound + range.count * slice / count
            var end = max(aim, begin)
            while end > begin, end < range.upperBound, ids[end - 1] != -1 { end += 1 }
            defer { begin = end }
            return begin..<end
        }
    }
}
