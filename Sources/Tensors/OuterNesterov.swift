// The outer optimizer: averages the workers' deltas and takes a Nesterov step with the mean.

import CKernels

/// Nesterov momentum over rounds, as DiLoCo applies it (Douillard et al. 2023, section 2), row by
/// row. With deltas Δ of weight w:
///
///     d = Σ w Δ;  v ← μ v + d;  step = rounded(rate (d + μ v));  θ ← θ + step
///
/// With `RowShares`, d is a row's share of the sum of all deltas instead of their mean, and a row
/// that takes a larger share at once has less momentum: the share s of N workers' sum has
/// μ (1 - s) / (1 - 1/N), so that a delta moves a row equally far in the end.
///
/// The step is rounded before it is applied, so a process that keeps its own copy of θ and adds the
/// returned payload holds the same bits.
public final class OuterNesterov {
    /// θ, `[rows, dim]`.
    public let parameters: Matrix
    /// v, `[rows, dim]`, zero at first. Without momentum there is nothing to remember: `[0, dim]`.
    public let velocity: Matrix
    public let momentum: Float
    public let rate: Float
    /// A row without a delta keeps moving by momentum until max |μ v| is at most this; then its
    /// velocity is dropped and it costs no bytes. What it loses is below
    /// rate * restThreshold / (1 - μ) in each value.
    public let restThreshold: Float
    // greatest |v| of each row, so that rows at rest cost nothing
    private var speeds: [Float]

    /// - Parameter velocity: the velocities of a checkpoint; nil starts at rest.
    /// - Throws: `TensorError.outOfMemory`; `.notFinite` for velocities that are not finite.
    public init(
        parameters: Matrix, velocity given: Matrix? = nil, momentum: Float, rate: Float,
        restThreshold: Float = 1e-6
    ) throws(TensorError) {
        precondition(momentum >= 0 && momentum < 1, "momentum \(momentum) is not in 0..<1")
        precondition(rate > 0 && rate.isFinite, "rate \(rate) is not positive")
        let velocity: Matrix
        if let given {
            velocity = given
        } else {
            velocity = try Matrix(
                rows: momentum > 0 ? parameters.rows : 0, columns: parameters.columns)
        }
        precondition(
            velocity.rows == (momentum > 0 ? parameters.rows : 0)
                && velocity.columns == parameters.columns,
            "velocities [\(velocity.rows), \(velocity.columns)] of parameters "
                + "[\(parameters.rows), \(parameters.columns)]")
        self.parameters = parameters
        self.velocity = velocity
        self.momentum = momentum
        self.rate = rate
        self.restThreshold = restThreshold
        speeds = [Float](repeating: 0, count: parameters.rows)
        guard given != nil else { return }
        for row in 0..<velocity.rows {
            let values = UnsafeBufferPointer(start: velocity.row(row), count: velocity.columns)
            guard values.allSatisfy(\.isFinite) else {
                throw .notFinite(row: row, what: "the velocity")
            }
            speeds[row] = values.reduce(0) { max($0, abs($1)) }
        }
    }

    /// One step with the mean of `deltas`, taken in the order given. The result does not depend on
    /// `threads`.
    ///
    /// - Parameters:
    ///   - weights: one for each delta; they sum to 1, unless deltas have no row in common.
    ///   - rows: only the first so many take the step, the others keep their velocity for theirs;
    ///     nil takes all.
    ///   - shares: how much of the sum each of these rows takes; nil takes the mean.
    ///   - format: in which the step is rounded; deltas may have any.
    /// - Returns: the rounded steps of every row that moved.
    /// - Throws: `TensorError.notFinite` when a row overflows; the state is then of no use, and a
    ///   checkpoint must replace it. After `outOfMemory` the same step may be tried again.
    public func step(
        deltas: [RowDelta.View], weights: [Float], rows: Int? = nil, shares: RowShares? = nil,
        format: RowDelta.Format = .bf16, threads: Int
    ) throws(TensorError) -> RowDelta {
        precondition(
            deltas.count == weights.count, "\(deltas.count) deltas, \(weights.count) weights")
        for delta in deltas {
            precondition(
                delta.totalRows == parameters.rows && delta.dim == parameters.columns,
                "delta of [\(delta.totalRows), \(delta.dim)] for "
                    + "[\(parameters.rows), \(parameters.columns)]")
        }
        let due = min(rows ?? parameters.rows, parameters.rows)
        precondition(
            shares?.updates.count ?? due >= due,
            "\(shares?.updates.count ?? 0) shares of \(due) rows")
        let moving = movingRows(deltas, rows: due, shares)
        let merged = try RowDelta(
            totalRows: parameters.rows, dim: parameters.columns, present: moving,
            format: format)
        let round = Round(
            deltas: deltas, weights: weights, shares: shares, moving: moving, merged: merged)
        // each row belongs to one range, so threads never write the same speed
        try speeds.withUnsafeMutableBufferPointer { (speeds) throws(TensorError) in
            let speeds = speeds
            _ = try Parallel.map(count: moving.count, threads: threads) {
                (slots) throws(TensorError) in
                try self.move(slots, of: round, speeds: speeds)
            }
        }
        return merged
    }

    /// The greatest speed of each row, for whoever moves rows in ranges of his own.
    func withSpeeds(
        _ body: (UnsafeMutableBufferPointer<Float>) throws(TensorError) -> Void
    ) throws(TensorError) {
        try speeds.withUnsafeMutableBufferPointer { (speeds) throws(TensorError) in
            try body(speeds)
        }
    }

