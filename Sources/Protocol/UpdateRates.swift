// How often training updates each row of the matrices, from the counts of the words alone.

import Glibc

/// Updates that a word's rows get, on average, while one word of the corpus is trained.
///
/// An occurrence that subsampling keeps is an input of every window that reaches it, window + 1 of
/// them when widths are drawn evenly from 1 to `window`; it is an output once as the centre, and as
/// often as it is drawn as a negative, in proportion to count^0.75.
package struct UpdateRates: Sendable {
    package let input: [Float]
    package let output: [Float]

    /// - Parameter counts: of the words, by rank.
    /// - Returns: nil where rows are not those of words: with n-grams, or the branches of a tree.
    package init?(counts: [Double], of spec: TrainWords) {
        guard spec.subwords == nil, spec.loss == .negativeSampling else { return nil }
        let total = max(counts.reduce(0, +), 1)
        let kept = counts.map { count in
            let ratio = spec.sample > 0 ? spec.sample * total / max(count, 1) : 1
            return min(1, ratio.squareRoot() + ratio) * count / total
        }
        let centres = kept.reduce(0, +)
        let weights = counts.map { pow($0, 0.75) }
        let negatives = Double(spec.negative) * centres / max(weights.reduce(0, +), 1)
        input = kept.map { Float(Double(spec.window + 1) * $0) }
        output = zip(kept, weights).map { Float($0 + negatives * $1) }
    }

    /// Of words whose counts are only known together: as Zipf's law has them.
    package init?(rows: Int, words: Double, of spec: TrainWords) {
        let weights = (0..<rows).map { 1 / Double($0 + 1) }
        let scale = words / max(weights.reduce(0, +), 1)
        self.init(counts: weights.map { $0 * scale }, of: spec)
    }

    private init(input: [Float], output: [Float]) {
        self.input = input
        self.output = output
    }

    /// The greater rate of each row.
    package func raised(to other: UpdateRates) -> UpdateRates {
        UpdateRates(
            input: zip(input, other.input).map { max($0, $1) },
            output: zip(output, other.output).map { max($0, $1) })
    }

    package var rows: Int { input.count }

    /// The mean of both matrices' rates: a word's two rows are averaged in the same rounds.
    func mean(_ row: Int) -> Double { Double(input[row] + output[row]) / 2 }
}
