// The settings of training word vectors on an encoded corpus, and the limits of each.

import CKernels

/// What predicts what (Mikolov et al. 2013).
public enum WordArchitecture: String, Sendable, CaseIterable {
    /// Each word of a context and its centre are a pair.
    case skipGram = "skip-gram"
    /// The mean of a context predicts its centre.
    case cbow
}

/// How a predicted word is told from the others (Mikolov et al. 2013).
public enum WordLoss: String, Sendable, CaseIterable {
    /// From some words drawn at random.
    case negativeSampling = "negative"
    /// By the branches of a Huffman tree that lead to it.
    case hierarchicalSoftmax = "hierarchical-softmax"
}

/// How word vectors are trained. The defaults are word2vec's, but for skip-gram, the faster `alpha`
/// and the stronger subsampling that large corpora want.
public struct WordTrainingSettings: Sendable, Equatable {
    public var architecture: WordArchitecture
    public var loss: WordLoss
    /// Values of a vector.
    public var dim: Int
    /// Greatest distance of a context word, counted after subsampling, 1...64.
    public var window: Int
    /// Negative samples of a prediction, 1...63; hierarchical softmax has none and ignores it.
    public var negative: Int
    /// Words more frequent than this share of the corpus are thinned out; 0 keeps all.
    public var sample: Double
    /// Learning rate at the beginning; it falls linearly to `alpha / 10000`.
    public var alpha: Float
    /// Everything left to chance follows from this number.
    public var seed: UInt64

    /// - Throws: `WordTrainingError.setting` naming the setting, its value and its limits.
    public init(
        architecture: WordArchitecture = .skipGram, loss: WordLoss = .negativeSampling,
        dim: Int = 300, window: Int = 5, negative: Int = 5, sample: Double = 1e-4,
        alpha: Float = 0.05, seed: UInt64 = 1
    ) throws(WordTrainingError) {
        self.architecture = architecture
        self.loss = loss
        self.dim = dim
        self.window = window
        self.negative = negative
        self.sample = sample
        self.alpha = alpha
        self.seed = seed
        try validate()
    }

    /// Checks every setting; for settings changed or decoded after `init`.
    public func validate() throws(WordTrainingError) {
        try Self.check("dim", dim, within: 1...65_536)
        try Self.check("window", window, within: 1...WORDS_MAX_RADIUS)
        // without negatives every vector would be drawn to every other
        let fewest = loss == .negativeSampling ? 1 : 0
        try Self.check("negative", negative, within: fewest...WORDS_MAX_OUTPUTS - 1)
        guard sample >= 0, sample.isFinite else {
            throw .setting(name: "sample", value: "\(sample)", limits: "0 or more")
        }
        guard alpha > 0, alpha <= 10 else {
            throw .setting(name: "alpha", value: "\(alpha)", limits: "above 0 and at most 10")
        }
    }

    private static func check(
        _ name: String, _ value: Int, within limits: ClosedRange<Int>
    ) throws(WordTrainingError) {
        guard limits.contains(value) else {
            throw .setting(
                name: name, value: "\(value)",
                limits: "\(limits.lowerBound) to \(limits.upperBound)")
        }
    }
}

/// What can go wrong in training word vectors.
public enum WordTrainingError: Error, Sendable, Equatable, CustomStringConvertible {
    case setting(name: String, value: String, limits: String)
    case notAWord(id: Int32, position: Int, vocabulary: Int)
    /// A Huffman tree has an inner node only from two words on.
    case noTree(words: Int)
    case outOfMemory(threads: Int)

    public var description: String {
        switch self {
        case .setting(let name, let value, let limits):
            "--\(name) is \(value); give a value of \(limits)"
        case .notAWord(let id, let position, let vocabulary):
            "the encoded corpus has \(id) at position \(position), which is no word of a "
                + "vocabulary of \(vocabulary); encode the corpus again with this vocabulary"
        case .noTree(let words):
            "hierarchical softmax needs 2 words and the vocabulary has \(words); lower --min-count "
                + "or train with negative sampling"
        case .outOfMemory(let threads):
            "the system refused memory for the contexts of \(threads) threads; lower --window or "
                + "--threads"
        }
    }
}
