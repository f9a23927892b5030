// The settings of skip-gram training with negative sampling, and the limits of each.

import CKernels

/// How skip-gram vectors are trained (Mikolov et al. 2013). The defaults are word2vec's, but for
/// the faster `alpha` and the stronger subsampling that large corpora want.
public struct SkipGramSettings: Sendable, Equatable {
    /// Values of a vector.
    public var dim: Int
    /// Greatest distance of a context word, counted after subsampling, 1...64.
    public var window: Int
    /// Negative samples of a window, 0...63.
    public var negative: Int
    /// Words more frequent than this share of the corpus are thinned out; 0 keeps all.
    public var sample: Double
    /// Learning rate at the beginning; it falls linearly to `alpha / 10000`.
    public var alpha: Float
    /// Everything left to chance follows from this number.
    public var seed: UInt64

    /// - Throws: `SkipGramError.setting` naming the setting, its value and its limits.
    public init(
        dim: Int = 300, window: Int = 5, negative: Int = 5, sample: Double = 1e-4,
        alpha: Float = 0.05, seed: UInt64 = 1
    ) throws(SkipGramError) {
        self.dim = dim
        self.window = window
        self.negative = negative
        self.sample = sample
        self.alpha = alpha
        self.seed = seed
        try validate()
    }

    /// Checks every setting; for settings changed or decoded after `init`.
    public func validate() throws(SkipGramError) {
        try Self.check("dim", dim, within: 1...65_536)
        try Self.check("window", window, within: 1...SGNS_MAX_RADIUS)
        try Self.check("negative", negative, within: 0...SGNS_MAX_OUTPUTS - 1)
        guard sample >= 0, sample.isFinite else {
            throw .setting(name: "sample", value: "\(sample)", limits: "0 or more")
        }
        guard alpha > 0, alpha <= 10 else {
            throw .setting(name: "alpha", value: "\(alpha)", limits: "above 0 and at most 10")
        }
    }

    private static func check(
        _ name: String, _ value: Int, within limits: ClosedRange<Int>
    ) throws(SkipGramError) {
        guard limits.contains(value) else {
            throw .setting(
                name: name, value: "\(value)",
                limits: "\(limits.lowerBound) to \(limits.upperBound)")
        }
    }
}

/// What can go wrong in skip-gram training.
public enum SkipGramError: Error, Sendable, Equatable, CustomStringConvertible {
    case setting(name: String, value: String, limits: String)
    case notAWord(id: Int32, position: Int, vocabulary: Int)

    public var description: String {
        switch self {
        case .setting(let name, let value, let limits):
            "--\(name) is \(value); give a value of \(limits)"
        case .notAWord(let id, let position, let vocabulary):
            "the encoded corpus has \(id) at position \(position), which is no word of a "
                + "vocabulary of \(vocabulary); encode the corpus again with this vocabulary"
        }
    }
}
