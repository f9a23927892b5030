// Values of 16 bits of a checkpoint, where they stand in the mapped file.

import CKernels
import Tensors

/// Row-major values of type f16 or bf16.
final class HalfTensor: @unchecked Sendable {
    private let base: UnsafeRawPointer
    private let count: Int
    private let isBF16: Bool
    /// What keeps the bytes mapped.
    private let file: SafeTensorsFile

    /// nil if the values are of another type.
    init?(
        _ bytes: UnsafeRawBufferPointer, type: SafeTensorsType, count: Int,
        keeping file: SafeTensorsFile
    ) {
        guard type == .bf16 || type == .f16, let base = bytes.baseAddress,
            bytes.count == 2 * count
        else { return nil }
        self.base = base
        self.count = count
        self.file = file
        isBF16 = type == .bf16
    }

    /// Writes `count` values from `first` on as Float32.
    func widen(_ first: Int, count: Int, to values: UnsafeMutablePointer<Float>) {
        if isBF16 {
            dense_widen_bf16(base + 2 * first, values, count)
        } else {
            dense_widen_f16(base + 2 * first, values, count)
        }
    }

    var isFinite: Bool {
        let block = 4_096
        return withUnsafeTemporaryAllocation(of: Float.self, capacity: block) { values in
            guard let to = values.baseAddress else { return true }
            for first in stride(from: 0, to: count, by: block) {
                let part = min(block, count - first)
                widen(first, count: part, to: to)
                if dense_all_finite(to, part) == 0 { return false }
            }
            return true
        }
    }
}
