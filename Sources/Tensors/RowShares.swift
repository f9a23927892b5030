// How much of the workers' changes each row takes at once: all of rare rows, the mean of hot ones.

import Glibc

/// Workers that train from the same parameters all pull a row to the same place. One update goes
/// the share c of the way, so a worker's k updates go 1 - e^-ck of it, and N workers one after
/// another would have gone 1 - e^-cNk. So the row takes
///
///     (1 - e^-cNk) / (N (1 - e^-ck))
///
/// of the sum of deltas: the sum where updates are few, the mean where a worker alone comes to
/// where it pulls. What a row does not take at once its momentum brings.
public struct RowShares: Sendable {
    /// Updates of each row by one worker since the row was averaged before, as expected: k.
    public let updates: [Float]
    /// c, of this round; it falls with the learning rate.
    public let contraction: Float
    public let workers: Int
    /// A row moves at most so many times its own length in a step, or as far as the worker that
    /// moved it most: where all workers agree, as they do at the beginning, it follows the sum of
    /// their deltas no further.
    public let trust: Float

    /// - Parameter contraction: not negative; 0 takes the sum of all deltas.
    public init(updates: [Float], contraction: Float, workers: Int, trust: Float = 0.2) {
        precondition(workers >= 1, "\(workers) workers")
        precondition(
            contraction >= 0 && contraction.isFinite, "a contraction of \(contraction)")
        precondition(trust >= 0 && trust.isFinite, "a trust of \(trust)")
        self.updates = updates
        self.contraction = contraction
        self.workers = workers
        self.trust = trust
    }

    /// Between 1 / workers and 1.
    public func share(_ row: Int) -> Float {
        let way = contraction * updates[row]
        guard way > 1e-6 else { return 1 }
        return expm1(-way * Float(workers)) / expm1(-way) / Float(workers)
    }

    /// The share of the sum's length `sum` that the row may go, when its own length is `length`
    /// and the furthest worker went `furthest`.
    func trusted(sum: Float, length: Float, furthest: () -> Float) -> Float {
        let near = trust * length
        guard sum > near else { return 1 }
        let limit = max(near, furthest())
        return sum > limit ? limit / sum : 1
    }
}
