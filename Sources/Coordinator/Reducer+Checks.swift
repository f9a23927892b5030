// What the outputs of a unit must be before the unit counts.

import Protocol
import Tensors
import Transport
import WordJobs

/// Bytes that arrive as they were sent may still be nonsense: a worker with bad memory or a bad
/// build made them. Found out here, they cost one attempt; in a reduction they would cost the job.
enum OutputCheck {
    private static let threads = processorCount()

    /// A table of counts that can be merged with others.
    static func counts(_ output: Frame) throws(Fault) {
        let read = output.withUnsafeBytes { bytes in
            Result { () throws(CountTableError) in try CountTable(copying: bytes) }
        }
        do throws(CountTableError) {
            guard try read.get().order == .key else {
                throw .malformed(reason: "it is ordered by rank, not by key")
            }
        } catch {
            throw Fault(.data, "the counts are refused: \(error)")
        }
    }

    /// A change of parameters of this shape, written as the job wants it, every value finite.
    ///
    /// - Returns: how many rows it moves.
    @discardableResult
    static func change(
        _ output: Frame, of shape: (rows: Int, dim: Int), as deltas: TrainWords.Deltas? = nil,
        _ what: String
    ) throws(Fault) -> Int {
        let view = output.withUnsafeBytes { bytes in
            Result { () throws(TensorError) in
                try RowDelta.View(
                    bytes, expecting: shape, format: RowDelta.Format(deltas), what: what,
                    threads: threads)
            }
        }
        do throws(TensorError) { return try view.get().presentRows } catch {
            throw Fault(.data, "a change of the parameters is refused: \(error)")
        }
    }
}
