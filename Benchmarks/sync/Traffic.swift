// What the plan of a training sends in its mean round, for words that follow Zipf's law.

import Glibc
import Protocol

extension Traffic {
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
        for round in 0..<plan.rounds {
            // A round in 37 stands for its neighbours; 37 has no factor in common with turns.
            guard round % 37 == 0 || round == plan.rounds - 1 else { continue }
            let share = round == plan.rounds - 1 ? 1 : Double(min(37, plan.rounds - round))
            let due = plan.rowsDue(round, workers: workers)
            step += share * 2 * Double(due) * bytesPerRow
            for row in 0..<due {
                for rate in [rates?.input[row] ?? 0, rates?.output[row] ?? 0] {
                    let updates = plan.updates(row, rate: rate, round: round, workers: workers)
                    delta += share * (1 - exp(-Double(updates))) * bytesPerRow
                }
            }
        }
        self.init(
            workers: workers, rounds: plan.rounds, wordsPerUnit: plan.wordsPerUnit,
            deltaBytes: delta / Double(plan.rounds), stepBytes: step / Double(plan.rounds))
    }
}
