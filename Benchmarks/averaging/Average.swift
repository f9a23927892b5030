// The reduction of one matrix over the workers' copies, in place, with everything it remembers.

import Glibc
import Tensors

/// The shared parameters of one side, and what travels to and from them.
final class Average {
    let global: Matrix
    private let side: Side
    private let variant: Variant
    private let schedule: Schedule
    private let locals: [Matrix]
    /// Where each worker's next delta begins, if merged parameters come late.
    private let snapshots: [Matrix]
    private let velocity: Matrix?
    private let residuals: [Matrix]
    private let residual: Matrix?
    private var speeds: [Float]
    private var moved: [Bool]

    struct Tally {
        var bytesUp = 0
        var bytesDown = 0
        /// Sums over a sample of rows: squares of deltas about their mean, squares of parameters.
        var spread = 0.0
        var square = 0.0
    }

    init(_ side: Side, _ variant: Variant, _ schedule: Schedule, locals: [Matrix]) throws {
        self.side = side
        self.variant = variant
        self.schedule = schedule
        self.locals = locals
        let (rows, dim) = (locals[0].rows, locals[0].columns)
        global = try Matrix(rows: rows, columns: dim)
        global.copy(from: locals[0], threads: 1)
        snapshots = try locals.prefix(variant.delay > 0 ? locals.count : 0).map { local in
            let copy = try Matrix(rows: rows, columns: dim)
            copy.copy(from: local, threads: 1)
            return copy
        }
        let remembers = variant.momentum > 0 || variant.rowMomentum > 0
        velocity = remembers ? try Matrix(rows: rows, columns: dim) : nil
        residuals = try locals.prefix(variant.feedback ? locals.count : 0).map { _ in
            try Matrix(rows: rows, columns: dim)
        }
        let keeps = variant.feedback || variant.feedbackDown
        residual = keeps ? try Matrix(rows: rows, columns: dim) : nil
        speeds = [Float](repeating: 0, count: rows)
        moved = [Bool](repeating: false, count: rows)
    }

    /// Merges the rows that are due and gives them to every worker.
    func merge(round: Int) throws -> Tally {
        let due = schedule.rowsDue(round, side)
        let progress = Double(round + 1) / Double(schedule.rounds)
        let alpha = Double(variant.alpha) * max(1e-4, 1 - progress)
        let isItsOwn = side == .input && variant.inputCurvature > 0
        let curvature = isItsOwn ? variant.inputCurvature : variant.curvature
        let rounds = Merge(
            round: round, contraction: curvature * alpha,
            scratch: try Matrix(rows: locals.count + 2, columns: global.columns),
            combination: Combination(variant: variant, round: round),
            isLast: round == schedule.rounds - 1,
            up: Rounding(variant.up), down: Rounding(variant.down))
        var rowsUp = [Int](repeating: 0, count: locals.count)
        var rowsDown = 0
        var tally = Tally()
        for row in 0..<due { merge(row, rounds, &rowsUp, &rowsDown, &tally) }
        let dim = global.columns
        if locals.count > 1 {
            tally.bytesUp = rowsUp.reduce(0) { $0 + rounds.up.payloadBytes(rows: $1, dim: dim) }
            tally.bytesDown = locals.count * rounds.down.payloadBytes(rows: rowsDown, dim: dim)
        }
        return tally
    }

    private struct Merge {
        let round: Int
        let contraction: Double
        let scratch: Matrix
        let combination: Combination
        let isLast: Bool
        let up: Rounding
        let down: Rounding

        func key(_ row: Int, _ sender: Int) -> UInt32 {
            let number = (UInt64(round) &* 64 &+ UInt64(sender)) &<< 32 | UInt64(row)
            return UInt32((number &* 0x9E37_79B9_7F4A_7C15) &>> 32)
        }
    }

