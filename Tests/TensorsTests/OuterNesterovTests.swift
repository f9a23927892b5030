// The outer step against its formula in Double, and the promise of identical bits everywhere.

import Tensors
import Testing

/// bf16 by arithmetic on the exact value, sharing nothing with the kernels.
private func roundedToBF16(_ x: Double) -> Double {
    guard x != 0 else { return 0 }
    let unit = Double(sign: .plus, exponent: Int(x.exponent) - 7, significand: 1)
    return (x / unit).rounded(.toNearestOrEven) * unit
}

@Suite("The outer Nesterov step")
struct OuterNesterovTests {
    private static let (rows, dim) = (60, 19)

    /// Deltas of three workers, each with rows of its own choice.
    private func deltas(
        round: Int, _ format: RowDelta.Format = .bf16
    ) throws -> [RowDelta] {
        try (0..<3).map { worker in
            let base = try Matrix.random(Self.rows, Self.dim, seed: worker + 10)
            let live = try base.copy()
            let touched = (0..<Self.rows).filter { ($0 + worker + round) % (worker + 2) == 0 }
            live.nudge(rows: touched, size: 0.1, seed: round * 7 + worker)
            return try RowDelta.encode(from: live, base: base, format: format, threads: 1)
        }
    }

    private let weights: [Float] = [0.5, 0.25, 0.25]

    @Test("follows the formula")
    func formula() throws {
        let start = try Matrix.random(Self.rows, Self.dim, seed: 5)
        let optimizer = try OuterNesterov(
            parameters: start.copy(), momentum: 0.9, rate: 0.7, restThreshold: 0)
        var theta = start.values.map(Double.init)
        var velocity = theta.map { _ in 0.0 }
        for round in 0..<6 {
            let deltas = try deltas(round: round)
            let mean = try Matrix(rows: Self.rows, columns: Self.dim)
            var sum = mean.values.map(Double.init)
            for (delta, weight) in zip(deltas, weights) {
                let alone = try Matrix(rows: Self.rows, columns: Self.dim)
                try delta.view.apply(to: alone, threads: 1)
                for (i, value) in alone.values.enumerated() {
                    sum[i] += Double(weight) * Double(value)
                }
            }
            for i in theta.indices {
                velocity[i] = 0.9 * velocity[i] + sum[i]
                theta[i] += roundedToBF16(0.7 * (sum[i] + 0.9 * velocity[i]))
            }
            _ = try optimizer.step(deltas: deltas.map(\.view), weights: weights, threads: 2)
        }
        for (value, expected) in zip(optimizer.parameters.values, theta) {
            // a step on the edge between two bf16 values may fall to either side
            #expect(abs(Double(value) - expected) < 2e-3)
        }
        let off = zip(optimizer.parameters.values, theta).filter { abs(Double($0) - $1) > 2e-6 }
        #expect(off.count < theta.count / 100)
        for (value, expected) in zip(optimizer.velocity.values, velocity) {
            #expect(abs(Double(value) - expected) < 1e-6)
        }
    }

    @Test(
        "a base that adds the merged payloads keeps the coordinator's bits, for any threads",
        arguments: RowDelta.Format.allCases)
    func identicalBits(format: RowDelta.Format) throws {
        let start = try Matrix.random(Self.rows, Self.dim, seed: 5)
        let base = try start.copy()
        let one = try OuterNesterov(parameters: start.copy(), momentum: 0.875, rate: 1)
        let four = try OuterNesterov(parameters: start.copy(), momentum: 0.875, rate: 1)
        for round in 0..<5 {
            let deltas = try deltas(round: round, format)
            let views = deltas.map(\.view)
            let merged = try one.step(
                deltas: views, weights: weights, format: format, threads: 1)
            let other = try four.step(
                deltas: views, weights: weights, format: format, threads: 4)
            #expect(merged.bytes == other.bytes)
            try merged.received().apply(to: base, threads: 3)
            #expect(base.bits == one.parameters.bits)
            #expect(four.parameters.bits == one.parameters.bits)
        }
        #expect(base.bits != start.bits)
    }

