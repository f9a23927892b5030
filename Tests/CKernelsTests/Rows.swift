// Rows at the stride and alignment that the kernels of training want.

import TestSupport

/// `count` rows of `dim` values at a padded, aligned stride.
final class Rows {
    let stride: Int
    let count: Int
    let base: UnsafeMutablePointer<Float>

    init(count: Int, dim: Int, numbers: inout Numbers, scale: Float = 1) {
        stride = (dim + 15) / 16 * 16
        self.count = count
        let raw = UnsafeMutableRawPointer.allocate(byteCount: count * stride * 4, alignment: 64)
        base = raw.bindMemory(to: Float.self, capacity: count * stride)
        base.initialize(repeating: 0, count: count * stride)
        for row in 0..<count {
            for (d, value) in numbers.floats(dim, in: -scale...scale).enumerated() {
                base[row * stride + d] = value
            }
        }
    }

    deinit { base.deallocate() }

    var values: [Float] { Array(UnsafeBufferPointer(start: base, count: count * stride)) }
    func pointers(_ order: [Int]) -> [UnsafeMutablePointer<Float>?] {
        order.map { base + $0 * stride }
    }
}