    private func merge(
        _ row: Int, _ merge: Merge, _ rowsUp: inout [Int], _ rowsDown: inout Int,
        _ tally: inout Tally
    ) {
        let global = Row(self.global, row)
        let step = Row(merge.scratch, locals.count), spare = Row(merge.scratch, locals.count + 1)
        let deltas = takeDeltas(row, merge, spare, &rowsUp)
        if row % 16 == 0, !deltas.isEmpty { measure(deltas, global, spare, &tally) }
        if variant.delay > 0 { hand(global, row, deltas, always: moved[row]) }
        moved[row] = false
        if deltas.isEmpty && speeds[row] <= 1e-6 {
            speeds[row] = 0
            return
        }
        advance(row, deltas, step, spare, merge)
        merge.down.apply(
            to: step, residual: residual.map { Row($0, row) }, scratch: spare,
            key: merge.key(row, locals.count))
        global.add(1, step)
        rowsDown += 1
        moved[row] = true
        if variant.delay == 0 { hand(global, row, [], always: true) }
    }

    /// The changes of the workers that touched the row, as they arrive.
    private func takeDeltas(
        _ row: Int, _ merge: Merge, _ spare: Row, _ rowsUp: inout [Int]
    ) -> [(worker: Int, delta: Row)] {
        var deltas: [(worker: Int, delta: Row)] = []
        for worker in locals.indices {
            let local = Row(locals[worker], row)
            let begin = Row(variant.delay > 0 ? snapshots[worker] : global, row)
            guard local.differs(from: begin) else { continue }
            let delta = Row(merge.scratch, worker)
            delta.set(difference: local, begin)
            if locals.count > 1 {
                let residual = residuals.isEmpty ? nil : Row(residuals[worker], row)
                merge.up.apply(
                    to: delta, residual: residual, scratch: spare, key: merge.key(row, worker))
            }
            rowsUp[worker] += 1
            deltas.append((worker, delta))
        }
        return deltas
    }

    /// The outer step: v <- m v + d, step = rate (d + m v).
    private func advance(
        _ row: Int, _ deltas: [(worker: Int, delta: Row)], _ step: Row, _ spare: Row, _ merge: Merge
    ) {
        let share: Float
        let updates = schedule.updatesSince(row, side, round: merge.round)
        if deltas.isEmpty {
            step.clear()
            share = merge.combination.shareAtRest(
                updates: updates, contraction: merge.contraction)
        } else {
            share = merge.combination.combine(
                deltas, into: step, updates: updates, contraction: merge.contraction,
                parameters: Row(global, row),
                owner: (row &* 31 &+ merge.round) % locals.count)
        }
        guard let velocity else {
            step.scale(variant.rate)
            return
        }
        let speed = Row(velocity, row)
        let momentum =
            variant.rowMomentum > 0 ? variant.rowMomentum * (1 - share) : variant.momentum
        speed.scale(momentum)
        speed.add(1, step)
        step.add(momentum, speed)
        step.scale(variant.rate)
        speeds[row] = momentum * speed.greatest
    }

    /// Gives the shared row to every worker; late, each keeps what it did meanwhile.
    private func hand(
        _ global: Row, _ row: Int, _ deltas: [(worker: Int, delta: Row)], always: Bool
    ) {
        guard always || !deltas.isEmpty else { return }
        for worker in locals.indices {
            let local = Row(locals[worker], row)
            guard variant.delay > 0 else {
                local.set(global)
                continue
            }
            let snapshot = Row(snapshots[worker], row)
            local.add(-1, snapshot)
            local.add(1, global)
            snapshot.set(local)
        }
    }

    private func measure(
        _ deltas: [(worker: Int, delta: Row)], _ global: Row, _ spare: Row, _ tally: inout Tally
    ) {
        spare.clear()
        for (_, delta) in deltas {
            tally.spread += Double(delta.dot(delta))
            spare.add(1, delta)
        }
        tally.spread -= Double(spare.dot(spare)) / Double(locals.count)
        tally.square += Double(global.dot(global)) * Double(locals.count)
    }
}
