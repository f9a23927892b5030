// A round's reduction as the plan has it: made here, or taken over from workers part by part.

import Protocol
import Tensors
import Transport
import WordJobs

extension ModelAverage {
    /// The step of `round`, with the share of the changes that the plan gives each row.
    func step(
        inputs: [Frame], outputs: [Frame], rows: Int, of plan: TrainingPlan, round: Int,
        workers: Int
    ) throws(Fault) -> (input: Frame, output: Frame) {
        try step(
            inputs: inputs, outputs: outputs, rows: rows,
            shares: plan.shares(round, workers: workers, due: rows),
            format: plan.settings.deltaFormat)
    }

    /// Takes over the steps and velocities of all parts, in order; workers have summed up and
    /// rounded. Bit for bit what `step` would have left.
    ///
    /// - Parameters:
    ///   - units: of each part its result, the steps of both matrices, and both velocities.
    ///   - rows: only the first so many took the step.
    func adopt(_ units: [[Frame]], rows: Int) throws(Fault) {
        let inputs = try adopt(
            units.map { ($0[1], $0[3]) }, into: input, rows: rows, what: "input")
        let outputs = try adopt(
            units.map { ($0[2], $0[4]) }, into: output, rows: rows, what: "output")
        for (input, output) in zip(inputs, outputs) {
            noteMoved(input.step, output.step, of: input.shard)
        }
        // The steps point into the frames.
        withExtendedLifetime(units) {}
    }

    private func adopt(
        _ parts: [(step: Frame, velocity: Frame)], into optimizer: OuterNesterov, rows: Int,
        what: String
    ) throws(Fault) -> [OuterNesterov.Part] {
        do throws(TensorError) {
            var taken: [OuterNesterov.Part] = []
            for (index, part) in parts.enumerated() {
                let shard = RowShard(index, of: parts.count)
                let view = part.step.withUnsafeBytes { bytes in
                    Result { () throws(TensorError) in
                        // Its values were looked at when it came.
                        try RowDelta.View(
                            bytes,
                            expecting: (
                                shard.rows(of: optimizer.parameters.rows),
                                optimizer.parameters.columns
                            ), what: "part \(index) of the \(what) step", checkingValues: false)
                    }
                }
                // The frames outlive the step.
                let velocity = part.velocity.withUnsafeBytes { $0 }
                taken.append(
                    OuterNesterov.Part(shard: shard, step: try view.get(), velocity: velocity))
            }
            try optimizer.adopt(taken, rows: rows, threads: processorCount())
            withExtendedLifetime(parts) {}
            return taken
        } catch {
            throw Fault(.data, "a step that workers made is refused: \(error)")
        }
    }

    /// Offers the velocities in place, for workers that take over a part; they must be withdrawn
    /// before the next step. Ranges of them travel, so that nobody vouches for the whole.
    func offerVelocities(id: String, _ bulk: BulkExchange) -> ModelPayloads? {
        guard momentum > 0 else { return nil }
        return ModelPayloads(
            input: bulk.offer(
                id: id + "/velocity/input", frame: input.velocity.frame, checksum: 0),
            output: bulk.offer(
                id: id + "/velocity/output", frame: output.velocity.frame, checksum: 0))
    }

    /// How far partitions are apart, as far as their changes of all parts tell.
    func divergence(ofSum: Double?, ofEach: Double?, partitions: Int) -> Double? {
        guard let ofSum, let ofEach else { return nil }
        return RowDelta.Spread(ofSum: ofSum, ofEach: ofEach).divergence(of: partitions)
    }
}

extension OutputCheck {
    /// What a unit left that reduced one part of matrices of these shapes; with `moves` velocities
    /// of all rows that its steps move are there, too.
    static func part(
        _ outputs: [Frame],
        of shapes: (input: (rows: Int, dim: Int), output: (rows: Int, dim: Int)),
        as deltas: TrainWords.Deltas?, parts: Int, moves: Bool
    ) throws(Fault) {
        guard let index = try reduced(outputs, parts: parts) else { return }
        let shard = RowShard(index, of: parts)
        for (matrix, what, shape) in [
            (0, "input", shapes.input), (1, "output", shapes.output),
        ] {
            let rows = try change(
                outputs[1 + matrix], of: (shard.rows(of: shape.rows), shape.dim), as: deltas,
                "the \(what) step of part \(index)")
            try velocities(
                outputs[3 + matrix], rows: moves ? rows : 0, dim: shape.dim,
                "the \(what) velocities of part \(index)")
        }
    }

    /// Which part was reduced; nil if it was not, because changes are missing.
    private static func reduced(_ outputs: [Frame], parts: Int) throws(Fault) -> Int? {
        let result = try outputs.output(0, of: 5).decoded(
            as: ShardResult.self, "the result of a part")
        guard let pieces = result.pieces else {
            guard !result.missing.isEmpty, result.missing.allSatisfy((0..<parts).contains) else {
                throw Fault(.data, "a part was neither reduced nor is anything missing")
            }
            return nil
        }
        guard result.missing.isEmpty else {
            throw Fault(.data, "a part was reduced although changes of it are said to be missing")
        }
        if let complaint = pieces.complaint(first: pieces.first, shards: 1) {
            throw Fault(.data, "the result of a part is refused: \(complaint)")
        }
        guard (0..<parts).contains(pieces.first) else {
            throw Fault(.data, "part \(pieces.first) of \(parts) does not exist")
        }
        return pieces.first
    }

    /// `[rows, dim]` of Float32, every value finite.
    private static func velocities(
        _ output: Frame, rows: Int, dim: Int, _ what: String
    ) throws(Fault) {
        guard output.count == 4 * rows * dim else {
            throw Fault(
                .data, "\(what) are \(output.count) bytes where \(4 * rows * dim) belong")
        }
        let areFinite = output.withUnsafeBytes { bytes in
            // No way out of the loop, so that it is one of vectors: there may be gigabytes.
            var areFinite = true
            for offset in stride(from: 0, to: bytes.count, by: 4) {
                let value = bytes.loadUnaligned(fromByteOffset: offset, as: Float.self)
                areFinite = areFinite && value.isFinite
            }
            return areFinite
        }
        guard areFinite else { throw Fault(.data, "\(what) are not finite") }
    }
}
