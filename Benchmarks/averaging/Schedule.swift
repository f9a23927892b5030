// How often each row is updated, and in which rounds it is averaged.

import Glibc
import WordVectors

/// Which of the two matrices, because they are updated at different rates.
enum Side: Int, CaseIterable { case input, output }

struct Schedule {
    let rounds: Int
    /// Updates that a row gets from one worker in one round, on average, `[side][row]`.
    let updates: [[Double]]
    private let variant: Variant
    /// Rounds from one averaging of a row to the next, `[side][row]`, rising by row.
    private let periods: [[Int]]

    init(_ variant: Variant, corpus: EncodedCorpus) {
        self.variant = variant
        let words = corpus.partitions.reduce(0.0) { $0 + Double($1.wordCount) }
        let perWorker = words * Double(variant.epochs) / Double(variant.workers)
        rounds = max(1, Int((perWorker / variant.roundWords).rounded()))
        updates = Self.updates(corpus.counts, wordsPerRound: perWorker / Double(rounds))
        let limit = variant.periodMax
        var paces = updates
        if variant.tiers == "joint" {
            let mean = zip(updates[0], updates[1]).map { ($0 + $1) / 2 }
            paces = [mean, mean]
        }
        periods = paces.map { rows in
            var least = 1
            return rows.map { count in
                var period = 1
                while period < limit, count * Double(2 * period) <= variant.dueUpdates {
                    period *= 2
                }
                least = max(least, period)
                return least
            }
        }
    }

    /// A kept word is an input of as many windows as reach it, half of 2 * window + 2 places on
    /// average; an output once as centre and as often as it is drawn as a negative.
    private static func updates(_ counts: [Int], wordsPerRound: Double) -> [[Double]] {
        let subsampling = SubsamplingTable(counts: counts, sample: 1e-4)
        let total = counts.reduce(0.0) { $0 + Double($1) }
        let kept = counts.indices.map { word in
            Double(counts[word]) * subsampling.keepProbability(of: word) / total * wordsPerRound
        }
        let centres = kept.reduce(0, +)
        let weights = counts.map { pow(Double($0), 0.75) }
        let weight = weights.reduce(0, +)
        return [
            kept.map { 6 * $0 },
            zip(kept, weights).map { $0 + 5 * centres * $1 / weight },
        ]
    }

    /// The share of training that is done after `round` rounds.
    static func share(_ round: Int, of rounds: Int, _ variant: Variant) -> Double {
        pow(Double(round) / Double(rounds), variant.ramp)
    }

    /// Words of a round, as a share of those of the average round.
    private func length(_ round: Int) -> Double {
        let end = Self.share(round + 1, of: rounds, variant)
        return Double(rounds) * (end - Self.share(round, of: rounds, variant))
    }

    /// Rows that are averaged after `round`: the first so many.
    func rowsDue(_ round: Int, _ side: Side) -> Int {
        let rows = updates[side.rawValue].count
        guard round < rounds - 1 else { return rows }
        let zeros = min((round + 1).trailingZeroBitCount, 40)
        switch variant.tiers {
        case "doubling": return min(rows, variant.hotRows << zeros)
        case "updates", "joint":
            let periods = periods[side.rawValue]
            return periods.partitioningIndex { $0 > 1 << zeros }
        default: return rows
        }
    }

    /// Updates of a row by one worker since the row was averaged before.
    func updatesSince(_ row: Int, _ side: Side, round: Int) -> Double {
        updates[side.rawValue][row] * Double(period(row, side)) * length(round)
    }

    private func period(_ row: Int, _ side: Side) -> Int {
        switch variant.tiers {
        case "doubling":
            var period = 1
            while variant.hotRows * period <= row { period *= 2 }
            return period
        case "updates", "joint": return periods[side.rawValue][row]
        default: return 1
        }
    }
}

extension Array {
    /// The first index whose element, in an array parted by `isBehind`, is behind.
    fileprivate func partitioningIndex(_ isBehind: (Element) -> Bool) -> Int {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if isBehind(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
