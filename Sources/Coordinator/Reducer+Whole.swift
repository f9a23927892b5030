// The whole parameters of a round, for workers that lack the version before it.

import Protocol
import Tensors
import Transport

extension ModelAverage {
    /// Offers the parameters in place; they must be withdrawn before the next step. Few rounds move
    /// all rows, and few workers ask for them: checksums of rows need not be made anew.
    func offerWhole(id: String, _ bulk: BulkExchange) -> ModelPayloads {
        let known =
            checksums
            ?? (input: input.parameters.checksums, output: output.parameters.checksums)
        checksums = known
        let offer = { (name: String, frame: Frame, checksums: PieceChecksums) in
            bulk.offer(
                id: "\(id)/whole/\(name)", frame: frame, checksum: checksums.value,
                pieceBytes: checksums.pieceBytes)
        }
        return ModelPayloads(
            input: offer("input", inputBytes, known.input),
            output: offer("output", outputBytes, known.output))
    }

    /// The rows of a step, or of one part of it, are not what they were.
    func noteMoved(
        _ input: RowDelta.View, _ output: RowDelta.View, of shard: RowShard = .whole
    ) {
        checksums?.input.update(self.input.parameters, input, of: shard)
        checksums?.output.update(self.output.parameters, output, of: shard)
    }
}

extension PieceChecksums {
    fileprivate mutating func update(
        _ matrix: Matrix, _ step: RowDelta.View, of shard: RowShard
    ) {
        for slot in 0..<step.presentRows {
            let row = shard.row(step.row(slot))
            update(
                row, to: UnsafeRawBufferPointer(start: matrix.row(row), count: matrix.stride * 4))
        }
    }
}

extension Matrix {
    /// Of each row.
    fileprivate var checksums: PieceChecksums {
        PieceChecksums(
            of: UnsafeRawBufferPointer(start: base, count: byteCount), pieceBytes: stride * 4)
    }
}
