// How much of the partitions' changes each row of a training job takes in a round.

package import Protocol
package import Tensors

extension TrainingPlan {
    /// The shares of the input and the output rows of `shard`; nil to take the mean: with one
    /// partition, and where it is not known how often rows are updated.
    ///
    /// - Parameter due: only of the first so many rows of the model; nil takes all.
    package func shares(
        _ round: Int, workers: Int, of shard: RowShard = .whole, due: Int? = nil
    ) -> (input: RowShares, output: RowShares)? {
        guard partitions > 1, let rates else { return nil }
        let shares = { (rates: [Float]) in
            RowShares(
                updates: (0..<shard.rows(of: min(due ?? rates.count, rates.count))).map { local in
                    let row = shard.row(local)
                    return updates(row, rate: rates[row], round: round, workers: workers)
                },
                contraction: Float(contraction(round)), workers: partitions)
        }
        return (shares(rates.input), shares(rates.output))
    }
}
