// A reduction that is taken part by part leaves the bits that one taken at once leaves.

import Tensors
import Testing

@Suite("Parts of the rows")
struct RowShardTests {
    private static let (rows, dim, workers) = (203, 19, 3)

    private func shares(round: Int) -> RowShares {
        RowShares(
            updates: (0..<Self.rows).map { 400 / Float($0 + 1) },
            contraction: 0.1 / Float(round + 1),
            workers: Self.workers)
    }

    /// What each worker has made of `base` in a round.
    private func trained(_ base: Matrix, round: Int) throws -> [Matrix] {
        try (0..<Self.workers).map { worker in
            let live = try base.copy()
            let touched = (0..<Self.rows).filter { ($0 + worker + round) % (worker + 2) == 0 }
            live.nudge(rows: touched, size: 0.1, seed: round * 7 + worker)
            return live
        }
    }

    @Test("are disjoint, complete, and equally large for any number of first rows")
    func cut() {
        for count in [1, 2, 5, 300] {
            let shards = (0..<count).map { RowShard($0, of: count) }
            for total in [0, 1, 4, 203] {
                let rows = shards.flatMap { shard in
                    (0..<shard.rows(of: total)).map { shard.row($0) }
                }
                #expect(rows.sorted() == Array(0..<total))
                let sizes = shards.map { $0.rows(of: total) }
                #expect((sizes.max() ?? 0) - (sizes.min() ?? 0) <= 1)
            }
        }
    }

    @Test(
        "reduce to the same bits as the whole, over rounds with rest, shares and rows not due",
        arguments: [(1, Float(0)), (4, 0), (7, 0), (1, 0.75), (4, 0.75), (7, 0.75)],
        RowDelta.Format.allCases)
    func sameBits(cut: (parts: Int, momentum: Float), format: RowDelta.Format) throws {
        let (parts, momentum) = cut
        let start = try Matrix.random(Self.rows, Self.dim, seed: 5)
        let whole = try OuterNesterov(parameters: start.copy(), momentum: momentum, rate: 1)
        let follower = try OuterNesterov(parameters: start.copy(), momentum: momentum, rate: 1)
        let shards = (0..<parts).map { RowShard($0, of: parts) }
        let reducers = try shards.map { shard in
            try OuterNesterov(
                parameters: start.gathered(shard, threads: 2), momentum: momentum, rate: 1)
        }
        let weights = [Float](repeating: 1 / Float(Self.workers), count: Self.workers)
        for round in 0..<6 {
            let due = round == 5 ? Self.rows : 60 << (round % 3)
            let base = try whole.parameters.copy()
            let lives = try trained(base, round: round)
            let deltas = try lives.map {
                try RowDelta.encode(
                    from: $0, base: base, rows: due, format: format, threads: 2
                ).view
            }
            let shares = shares(round: round)
            let merged = try whole.step(
                deltas: deltas, weights: weights, rows: due, shares: shares, format: format,
                threads: 2)
            var steps: [RowDelta] = []
            for (shard, reducer) in zip(shards, reducers) {
                let pieces = try lives.map {
                    try RowDelta.encode(
                        from: $0, base: base, rows: due, of: shard, format: format, threads: 1
                    ).view
                }
                steps.append(
                    try reducer.step(
                        deltas: pieces, weights: weights, rows: shard.rows(of: due),
                        shares: shares.of(shard), format: format, threads: 1))
            }
            #expect(steps.reduce(0) { $0 + $1.presentRows } == merged.presentRows)
            let speeds = try zip(reducers, steps).map { try $0.velocities(after: $1.view) }
            let taken = zip(shards, zip(steps, speeds)).map { shard, made in
                OuterNesterov.Part(
                    shard: shard, step: made.0.view,
                    velocity: UnsafeRawBufferPointer(
                        start: made.1.baseAddress, count: made.1.byteCount))
            }
            try follower.adopt(taken, rows: due, threads: 2)
            let copy = try base.copy()
            for (shard, step) in zip(shards, steps) {
                try step.view.apply(to: copy, of: shard, threads: 2)
            }
            #expect(copy.values == whole.parameters.values, "round \(round)")
            #expect(follower.parameters.values == whole.parameters.values, "round \(round)")
            #expect(follower.velocity.values == whole.velocity.values, "round \(round)")
            withExtendedLifetime(speeds) {}
        }
    }

    @Test("that do not fit are refused")
    func refusal() throws {
        let optimizer = try OuterNesterov(
            parameters: Matrix.random(10, 3, seed: 1), momentum: 0.5, rate: 1)
        let live = try Matrix.random(10, 3, seed: 2)
        let step = try RowDelta.encode(
            from: live, base: optimizer.parameters, of: RowShard(1, of: 2), threads: 1)
        let bytes = [UInt8](repeating: 0xff, count: step.presentRows * 12)
        let wrongCount = RowShard(1, of: 3)
        try bytes.withUnsafeBytes { bytes in
            let misfit = OuterNesterov.Part(shard: wrongCount, step: step.view, velocity: bytes)
            #expect(throws: TensorError.self) {
                try optimizer.adopt([misfit], rows: 10, threads: 1)
            }
            let short = OuterNesterov.Part(
                shard: RowShard(1, of: 2), step: step.view,
                velocity: UnsafeRawBufferPointer(rebasing: bytes.dropLast(4)))
            #expect(throws: TensorError.self) {
                try optimizer.adopt([short], rows: 10, threads: 1)
            }
            // All ones are no number.
            let infinite = OuterNesterov.Part(
                shard: RowShard(1, of: 2), step: step.view, velocity: bytes)
            #expect(throws: TensorError.self) {
                try optimizer.adopt([infinite], rows: 10, threads: 1)
            }
        }
    }
}