    private struct Round {
        let deltas: [RowDelta.View]
        let weights: [Float]
        let shares: RowShares?
        /// The rows that move, rising: the slots of `merged`.
        let moving: [UInt32]
        let merged: RowDelta
    }

    /// Rows in some delta or still in motion, rising. Rows that come to rest lose their velocity.
    private func movingRows(
        _ deltas: [RowDelta.View], rows: Int, _ shares: RowShares?
    ) -> [UInt32] {
        var touched = [Bool](repeating: false, count: parameters.rows)
        for delta in deltas {
            for slot in 0..<delta.presentRows { touched[delta.row(slot)] = true }
        }
        var moving: [UInt32] = []
        for row in 0..<rows {
            if touched[row] || pull(row, shares).momentum * speeds[row] > restThreshold {
                moving.append(UInt32(row))
            } else if momentum > 0, speeds[row] > 0 {
                velocity.row(row).update(repeating: 0, count: velocity.stride)
                speeds[row] = 0
            }
        }
        return moving
    }

    /// What the mean of the deltas is multiplied with, and the momentum of the row.
    private func pull(_ row: Int, _ shares: RowShares?) -> (factor: Float, momentum: Float) {
        guard let shares, shares.workers > 1 else { return (1, momentum) }
        let share = shares.share(row)
        return (share * Float(shares.workers), momentum(share: share, of: shares.workers))
    }

    private func momentum(share: Float, of workers: Int) -> Float {
        let least = 1 / Float(workers)
        return momentum * min(1, (1 - share) / (1 - least))
    }

    private func move(
        _ slots: Range<Int>, of round: Round, speeds: UnsafeMutableBufferPointer<Float>
    ) throws(TensorError) {
        guard let first = slots.first else { return }
        let dim = parameters.columns
        var cursors = round.deltas.map { $0.slot(from: Int(round.moving[first])) }
        let scratch = UnsafeMutablePointer<Float>.allocate(capacity: 3 * dim)
        defer { scratch.deallocate() }
        let (mean, worker) = (scratch, scratch + dim)
        // Where every row's velocity goes to be forgotten, if there is no momentum.
        let passing = scratch + 2 * dim
        passing.update(repeating: 0, count: dim)
        var found: [(weight: Float, values: RowDelta.Row)] = []
        for slot in slots {
            let row = Int(round.moving[slot])
            collect(row, of: round, &cursors, into: &found)
            let momentum = pull(row, found, round.shares, into: mean, worker: worker)
            speeds[row] = try nesterov(
                row, mean: mean, velocity: self.momentum > 0 ? velocity.row(row) : passing,
                momentum: momentum, into: round.merged, at: slot)
        }
    }

    /// The deltas of one row, in the order given.
    private func collect(
        _ row: Int, of round: Round, _ cursors: inout [Int],
        into found: inout [(weight: Float, values: RowDelta.Row)]
    ) {
        found.removeAll(keepingCapacity: true)
        for (index, delta) in round.deltas.enumerated() {
            guard cursors[index] < delta.presentRows, delta.row(cursors[index]) == row else {
                continue
            }
            found.append((round.weights[index], delta.values(cursors[index])))
            cursors[index] += 1
        }
    }

    /// Leaves d in `mean`; returns the momentum of the row. `worker` is room for one delta.
    private func pull(
        _ row: Int, _ found: [(weight: Float, values: RowDelta.Row)], _ shares: RowShares?,
        into mean: UnsafeMutablePointer<Float>, worker: UnsafeMutablePointer<Float>
    ) -> Float {
        let dim = parameters.columns
        let (factor, momentum) = pull(row, shares)
        mean.update(repeating: 0, count: dim)
        for (weight, values) in found {
            _ = values.add(weight * factor, to: mean, count: dim)
        }
        guard let shares, shares.workers > 1, !found.isEmpty else { return momentum }
        let trusted = shares.trusted(
            sum: Self.length(mean, dim), length: Self.length(parameters.row(row), dim)
        ) {
            found.reduce(0) { furthest, delta in
                worker.update(repeating: 0, count: dim)
                _ = delta.values.add(1, to: worker, count: dim)
                return max(furthest, Self.length(worker, dim))
            }
        }
        guard trusted < 1 else { return momentum }
        for i in 0..<dim { mean[i] *= trusted }
        return self.momentum(share: shares.share(row) * trusted, of: shares.workers)
    }

    private static func length(_ values: UnsafePointer<Float>, _ count: Int) -> Float {
        var squares = SIMD8<Float>.zero
        var index = 0
        while index + 8 <= count {
            let some = UnsafeRawPointer(values + index).loadUnaligned(as: SIMD8<Float>.self)
            squares += some * some
            index += 8
        }
        var square = squares.sum()
        while index < count {
            square += values[index] * values[index]
            index += 1
        }
        return square.squareRoot()
    }

    /// Returns the new greatest |v| of the row.
    private func nesterov(
        _ row: Int, mean: UnsafeMutablePointer<Float>, velocity: UnsafeMutablePointer<Float>,
        momentum: Float, into step: RowDelta, at slot: Int
    ) throws(TensorError) -> Float {
        let (greatest, speed) = step.writeStep(
            pull: mean, velocity: velocity, parameters: parameters.row(row), momentum: momentum,
            rate: rate, to: slot)
        guard greatest < KERNELS_NOT_FINITE else {
            throw .notFinite(row: row, what: "the average of the parameters")
        }
        return Float(bitPattern: speed)
    }
}
