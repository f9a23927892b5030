// How much of the workers' changes a row takes: from the sum to the mean, and never too far.

import Tensors
import Testing

@Suite("Shares of rows")
struct RowSharesTests {
    private func shares(_ updates: [Float], contraction: Float = 0.1, trust: Float = 1e6)
        -> RowShares
    {
        RowShares(updates: updates, contraction: contraction, workers: 8, trust: trust)
    }

    /// What `workers` equal deltas of `value` do to a row of nine values `start`.
    private func step(
        _ shares: RowShares?, momentum: Float = 0, workers: Int = 8, value: Float = 0.015625,
        start: Float = 1
    ) throws -> OuterNesterov {
        let base = try Matrix(rows: 1, columns: 9)
        for column in 0..<9 { base.row(0)[column] = start }
        let live = try base.copy()
        for column in 0..<9 { live.row(0)[column] += value }
        let delta = try RowDelta.encode(from: live, base: base, threads: 1)
        let optimizer = try OuterNesterov(parameters: base, momentum: momentum, rate: 1)
        _ = try optimizer.step(
            deltas: [RowDelta.View](repeating: delta.view, count: workers),
            weights: [Float](repeating: 1 / Float(workers), count: workers), shares: shares,
            threads: 1)
        return optimizer
    }

    @Test("rows of few updates take the sum, rows of many the mean, and the share falls between")
    func limits() {
        let shares = shares([0, 1e-6, 0.1, 1, 10, 100, 1e6])
        let values = (0..<7).map(shares.share)
        #expect(values[0] == 1)
        #expect(abs(values[1] - 1) < 1e-4)
        #expect(abs(values[6] - 0.125) < 1e-6)
        for (more, less) in zip(values, values.dropFirst()) { #expect(more >= less) }
        // (1 - e^-0.8) / (8 (1 - e^-0.1))
        #expect(abs(values[3] - 0.723330) < 1e-5)
    }

    @Test("a step without momentum is the row's share of the sum")
    func sum() throws {
        let sum = try step(shares([0])).parameters.values[4] - 1
        let mean = try step(shares([1e6])).parameters.values[4] - 1
        #expect(sum == 0.125)
        #expect(abs(mean - 0.015625) < 1e-6)
    }

    @Test("without shares, and with one worker, a step is the mean")
    func mean() throws {
        #expect(try step(nil).parameters.values[0] == 1.015625)
        let alone = RowShares(updates: [0], contraction: 1, workers: 1)
        #expect(try step(alone, momentum: 0, workers: 1).parameters.values[0] == 1.015625)
    }

    @Test("whatever share a row takes at once, its momentum brings it equally far in the end")
    func momentum() throws {
        for updates: Float in [0, 1, 10, 1e6] {
            let shares = shares([updates])
            let optimizer = try step(shares, momentum: 0.875)
            for _ in 0..<400 {
                _ = try optimizer.step(deltas: [], weights: [], shares: shares, threads: 1)
            }
            #expect(abs(optimizer.parameters.values[8] - 1.125) < 2e-3, "of \(updates) updates")
        }
    }

    @Test("agreeing workers move a short row no further than the one that moved it most")
    func trust() throws {
        // 0.125 of the sum is more than 0.2 of a row of 0.25, and less than that of a row of 4
        let short = try step(shares([0], trust: 0.2), start: 0.25)
        let long = try step(shares([0], trust: 0.2), start: 4)
        let none = try step(shares([0], trust: 0.2), start: 0)
        #expect(abs(short.parameters.values[3] - 0.3) < 1e-3)
        #expect(long.parameters.values[3] == 4.125)
        #expect(abs(none.parameters.values[3] - 0.015625) < 1e-6)
    }

    @Test("the result does not depend on the threads, and receivers hold the same bits")
    func threads() throws {
        let start = try Matrix.random(40, 19, seed: 3)
        let updates = (0..<40).map { Float($0 * $0) / 4 }
        let shares = shares(updates, trust: 0.05)
        let base = try start.copy()
        let one = try OuterNesterov(parameters: start.copy(), momentum: 0.875, rate: 1)
        let many = try OuterNesterov(parameters: start.copy(), momentum: 0.875, rate: 1)
        for round in 0..<4 {
            let deltas = try (0..<8).map { worker in
                let live = try start.copy()
                live.nudge(
                    rows: (0..<40).filter { ($0 + round) % (worker + 1) == 0 }, size: 0.1,
                    seed: round * 8 + worker)
                return try RowDelta.encode(from: live, base: start, threads: 1)
            }
            let (views, weights) = (deltas.map(\.view), [Float](repeating: 0.125, count: 8))
            let merged = try one.step(deltas: views, weights: weights, shares: shares, threads: 1)
            let other = try many.step(deltas: views, weights: weights, shares: shares, threads: 3)
            #expect(merged.bytes == other.bytes)
            try merged.received().apply(to: base, threads: 2)
            #expect(base.bits == one.parameters.bits)
        }
    }
}
