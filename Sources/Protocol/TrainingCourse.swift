// How much of a training is done after how many of its rounds: coordinator and workers agree on it.

/// Rounds of several partitions are short at first and grow longer in proportion to their number:
/// the learning rate is highest and partitions come apart soonest where training begins, and what
/// a round does falls with the learning rate. A single partition has nobody to meet.
public struct TrainingCourse: Sendable, Hashable {
    public let count: Int
    public let partitions: Int

    /// - Parameter count: at least 1.
    public init(count: Int, partitions: Int) {
        precondition(count >= 1, "\(count) rounds")
        self.count = count
        self.partitions = partitions
    }

    /// The share of the training that is done when `rounds` of them are, 0 to 1.
    public func done(after rounds: Int) -> Double {
        let share = Double(rounds) / Double(count)
        return partitions > 1 ? share * share : share
    }

    /// The share of the training that is round `round`, counted from 0.
    public func share(of round: Int) -> Double {
        done(after: round + 1) - done(after: round)
    }
}