    @Test("a step of int8 is that of bf16 but for the rounding, and the velocities are the same")
    func int8() throws {
        let start = try Matrix.random(Self.rows, Self.dim, seed: 5)
        let steps = try RowDelta.Format.allCases.map { format in
            let optimizer = try OuterNesterov(parameters: start.copy(), momentum: 0.9, rate: 0.7)
            let deltas = try deltas(round: 0)
            let merged = try optimizer.step(
                deltas: deltas.map(\.view), weights: weights, format: format, threads: 2)
            return (merged, optimizer)
        }
        #expect(steps[1].0.bytes.count < steps[0].0.bytes.count)
        #expect(steps[0].1.velocity.bits == steps[1].1.velocity.bits)
        let gaps = zip(steps[0].1.parameters.values, steps[1].1.parameters.values).map {
            abs($0 - $1)
        }
        // Steps are below 0.14: an int8 step of that is 0.0011, and bf16 is finer.
        let greatest = gaps.max() ?? 0
        #expect(greatest > 0 && greatest < 0.0011, "\(greatest)")
    }

    @Test("a row without a delta coasts, then comes to rest and leaves the payload")
    func rest() throws {
        let base = try Matrix(rows: 4, columns: 3)
        let live = try Matrix(rows: 4, columns: 3)
        live.row(2)[1] = 0.01
        let delta = try RowDelta.encode(from: live, base: base, threads: 1)
        let optimizer = try OuterNesterov(
            parameters: base.copy(), momentum: 0.5, rate: 1, restThreshold: 1e-4)
        var lengths = [
            try optimizer.step(deltas: [delta.view], weights: [1], threads: 1).presentRows
        ]
        for _ in 0..<8 {
            lengths.append(try optimizer.step(deltas: [], weights: [], threads: 1).presentRows)
        }
        // 0.01 * 0.5^n stays above 1e-4 for n = 1...6
        #expect(lengths == [1, 1, 1, 1, 1, 1, 1, 0, 0])
        #expect(optimizer.velocity.values.allSatisfy { $0 == 0 })
        #expect(abs(optimizer.parameters.row(2)[1] - 0.02) < 2e-4)
    }

    @Test("velocities of a checkpoint continue the run with the same bits")
    func resume() throws {
        let start = try Matrix.random(Self.rows, Self.dim, seed: 5)
        let whole = try OuterNesterov(parameters: start.copy(), momentum: 0.9, rate: 0.7)
        let first = try deltas(round: 0)
        _ = try whole.step(deltas: first.map(\.view), weights: weights, threads: 2)
        let resumed = try OuterNesterov(
            parameters: whole.parameters.copy(), velocity: whole.velocity.copy(), momentum: 0.9,
            rate: 0.7)
        let second = try deltas(round: 1)
        _ = try whole.step(deltas: second.map(\.view), weights: weights, threads: 2)
        _ = try resumed.step(deltas: second.map(\.view), weights: weights, threads: 2)
        #expect(resumed.parameters.bits == whole.parameters.bits)
    }

    @Test("without momentum the mean is the step, and no velocity is held")
    func noMomentum() throws {
        let start = try Matrix.random(Self.rows, Self.dim, seed: 5)
        let optimizer = try OuterNesterov(parameters: start.copy(), momentum: 0, rate: 1)
        let base = try start.copy()
        for round in 0..<3 {
            let delta = try deltas(round: round)[0]
            let merged = try optimizer.step(deltas: [delta.view], weights: [1], threads: 2)
            #expect(merged.bytes == delta.bytes)
            try delta.view.apply(to: base, threads: 1)
        }
        #expect(optimizer.parameters.bits == base.bits)
        #expect(optimizer.velocity.rows == 0)
    }

    @Test("a row that overflows is named")
    func overflow() throws {
        let base = try Matrix(rows: 2, columns: 2)
        let live = try Matrix(rows: 2, columns: 2)
        live.row(1)[0] = 3e38
        let delta = try RowDelta.encode(from: live, base: base, threads: 1)
        let optimizer = try OuterNesterov(parameters: base, momentum: 0.9, rate: 1)
        #expect(throws: TensorError.notFinite(row: 1, what: "the average of the parameters")) {
            _ = try optimizer.step(deltas: [delta.view], weights: [1], threads: 1)
        }
    }
}
