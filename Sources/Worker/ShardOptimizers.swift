// One part of a model's rows with its outer optimizers, and the changes that they take a step with.

import Protocol
import Tensors
import Transport
import WordVectors

/// The outer steps of both matrices for the rows of one part.
final class ShardOptimizers {
    let model: String
    let input: OuterNesterov
    let output: OuterNesterov
    var version: Int
    /// What the ids of its step to this version begin with; nil if it has taken none.
    var made: String?

    /// Of the version that `replica` has.
    ///
    /// - Parameter velocities: of the whole matrices, `[rows, stride]`; nil where nothing moves.
    init(
        _ shard: RowShard, of replica: ModelReplica, momentum: Double,
        velocities: ModelPayloads?, source: ModelReplica.Source
    ) throws {
        let optimizer = { (matrix: Matrix, reference: PayloadReference?) in
            try OuterNesterov(
                parameters: matrix.gathered(shard, threads: replica.threads),
                velocity: reference.map { try source.gather(shard, of: $0, like: matrix) },
                momentum: Float(momentum), rate: 1)
        }
        let moves = momentum > 0
        model = replica.model
        version = replica.version
        input = try optimizer(replica.parameters.input, moves ? velocities?.input : nil)
        output = try optimizer(replica.parameters.output, moves ? velocities?.output : nil)
    }
}

extension ModelReplica.Source {
    private static let stretchBytes = 16 << 20

    /// The rows of `shard` of a matrix that the coordinator holds. All of it travels, stretch by
    /// stretch, and only these rows are kept: it is needed where a worker takes over a part.
    fileprivate func gather(
        _ shard: RowShard, of reference: PayloadReference, like matrix: Matrix
    ) throws -> Matrix {
        guard reference.size == matrix.byteCount else {
            throw Fault(
                .data,
                "\(reference.id) has \(reference.size) bytes instead of "
                    + "\(matrix.byteCount)")
        }
        let part = try Matrix(rows: shard.rows(of: matrix.rows), columns: matrix.columns)
        let rowBytes = matrix.stride * 4
        let stretch = max(1, Self.stretchBytes / max(rowBytes, 1))
        for first in stride(from: 0, to: matrix.rows, by: stretch) {
            let rows = first..<min(first + stretch, matrix.rows)
            let frame = try bulk.fetchRange(
                id: reference.id, offset: first * rowBytes, length: rows.count * rowBytes,
                from: .coordinator, deadlineSeconds: 600, arrivals: arrivals)
            frame.withUnsafeBytes { bytes in
                for local in shard.rows(of: rows.lowerBound)..<shard.rows(of: rows.upperBound) {
                    let offset = (shard.row(local) - rows.lowerBound) * rowBytes
                    UnsafeMutableRawPointer(part.row(local)).copyMemory(
                        from: UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + rowBytes])
                            .baseAddress ?? UnsafeRawPointer(part.base), byteCount: rowBytes)
                }
            }
        }
        return part
    }
}

/// All partitions' changes of one part, checked.
struct ShardChanges {
    let inputs: [RowDelta.View]
    let outputs: [RowDelta.View]
    /// The views point into them.
    private let frames: [FramePair]

    init(
        _ pairs: [FramePair], _ optimizers: ShardOptimizers, _ format: RowDelta.Format
    ) throws {
        frames = pairs
        let view = { (frame: Frame, matrix: Matrix, what: String) in
            try frame.withUnsafeBytes { bytes in
                try RowDelta.View(
                    bytes, expecting: (matrix.rows, matrix.columns), format: format, what: what)
            }
        }
        inputs = try pairs.enumerated().map { partition, pair in
            try view(
                pair.input, optimizers.input.parameters,
                "the input change of partition \(partition)")
        }
        outputs = try pairs.enumerated().map { partition, pair in
            try view(
                pair.output, optimizers.output.parameters,
                "the output change of partition \(partition)")
        }
    }

    /// What the divergence of all partitions is made of, as far as these rows are looked at for it.
    func addSpread(of shard: RowShard, to measures: inout [String: Double]) {
        let rows = inputs.first?.totalRows ?? 0
        let sampled = (0..<rows).prefix { shard.row($0) < TrainingHistory.sampledRowsEnd }
            .filter { shard.row($0) % TrainingHistory.sampledRowsStep == 0 }
        let spread = RowDelta.Spread(of: inputs, rows: sampled)
        measures["spreadOfSum"] = spread.ofSum
        measures["spreadOfEach"] = spread.ofEach
        withExtendedLifetime(frames) {}
    }
}

extension Frame {
    /// The bytes of a buffer, kept alive by the frame.
    init(_ buffer: AlignedBuffer) {
        let bytes = UnsafeRawBufferPointer(start: buffer.baseAddress, count: buffer.byteCount)
        self.init(bytes) { _ in withExtendedLifetime(buffer) {} }
    }
}
