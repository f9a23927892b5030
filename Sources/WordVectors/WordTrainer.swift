// Trains word vectors on stretches of an encoded corpus, one thread for each stretch.

import CKernels
import Tensors

/// Hogwild training: the threads share the parameters without locks (Recht et al. 2011), and the
/// negatives are shared by the pairs of a window (Ji et al. 2016). With subwords it is fastText
/// (Bojanowski et al. 2017): a word's input vector is the mean of its rows, and in skip-gram the
/// centre predicts its context instead of being predicted by it.
public struct WordTrainer: Sendable {
    public let settings: WordTrainingSettings
    /// How many times `negative` a centre with a bag draws for its whole context. Measured on 20 MB
    /// of text, 3 epochs: 1 loses a fifth of fastText's analogies, 2 none, 3 is slower by a sixth.
    private static let drawsForNegative = 2
    public let vocabulary: Int
    private let subsampling: SubsamplingTable
    public let subwords: SubwordTable?
    private let sampler: NegativeSampler?
    private let tree: HuffmanTree?

    /// - Parameters:
    ///   - counts: occurrences of each word of the vocabulary, by id; not empty.
    ///   - subwords: of the same words; nil trains one row a word.
    /// - Throws: `WordTrainingError.setting`, `.noTree`.
    public init(
        settings: WordTrainingSettings, counts: [Int], subwords: SubwordTable? = nil
    ) throws(WordTrainingError) {
        try settings.validate()
        precondition(
            subwords == nil || subwords?.wordCount == counts.count,
            "subwords of \(subwords?.wordCount ?? 0) words for \(counts.count)")
        self.settings = settings
        self.subwords = subwords
        vocabulary = counts.count
        subsampling = SubsamplingTable(counts: counts, sample: settings.sample)
        let hasTree = settings.loss == .hierarchicalSoftmax
        guard !hasTree || counts.count > 1 else { throw .noTree(words: counts.count) }
        tree = hasTree ? HuffmanTree(counts: counts) : nil
        // word2vec's power, and fastText's
        let power = subwords == nil ? 0.75 : 0.5
        sampler = hasTree ? nil : NegativeSampler(counts: counts, power: power)
    }

    /// Draws that stand for the negatives of a centre whose bag predicts its context.
    private var sharedNegatives: Int {
        min(settings.negative * Self.drawsForNegative, Int(WORDS_MAX_SHARED))
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
    /// - Throws: `WordTrainingError.notAWord`; the parameters have then been trained up to there.
    ///   `.outOfMemory`.
    public func train(
        _ parameters: WordParameters, ids: UnsafeBufferPointer<Int32>, slices: [Range<Int>],
        progress: ClosedRange<Double> = 0...1, stream: UInt64 = 0,
        control: TrainingControl = TrainingControl()
    ) throws(WordTrainingError) -> TrainingSummary {
        check(parameters)
        let clock = ContinuousClock()
        let start = clock.now
        let results = try Parallel.map(slices) { (index, slice) throws(WordTrainingError) in
            let seed = SplitMix.derive(
                SplitMix.derive(settings.seed, stream), UInt64(index))
            return try train(
                parameters, ids: ids, slice: slice, progress: progress, seed: seed,
                threads: slices.count, control: control)
        }
        var summary = results.reduce(into: TrainingSummary()) { $0.add($1) }
        summary.seconds = (clock.now - start) / .seconds(1)
        return summary
    }

    private func train(
        _ parameters: WordParameters, ids: UnsafeBufferPointer<Int32>, slice: Range<Int>,
        progress: ClosedRange<Double>, seed: UInt64, threads: Int, control: TrainingControl
    ) throws(WordTrainingError) -> word_result {
        let piece = UnsafeBufferPointer(rebasing: ids[slice])
        var task = word_task(
            ids: piece.baseAddress, count: piece.count, alpha: settings.alpha,
            progress_begin: progress.lowerBound, progress_end: progress.upperBound, seed: seed,
            words_done: control.wordCounter, stop: control.stopFlag)
        var result = word_result()
        let code = withModel(parameters) { model in words_train(&model, &task, &result) }
        switch code {
        case Int32(WORDS_TRAINED): return result
        case Int32(WORDS_OUT_OF_MEMORY): throw .outOfMemory(threads: threads)
        default:
            // settings were checked, so it can only be the stream
            let position = Int(result.position)
            throw .notAWord(
                id: piece[position], position: slice.lowerBound + position,
                vocabulary: vocabulary)
        }
    }

    private func check(_ parameters: WordParameters) {
        let inputs = subwords?.rowCount ?? vocabulary
        let outputs = WordParameters.outputRows(loss: settings.loss, vocabulary: vocabulary)
        precondition(
            parameters.input.rows == inputs && parameters.output.rows == outputs
                && parameters.dim == settings.dim,
            "parameters [\(parameters.input.rows) and \(parameters.output.rows), "
                + "\(parameters.dim)] for [\(inputs) and \(outputs), \(settings.dim)]")
    }

    private func withModel<Result>(
        _ parameters: WordParameters, _ body: (inout word_model) -> Result
    ) -> Result {
        withPredictions(parameters) { model in
            guard let subwords else { return body(&model) }
            return subwords.withUnsafeBags { offsets, rows in
                (model.bag_offsets, model.bag_rows) = (offsets, rows)
                return body(&model)
            }
        }
    }

    /// The model without its bags.
    private func withPredictions<Result>(
        _ parameters: WordParameters, _ body: (inout word_model) -> Result
    ) -> Result {
        subsampling.withUnsafeThresholds { keep in
            var model = word_model()
            model.inputs = parameters.input.base
            model.outputs = parameters.output.base
            model.stride = parameters.input.stride
            model.vocabulary = Int32(vocabulary)
            model.window = Int32(settings.window)
            model.cbow = settings.architecture == .cbow ? 1 : 0
            model.negative = Int32(settings.negative)
            model.shared = Int32(sharedNegatives)
            model.keep = keep
            if let tree {
                return tree.withUnsafePaths { offsets, nodes, codes in
                    (model.path_offsets, model.path_nodes, model.path_codes) =
                        (offsets, nodes, codes)
                    return body(&model)
                }
            }
            guard let sampler else { preconditionFailure("neither tree nor sampler") }
            return sampler.withUnsafeColumns { columns in
                model.alias = columns
                return body(&model)
            }
        }
    }
}

extension WordTrainer {
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
