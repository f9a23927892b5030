// This worker's copy of a model: the parameters of a round, and the ones being trained from them.

import Protocol
import Tensors
import Transport
import WordVectors

/// `base` is bit-identical to the coordinator's parameters of version `version`; `live` begins each
/// unit equal to it.
final class ModelReplica {
    let model: String
    let rows: Int
    let live: SkipGramParameters
    private let base: SkipGramParameters
    private var version = 0
    /// The partition and round that `live` was last trained on.
    private var trained: (partition: Int, round: Int)?
    private let threads: Int
    private static let deadlineSeconds = 600.0

    init(
        model: String, rows: Int, dimension: Int, seed: UInt64, threads: Int
    ) throws(TensorError) {
        self.model = model
        self.rows = rows
        self.threads = threads
        base = try SkipGramParameters(
            vocabulary: rows, dim: dimension, seed: seed, threads: threads)
        live = SkipGramParameters(
            input: try Matrix(rows: rows, columns: dimension),
            output: try Matrix(rows: rows, columns: dimension))
    }

    /// Brings `base` to the version that `task` starts from, and `live` back to it: all rows, or
    /// those that were averaged if `live` holds the same partition's work of the round before.
    /// - Returns: bytes received.
    func advance(to task: TrainWordsUnit, from bulk: BulkExchange) throws -> Int {
        var received = 0
        if task.round != version {
            if task.round == version + 1, let step = task.step {
                // A failure before the end of both leaves a copy of no version.
                version = -1
                received += try apply(step.input, to: base.input, from: bulk)
                received += try apply(step.output, to: base.output, from: bulk)
            } else if let whole = task.whole {
                version = -1
                received += try replace(base.input, by: whole.input, from: bulk)
                received += try replace(base.output, by: whole.output, from: bulk)
            } else if task.round == 0 {
                begin(seed: task.settings.seed)
            } else {
                throw Fault(
                    .payloadMissing, "round \(task.round) of \(model) names no parameters",
                    retryable: true)
            }
            version = task.round
        }
        let goesOn = trained.map { last in
            last.partition == task.encoding.partition && last.round == task.round - 1
        }
        let stale = goesOn == true ? task.rowsDueBefore : rows
        live.input.copy(from: base.input, rows: stale, threads: threads)
        live.output.copy(from: base.output, rows: stale, threads: threads)
        trained = (task.encoding.partition, task.round)
        return received
    }

    /// Version 0 again, for a first round that has to be repeated.
    private func begin(seed: UInt64) {
        base.input.fillUniform(seed: seed, threads: threads)
        base.output.base.update(repeating: 0, count: base.output.rows * base.output.stride)
    }

    private func apply(
        _ reference: PayloadReference, to matrix: Matrix, from bulk: BulkExchange
    ) throws -> Int {
        let frame = try bulk.fetch(
            reference, from: .coordinator, deadlineSeconds: Self.deadlineSeconds)
        try frame.withUnsafeBytes { bytes in
            try RowDelta.View(bytes, expecting: (matrix.rows, matrix.columns), threads: threads)
                .apply(to: matrix, threads: threads)
        }
        return frame.count
    }

    private func replace(
        _ matrix: Matrix, by reference: PayloadReference, from bulk: BulkExchange
    ) throws -> Int {
        guard reference.size == matrix.byteCount else {
            throw Fault(
                .data, "the parameters of \(model) have \(reference.size) bytes instead of "
                    + "\(matrix.byteCount)")
        }
        let frame = try bulk.fetch(
            reference, from: .coordinator, deadlineSeconds: Self.deadlineSeconds)
        frame.withUnsafeBytes { bytes in
            UnsafeMutableRawPointer(matrix.base).copyMemory(
                from: bytes.baseAddress ?? UnsafeRawPointer(matrix.base), byteCount: bytes.count)
        }
        return frame.count
    }

    /// What training changed, offered on the bulk plane: inputs, then outputs.
    func offerDeltas(
        of task: TrainWordsUnit, on bulk: BulkExchange, prefix: String
    ) throws -> [PayloadReference] {
        let input = try RowDelta.encode(
            from: live.input, base: base.input, rows: task.rowsDue, threads: threads,
            what: "the input vectors")
        let output = try RowDelta.encode(
            from: live.output, base: base.output, rows: task.rowsDue, threads: threads,
            what: "the output vectors")
        return [
            bulk.offer(id: prefix + "/input", frame: Frame(input), checksum: nil),
            bulk.offer(id: prefix + "/output", frame: Frame(output), checksum: nil),
        ]
    }
}

extension Frame {
    /// The bytes of a delta, kept alive by the frame.
    init(_ delta: RowDelta) {
        let buffer = delta.buffer
        let bytes = UnsafeRawBufferPointer(start: buffer.baseAddress, count: buffer.byteCount)
        self.init(bytes) { _ in withExtendedLifetime(buffer) {} }
    }
}
