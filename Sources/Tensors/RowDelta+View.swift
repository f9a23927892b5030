// A row delta that came from elsewhere: everything in it is checked once, before it is used.

import CKernels

extension RowDelta {
    /// A checked view over a payload's bytes.
    ///
    /// `@unchecked Sendable`: the bytes are only read, and must not change while the view is used.
    public struct View: @unchecked Sendable {
        private let base: UnsafeRawPointer
        /// Size of the payload.
        public let byteCount: Int
        /// Rows of the whole matrix.
        public let totalRows: Int
        public let dim: Int
        /// Rows that the payload holds.
        public let presentRows: Int
        public let format: Format
        private let layout: Layout
        private let owner: AnyObject?

        init(
            trusted base: UnsafeRawPointer, byteCount: Int, totalRows: Int, dim: Int,
            presentRows: Int, format: Format, layout: Layout, owner: AnyObject? = nil
        ) {
            self.base = base
            self.byteCount = byteCount
            self.totalRows = totalRows
            self.dim = dim
            self.presentRows = presentRows
            self.format = format
            self.layout = layout
            self.owner = owner
        }

        /// Checks untrusted bytes, of any alignment: magic, version, sizes, row numbers rising and
        /// in range, every value finite. The bytes must outlive the view.
        ///
        /// - Parameters:
        ///   - owner: kept as long as the view, for bytes that live as long as some object.
        ///   - expecting: the shape `[rows, dim]` the matrix must have, if it is known.
        ///   - format: that the values must have, if it is known.
        ///   - what: names the payload in errors.
        ///   - checkingValues: whether the values are read, too; false for bytes that were checked
        ///     before.
        /// - Throws: `TensorError.malformed` saying what is wrong; `.notFinite` naming the row.
        public init(
            _ bytes: UnsafeRawBufferPointer, expecting: (rows: Int, dim: Int)? = nil,
            format: Format? = nil,
            what: String = "a row delta", owner: AnyObject? = nil, checkingValues: Bool = true,
            threads: Int = 1
        ) throws(TensorError) {
            do throws(Malformed) {
                self = try Self.parse(bytes, owner: owner)
                if let expecting, expecting != (totalRows, dim) {
                    throw Malformed(
                        "it is of a matrix [\(totalRows), \(dim)] instead of "
                            + "[\(expecting.rows), \(expecting.dim)]")
                }
                if let format, format != self.format {
                    throw Malformed("its values are \(self.format) instead of \(format)")
                }
                try checkRowNumbers()
            } catch {
                throw .malformed(what: what, reason: error.reason)
            }
            if checkingValues { try checkValues(what: what, threads: threads) }
        }

        /// The row number of present row `slot`.
        public func row(_ slot: Int) -> Int {
            precondition(slot >= 0 && slot < presentRows, "slot \(slot) of \(presentRows)")
            return Int(read(UInt32.self, at: RowDelta.headerBytes + 4 * slot))
        }

        /// The `dim` values of present row `slot`.
        func values(_ slot: Int) -> Row {
            precondition(slot >= 0 && slot < presentRows, "slot \(slot) of \(presentRows)")
            let isScaled = format == .int8
            return Row(
                format: format, values: base + layout.values(slot),
                scale: isScaled ? Float(bitPattern: read(UInt32.self, at: layout.scale(slot))) : 1)
        }

        /// The values of present row `slot` as they are written, without its scale.
        public func bytes(_ slot: Int) -> UnsafeRawBufferPointer {
            UnsafeRawBufferPointer(start: values(slot).values, count: layout.rowBytes)
        }

        /// The first slot whose row number is not below `row`; `presentRows` if there is none.
        func slot(from row: Int) -> Int {
            var low = 0
            var high = presentRows
            while low < high {
                let middle = (low + high) / 2
                if self.row(middle) < row { low = middle + 1 } else { high = middle }
            }
            return low
        }

        private func read<T: FixedWidthInteger & BitwiseCopyable>(_: T.Type, at offset: Int) -> T {
            T(littleEndian: base.loadUnaligned(fromByteOffset: offset, as: T.self))
        }
    }
}

extension RowDelta.View {
    /// A reason, before the payload's name is put to it.
    private struct Malformed: Error {
        let reason: String
        init(_ reason: String) { self.reason = reason }
    }

    private static func parse(
        _ bytes: UnsafeRawBufferPointer, owner: AnyObject?
    ) throws(Malformed) -> Self {
        guard let base = bytes.baseAddress, bytes.count >= RowDelta.headerBytes else {
            throw Malformed("\(bytes.count) bytes are fewer than a header")
        }
        let field = { (offset: Int) in
            UInt32(littleEndian: base.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
        }
        guard field(0) == RowDelta.magic else { throw Malformed("it does not begin with SRDL") }
        guard let format = RowDelta.Format(rawValue: field(4)) else {
            throw Malformed("its version is \(field(4)), and this program reads 1 and 2")
        }
        // the upper half of the 64-bit row count and the reserved bytes
        guard field(12) == 0, field(24) == 0, field(28) == 0 else {
            throw Malformed("its header has values where zeros belong")
        }
        let (rows, dim, present) = (Int(field(8)), Int(field(16)), Int(field(20)))
        guard let layout = RowDelta.Layout(present: present, dim: dim, format),
            layout.byteCount == bytes.count
        else {
            throw Malformed(
                "\(present) rows of \(dim) \(format) values do not fill exactly "
                    + "\(bytes.count) bytes")
        }
        return Self(
            trusted: base, byteCount: bytes.count, totalRows: rows, dim: dim, presentRows: present,
            format: format, layout: layout, owner: owner)
    }

    private func checkRowNumbers() throws(Malformed) {
        var next = 0
        for slot in 0..<presentRows {
            let row = row(slot)
            guard row >= next, row < totalRows else {
                throw Malformed(
                    "row number \(row) at place \(slot) is out of order or not below \(totalRows)")
            }
            next = row + 1
        }
    }

    private func checkValues(what: String, threads: Int) throws(TensorError) {
        _ = try Parallel.map(count: presentRows, threads: threads) {
            (slots) throws(TensorError) in
            for slot in slots where !values(slot).isFinite(count: dim) {
                throw .notFinite(row: row(slot), what: what)
            }
        }
    }

    /// Adds the differences onto a matrix of the same shape, or onto the rows of `shard` of a
    /// larger one. Every value is rounded once, so the same matrix and payload give the same bits
    /// on every machine.
    ///
    /// - Throws: `TensorError.notFinite` when a sum overflows; the matrix is then half updated.
    public func apply(
        to matrix: Matrix, of shard: RowShard = .whole, threads: Int,
        what: String = "the parameters"
    ) throws(TensorError) {
        precondition(
            shard.rows(of: matrix.rows) == totalRows && matrix.columns == dim,
            "delta of [\(totalRows), \(dim)] onto [\(matrix.rows), \(matrix.columns)]")
        _ = try Parallel.map(count: presentRows, threads: threads) {
            (slots) throws(TensorError) in
            for slot in slots {
                let row = shard.row(row(slot))
                let greatest = values(slot).add(1, to: matrix.row(row), count: dim)
                if greatest >= KERNELS_NOT_FINITE { throw .notFinite(row: row, what: what) }
            }
        }
    }
}
