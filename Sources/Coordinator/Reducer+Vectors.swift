// What a worker hands in as finished vectors, looked at before it counts.

import Protocol
import Tensors
import Transport

extension OutputCheck {
    /// A matrix of this shape, its rows padded as results are, every value of it finite.
    static func vectors(_ output: Frame, rows: Int, dimension: Int) throws(Fault) {
        let stride = (dimension + 15) / 16 * 16
        let expected = rows * stride * MemoryLayout<Float>.stride
        guard output.count == expected else {
            throw Fault(
                .data,
                "vectors of \(output.count) bytes are refused; \(rows) of \(dimension) "
                    + "numbers have \(expected)")
        }
        let isFinite = output.withUnsafeBytes { bytes in
            Parallel.map(count: rows, threads: processorCount()) { part in
                (part.lowerBound * stride..<part.upperBound * stride).allSatisfy {
                    bytes.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self).isFinite
                }
            }
        }
        guard isFinite.allSatisfy({ $0 }) else {
            throw Fault(.data, "vectors with a value that is not finite are refused")
        }
    }
}
