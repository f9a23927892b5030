// What a training has done so far, as sums that add up over threads and calls.

import CKernels

/// What one call of training has done.
public struct TrainingSummary: Sendable, Equatable {
    /// Words seen, those that subsampling dropped included.
    public var words = 0
    /// Centre words trained on.
    public var trainedTokens = 0
    /// Negative log-likelihood, in nats, of a sample of windows before their update.
    public var lossSum = 0.0
    /// Predictions in that sample: pairs of context and centre word, or with CBOW centres.
    public var lossCount = 0
    /// Wall time.
    public var seconds = 0.0

    public init() {}

    /// Loss of a prediction. Before training it is (1 + negative) ln 2 with negative sampling, and
    /// with hierarchical softmax ln 2 for each node on the path to the word. Nil without a sample.
    public var loss: Double? { lossCount > 0 ? lossSum / Double(lossCount) : nil }
    public var wordsPerSecond: Double { seconds > 0 ? Double(words) / seconds : 0 }

    mutating func add(_ result: word_result) {
        words += Int(result.words)
        trainedTokens += Int(result.trained)
        lossSum += result.loss_sum
        lossCount += Int(result.loss_count)
    }
}
