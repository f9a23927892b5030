// What the plan of a training sends in its mean round, for words that follow Zipf's law.

import Glibc
import Protocol

extension Traffic {
    /// A row is due in every round, or every second, ... or 32nd.
    private static let turns = 0...5
    private static let positions = 8

    /// - Parameters:
    ///   - rows: different words.
    ///   - words: occurrences of them, in one epoch.
    init(_ spec: TrainWords, workers: Int, rows: Int, words: Double) {
        let rates = UpdateRates(rows: rows, words: words, of: spec)
        let plan = TrainingPlan(
            spec, workers: workers, words: words, rows: rows, rates: rates, blocks: 1 << 20,
            vocabulary: PayloadReference(id: "", size: 0, checksum: 0))
        let bytesPerRow = Double(2 * spec.dimension + 4)
        var (delta, step) = (0.0, 0.0)
        for turn in Self.turns {
            // So many rounds end with such a turn: half of them, a quarter, ...
            let share = turn == Self.turns.upperBound ? 1 / 32.0 : 1 / Double(2 << turn)
            for position in 0..<Self.positions {
                let near = plan.rounds * (2 * position + 1) / (2 * Self.positions)
                let round = min(
                    ((near >> (turn + 1)) << (turn + 1)) + (1 << turn) - 1, plan.rounds - 2)
                let due = plan.rowsDue(round, workers: workers)
                let weight = share / Double(Self.positions) * bytesPerRow
                step += weight * 2 * Double(due)
                for row in 0..<due {
                    for rate in [rates?.input[row] ?? 0, rates?.output[row] ?? 0] {
                        let updates = plan.updates(row, rate: rate, round: round, workers: workers)
                        delta += weight * Double(1 - exp(-updates))
                    }
                }
            }
        }
        self.init(
            workers: workers, rounds: plan.rounds, wordsPerUnit: plan.wordsPerUnit,
            deltaBytes: delta, stepBytes: step)
    }
}
