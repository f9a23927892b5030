// How much of the workers' changes each row of a training job takes in a round.

import Protocol
import Tensors

extension TrainingPlan {
    /// The shares of the input and the output rows; nil to take the mean: with one partition, and
    /// where it is not known how often rows are updated.
    func shares(_ round: Int, workers: Int) -> (input: RowShares, output: RowShares)? {
        guard partitions > 1, let rates else { return nil }
        let shares = { (rates: [Float]) in
            RowShares(
                updates: rates.indices.map { row in
                    updates(row, rate: rates[row], round: round, workers: workers)
                },
                contraction: Float(contraction(round)), workers: partitions)
        }
        return (shares(rates.input), shares(rates.output))
    }
}
