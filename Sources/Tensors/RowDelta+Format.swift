// How the values of a row delta are written: two bytes each, or one and a scale for the row.

import CKernels

extension RowDelta {
    /// The raw value is the version in the payload's header.
    public enum Format: UInt32, Sendable, CaseIterable {
        /// Upper halves of Float32.
        case bf16 = 1
        /// Whole numbers of -127...127, times the row's scale: its greatest magnitude / 127.
        case int8 = 2

        /// Bytes of a present row of `dim` values with all that belongs to it.
        public func rowBytes(_ dim: Int) -> Int { headBytes + valueBytes * dim }

        /// The row's number, and its scale if it has one.
        fileprivate var headBytes: Int { self == .int8 ? 8 : 4 }
        fileprivate var valueBytes: Int { self == .int8 ? 1 : 2 }
    }

    /// Where things stand in a payload.
    struct Layout {
        let byteCount: Int
        /// Of the values of one row.
        let rowBytes: Int
        private let begin: Int
        private let scales: Int

        // Both counts come from 32-bit fields, so only their product can be too large.
        /// Nil when the size does not fit an Int.
        init?(present: Int, dim: Int, _ format: Format) {
            begin = (RowDelta.headerBytes + format.headBytes * present + 63) / 64 * 64
            rowBytes = format.valueBytes * dim
            scales = RowDelta.headerBytes + 4 * present
            let (values, overflow) = present.multipliedReportingOverflow(by: rowBytes)
            guard !overflow, values <= Int.max - begin else { return nil }
            byteCount = begin + values
        }

        func values(_ slot: Int) -> Int { begin + rowBytes * slot }
        /// With int8.
        func scale(_ slot: Int) -> Int { scales + 4 * slot }
    }

    /// The values of a present row as they are written, of any alignment.
    struct Row {
        let format: Format
        let values: UnsafeRawPointer
        /// 1 with bf16.
        let scale: Float

        /// sum += factor * values, each rounded once with a factor of 1.
        ///
        /// - Returns: the bits of the greatest magnitude of the sums.
        func add(_ factor: Float, to sum: UnsafeMutablePointer<Float>, count: Int) -> UInt32 {
            switch format {
            case .bf16: kernel_axpy_bf16(factor, values, sum, count)
            case .int8: kernel_axpy_int8(factor * scale, values, sum, count)
            }
        }

        /// Whether all values are finite, and their scale one that a writer leaves.
        func isFinite(count: Int) -> Bool {
            switch format {
            case .bf16: kernel_max_abs_bf16(values, count) < KERNELS_NOT_FINITE
            case .int8: scale >= 0 && scale <= .greatestFiniteMagnitude / 128
            }
        }
    }

    /// Writes `row - base` to present row `slot`.
    ///
    /// - Returns: the bits of its greatest magnitude.
    func write(
        _ row: UnsafePointer<Float>, less base: UnsafePointer<Float>, to slot: Int
    ) -> UInt32 {
        switch format {
        case .bf16: kernel_delta_bf16(row, base, values(slot), dim)
        case .int8: writeInt8(row, less: base, to: slot)
        }
    }

    /// Takes one row's outer Nesterov step, with d = `pull`, and writes it to present row `slot`.
    ///
    /// - Parameter pull: may be overwritten.
    /// - Returns: the bits of the greatest magnitude of all that was made, and of the velocities.
    func writeStep(
        pull: UnsafeMutablePointer<Float>, velocity: UnsafeMutablePointer<Float>,
        parameters: UnsafeMutablePointer<Float>, momentum: Float, rate: Float, to slot: Int
    ) -> (greatest: UInt32, speed: UInt32) {
        var speed: UInt32 = 0
        switch format {
        case .bf16:
            let greatest = kernel_nesterov_row(
                pull, velocity, parameters, values(slot), dim, momentum, rate, &speed)
            return (greatest, speed)
        case .int8:
            speed = kernel_nesterov_pull(pull, velocity, pull, dim, momentum, rate)
            let step = writeInt8(pull, less: nil, to: slot)
            let moved = view.values(slot).add(1, to: parameters, count: dim)
            return (max(speed, step, moved), speed)
        }
    }

    private func writeInt8(
        _ row: UnsafePointer<Float>, less base: UnsafePointer<Float>?, to slot: Int
    ) -> UInt32 {
        var scale: Float = 0
        let greatest = kernel_row_to_int8(row, base, values(slot), dim, &scale)
        buffer.baseAddress.storeBytes(
            of: scale.bitPattern.littleEndian, toByteOffset: layout.scale(slot), as: UInt32.self)
        return greatest
    }

    private func values(_ slot: Int) -> UnsafeMutableRawPointer {
        buffer.baseAddress + layout.values(slot)
    }
}
