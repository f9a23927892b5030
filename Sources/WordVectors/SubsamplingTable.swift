// How often each frequent word is kept, as thresholds for 32-bit draws.

/// Keep-probabilities sqrt(t / f) + t / f, where f is a word's share of the corpus and t is the
/// setting `sample` (word2vec.c; the paper of 2013 has another formula).
public struct SubsamplingTable: Sendable {
    /// A word is kept when a 32-bit draw is at most its threshold; nil when every word is kept.
    let thresholds: [UInt32]?

    /// - Parameters:
    ///   - counts: occurrences of each word, each at least 0.
    ///   - sample: t; 0 keeps every word.
    public init(counts: [Int], sample: Double) {
        precondition(sample >= 0 && sample.isFinite, "sample \(sample)")
        let total = counts.reduce(0.0) { $0 + Double($1) }
        guard sample > 0, total > 0 else {
            thresholds = nil
            return
        }
        thresholds = counts.map { count in
            let ratio = sample * total / Double(max(count, 1))
            let kept = (ratio.squareRoot() + ratio) * 0x1p32
            return kept >= 0x1p32 ? .max : UInt32(max(kept.rounded(.down) - 1, 0))
        }
    }

    /// The probability that an occurrence of `word` is kept.
    public func keepProbability(of word: Int) -> Double {
        guard let thresholds else { return 1 }
        return (Double(thresholds[word]) + 1) * 0x1p-32
    }

    func withUnsafeThresholds<Result>(_ body: (UnsafePointer<UInt32>?) -> Result) -> Result {
        guard let thresholds else { return body(nil) }
        return thresholds.withUnsafeBufferPointer { body($0.baseAddress) }
    }
}
