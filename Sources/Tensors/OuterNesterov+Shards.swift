// The outer step when others take it, part by part: what they hand over, and how it is taken over.

import CKernels

extension OuterNesterov {
    /// What became of one part of the rows in a step that another process took.
    public struct Part {
        public let shard: RowShard
        /// The rounded steps of its rows that moved, numbered within the part.
        public let step: RowDelta.View
        /// Their velocities, `[step.presentRows, dim]` of Float32; empty without momentum.
        public let velocity: UnsafeRawBufferPointer

        public init(
            shard: RowShard, step: RowDelta.View, velocity: UnsafeRawBufferPointer
        ) {
            self.shard = shard
            self.step = step
            self.velocity = velocity
        }
    }

    /// Velocities of the rows that `step` moved, in its order: `[presentRows, dim]` of Float32;
    /// empty without momentum.
    ///
    /// - Throws: `TensorError.outOfMemory`.
    public func velocities(after step: RowDelta.View) throws(TensorError) -> AlignedBuffer {
        guard momentum > 0 else { return try AlignedBuffer(byteCount: 0) }
        let dim = parameters.columns
        let buffer = try AlignedBuffer(byteCount: step.presentRows * dim * 4)
        let values = buffer.baseAddress.assumingMemoryBound(to: Float.self)
        for slot in 0..<step.presentRows {
            (values + slot * dim).update(from: velocity.row(step.row(slot)), count: dim)
        }
        return buffer
    }

    /// Brings parameters and velocities to where a step of all parts has brought them elsewhere:
    /// the same bits as `step` would have left.
    ///
    /// - Parameters:
    ///   - parts: of the shapes of this matrix, each row in one of them at most.
    ///   - rows: only the first so many took the step.
    /// - Throws: `TensorError.malformed` for sizes that do not fit; `.notFinite`; the state is then
    ///   of no use.
    public func adopt(
        _ parts: [Part], rows: Int, threads: Int
    ) throws(TensorError) {
        for part in parts { try check(part) }
        let due = min(rows, parameters.rows)
        try withSpeeds { (speeds) throws(TensorError) in
            _ = try Parallel.map(count: parts.count, threads: threads) {
                (range) throws(TensorError) in
                for part in parts[range] {
                    try self.adopt(part, rows: part.shard.rows(of: due), speeds: speeds)
                }
            }
        }
    }

    private func check(_ part: Part) throws(TensorError) {
        let wanted = momentum > 0 ? part.step.presentRows * parameters.columns * 4 : 0
        let rows = part.shard.rows(of: parameters.rows)
        guard part.step.totalRows == rows, part.step.dim == parameters.columns,
            part.velocity.count == wanted
        else {
            throw .malformed(
                what: "part \(part.shard.index) of a step",
                reason: "\(part.velocity.count) bytes of velocities and steps of "
                    + "[\(part.step.totalRows), \(part.step.dim)] where \(wanted) and "
                    + "[\(rows), \(parameters.columns)] belong")
        }
    }

    private func adopt(
        _ part: Part, rows: Int, speeds: UnsafeMutableBufferPointer<Float>
    ) throws(TensorError) {
        let dim = parameters.columns
        var slot = 0
        for local in 0..<rows {
            let row = part.shard.row(local)
            guard slot < part.step.presentRows, part.step.row(slot) == local else {
                // It has come to rest.
                if momentum > 0, speeds[row] > 0 {
                    velocity.row(row).update(repeating: 0, count: velocity.stride)
                    speeds[row] = 0
                }
                continue
            }
            let greatest = part.step.values(slot).add(1, to: parameters.row(row), count: dim)
            guard greatest < KERNELS_NOT_FINITE else {
                throw .notFinite(row: row, what: "the average of the parameters")
            }
            if momentum > 0 {
                speeds[row] = try takeVelocity(row, from: part.velocity, at: slot * dim * 4)
            }
            slot += 1
        }
        guard slot == part.step.presentRows else {
            throw .malformed(
                what: "part \(part.shard.index) of a step", reason: "it moves rows that are not due"
            )
        }
    }

    /// - Returns: the greatest magnitude among them.
    private func takeVelocity(
        _ row: Int, from bytes: UnsafeRawBufferPointer, at offset: Int
    ) throws(TensorError) -> Float {
        let values = velocity.row(row)
        var greatest: Float = 0
        for column in 0..<parameters.columns {
            let value = bytes.loadUnaligned(fromByteOffset: offset + 4 * column, as: Float.self)
            guard value.isFinite else { throw .notFinite(row: row, what: "the velocity") }
            values[column] = value
            greatest = max(greatest, abs(value))
        }
        return greatest
    }
}
