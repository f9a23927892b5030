// A row-major matrix of Float32 whose rows start on cache lines.

/// `[rows, columns]` of Float32, each row padded with zeros to `stride`, a multiple of 16 floats
/// (64 bytes), so that a row never shares a cache line with its neighbour.
public final class Matrix: @unchecked Sendable {
    public let rows: Int
    public let columns: Int
    /// Distance between rows, in floats.
    public let stride: Int
    private let buffer: AlignedBuffer

    public init(rows: Int, columns: Int) throws(TensorError) {
        precondition(rows >= 0 && columns >= 0, "negative shape [\(rows), \(columns)]")
        // A file may claim any shape, also one whose padding alone passes 64 bits.
        guard columns <= Int.max - 15 else { throw .outOfMemory(byteCount: Int.max) }
        self.rows = rows
        self.columns = columns
        stride = (columns + 15) / 16 * 16
        let (floats, overflow) = rows.multipliedReportingOverflow(by: stride)
        guard !overflow, floats <= Int.max / 8 else { throw .outOfMemory(byteCount: Int.max) }
        buffer = try AlignedBuffer(byteCount: floats * MemoryLayout<Float>.stride)
    }

    /// All rows with their padding: `rows * stride` floats.
    public var base: UnsafeMutablePointer<Float> {
        buffer.baseAddress.assumingMemoryBound(to: Float.self)
    }

    /// Row `index`: `columns` values, then zeros up to `stride`.
    public func row(_ index: Int) -> UnsafeMutablePointer<Float> {
        assert(index >= 0 && index < rows, "row \(index) of \(rows)")
        return base + index * stride
    }

    /// Bytes of the whole matrix, padding included.
    public var byteCount: Int { buffer.byteCount }
}

extension Matrix {
    /// Takes over the first `count` rows of a matrix of the same shape; nil takes all.
    public func copy(from other: Matrix, rows count: Int? = nil, threads: Int) {
        precondition(
            rows == other.rows && columns == other.columns,
            "[\(rows), \(columns)] from [\(other.rows), \(other.columns)]")
        _ = Parallel.map(count: min(count ?? rows, rows), threads: threads) { part in
            (self.base + part.lowerBound * self.stride).update(
                from: other.base + part.lowerBound * self.stride, count: part.count * self.stride)
        }
    }
}
