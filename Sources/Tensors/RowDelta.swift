// The rows of a matrix that changed, as one payload: header, row numbers, rounded differences.

import CKernels

/// Differences between two states of a matrix `[rows, dim]`, only for the rows that differ.
///
/// Little-endian layout: bytes 0..<32 are the header (UInt32 magic "SRDL", UInt32 version: that of
/// the format, UInt64 rows of the whole matrix, UInt32 dim, UInt32 rows present, 8 zero bytes);
/// then one UInt32 row number for each row present, rising; with int8 a Float32 scale for each;
/// zeros up to a multiple of 64; then `[present, dim]` values without padding.
public struct RowDelta: Sendable {
    static let magic: UInt32 = 0x4C44_5253
    static let headerBytes = 32

    /// The payload, exactly as it goes over the wire. Whoever sends its bytes keeps the buffer.
    public let buffer: AlignedBuffer
    /// Rows of the whole matrix.
    public let totalRows: Int
    public let dim: Int
    /// Rows that the payload holds.
    public let presentRows: Int
    public let format: Format
    let layout: Layout

    /// A payload with its header and row numbers written and its values zero.
    init(
        totalRows: Int, dim: Int, present: [UInt32], format: Format
    ) throws(TensorError) {
        precondition(
            dim <= Int(UInt32.max) && totalRows <= Int(UInt32.max),
            "[\(totalRows), \(dim)] does not fit a payload")
        guard let layout = Layout(present: present.count, dim: dim, format) else {
            throw .outOfMemory(byteCount: Int.max)
        }
        self.totalRows = totalRows
        self.dim = dim
        self.format = format
        self.layout = layout
        presentRows = present.count
        buffer = try AlignedBuffer(byteCount: layout.byteCount)
        let bytes = UnsafeMutableRawBufferPointer(
            start: buffer.baseAddress, count: buffer.byteCount)
        bytes.storeBytes(of: Self.magic.littleEndian, as: UInt32.self)
        bytes.storeBytes(of: format.rawValue.littleEndian, toByteOffset: 4, as: UInt32.self)
        bytes.storeBytes(of: UInt64(totalRows).littleEndian, toByteOffset: 8, as: UInt64.self)
        bytes.storeBytes(of: UInt32(dim).littleEndian, toByteOffset: 16, as: UInt32.self)
        bytes.storeBytes(of: UInt32(present.count).littleEndian, toByteOffset: 20, as: UInt32.self)
        for (slot, row) in present.enumerated() {
            let offset = Self.headerBytes + 4 * slot
            bytes.storeBytes(of: row.littleEndian, toByteOffset: offset, as: UInt32.self)
        }
    }

    /// Calls `body` with the payload's bytes, which are valid until it returns.
    public func withUnsafeBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        defer { withExtendedLifetime(buffer) {} }
        return try body(
            UnsafeRawBufferPointer(start: buffer.baseAddress, count: buffer.byteCount))
    }

    /// This payload as a view. Its own writer made it, so nothing is checked again.
    public var view: View {
        View(
            trusted: UnsafeRawPointer(buffer.baseAddress), byteCount: buffer.byteCount,
            totalRows: totalRows, dim: dim, presentRows: presentRows, format: format,
            layout: layout, owner: buffer)
    }
}

extension RowDelta {
    /// The difference `live - base`, rounded as `format` says. Rows whose difference rounds to zero
    /// everywhere as bf16 are absent. `live` may be changing meanwhile (Hogwild): each value is
    /// some value it had during the call, or nearly so with int8.
    ///
    /// - Parameters:
    ///   - rows: only the first so many of the matrix are looked at; nil takes all.
    ///   - shard: only these of them; they are numbered within it, as rows of a smaller matrix.
    /// - Throws: `TensorError.notFinite` naming the first row with a NaN or an infinity, `what`
    ///   naming the matrix; `outOfMemory`.
    public static func encode(
        from live: Matrix, base: Matrix, rows: Int? = nil, of shard: RowShard = .whole,
        format: Format = .bf16, threads: Int, what: String = "the parameters"
    ) throws(TensorError) -> RowDelta {
        precondition(
            live.rows == base.rows && live.columns == base.columns,
            "delta of [\(live.rows), \(live.columns)] against [\(base.rows), \(base.columns)]")
        let present = changedRows(
            from: live, base: base, rows: min(rows ?? live.rows, live.rows), of: shard,
            threads: threads)
        let delta = try RowDelta(
            totalRows: shard.rows(of: live.rows), dim: live.columns, present: present,
            format: format)
        _ = try Parallel.map(count: present.count, threads: threads) {
            (slots) throws(TensorError) in
            for slot in slots {
                let row = shard.row(Int(present[slot]))
                let greatest = delta.write(live.row(row), less: base.row(row), to: slot)
                if greatest >= KERNELS_NOT_FINITE { throw .notFinite(row: row, what: what) }
            }
        }
        return delta
    }

    private static func changedRows(
        from live: Matrix, base: Matrix, rows: Int, of shard: RowShard, threads: Int
    ) -> [UInt32] {
        precondition(live.rows <= Int(UInt32.max), "\(live.rows) rows do not fit a payload")
        return Parallel.map(count: shard.rows(of: rows), threads: threads) { locals in
            locals.filter { local in
                let row = shard.row(local)
                return kernel_delta_changed(live.row(row), base.row(row), live.columns) != 0
            }.map { UInt32($0) }
        }.flatMap { $0 }
    }
}
