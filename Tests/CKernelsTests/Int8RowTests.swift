// The kernels over rows of int8 with a scale: every instruction set against the scalar oracle.

import CKernels
import TestSupport
import Testing

private let lengths = Array(0...130) + [300]

@Suite("Kernels over rows of int8")
struct Int8RowTests {
    /// A row less `base` as `isa` writes it.
    private func written(
        _ isa: String, _ row: [Float], _ base: [Float]?
    ) -> (values: [Int8], scale: Float, greatest: UInt32) {
        var values = [Int8](repeating: 0x55, count: row.count + 40)
        var scale = Float.nan
        let greatest = with(isa) {
            kernel_row_to_int8(row, base, &values, row.count, &scale)
        }
        return (values, scale, greatest)
    }

    @Test("rows have the oracle's bits and stay within their length", arguments: vectorSets)
    func rows(isa: String) {
        for count in lengths {
            var numbers = Numbers(count)
            let row = numbers.floats(count)
            let other = numbers.floats(count)
            for base in [nil, other] {
                let found = written(isa, row, base)
                #expect(found == written("scalar", row, base), "\(count) values")
                #expect(found.values[count...].allSatisfy { $0 == 0x55 })
            }
        }
    }

    @Test("a value comes back within half a step of its row", arguments: ["scalar"] + vectorSets)
    func halfStep(isa: String) {
        for (count, size) in [(1, Float(1e-20)), (33, 0.01), (100, 3e37), (300, 1)] {
            var numbers = Numbers(count)
            let row = numbers.floats(count).map { $0 * size }
            let (values, scale, _) = written(isa, row, nil)
            #expect(values.prefix(count).map { abs(Int($0)) }.max() == 127)
            for (value, exact) in zip(values, row) {
                #expect(abs(Float(value) * scale - exact) <= scale * 0.50001)
            }
        }
    }

    @Test("ties go to even, on both sides of zero", arguments: ["scalar"] + vectorSets)
    func ties(isa: String) {
        let row: [Float] = [127, 0.5, 1.5, 2.5, -0.5, -1.5, -2.5, 126.5, -126.5, -127]
        let (values, scale, _) = written(isa, row, nil)
        #expect(scale == 1)
        #expect(values.prefix(10) == [127, 0, 2, 2, 0, -2, -2, 126, -126, -127])
    }

    @Test(
        "a row of nothing, of next to nothing, or of what is no number is written as zeros",
        arguments: ["scalar"] + vectorSets)
    func nothing(isa: String) {
        for bad: Float in [0, 1e-38, 1e-31, .nan, -.infinity] {
            for place in [0, 7, 8, 15, 16, 36] {
                var row = [Float](repeating: 0, count: 37)
                row[place] = bad
                let (values, scale, greatest) = written(isa, row, nil)
                #expect(scale == 0 && values.prefix(37).allSatisfy { $0 == 0 })
                #expect((greatest >= KERNELS_NOT_FINITE) == !bad.isFinite)
            }
        }
    }

    @Test("sums and Nesterov steps have the oracle's bits", arguments: vectorSets)
    func updates(isa: String) {
        for count in lengths {
            let run = { (isa: String) in
                var numbers = Numbers(count + 7)
                var sum = numbers.floats(count + 5)
                let values = sum.map { Int8(($0 * 100).rounded()) }
                var velocity = numbers.floats(count + 5)
                var step = numbers.floats(count + 5)
                var bits: [UInt32] = [0, 0]
                with(isa) {
                    bits[0] = kernel_axpy_int8(0.3, values, &sum, count)
                    bits[1] = kernel_nesterov_pull(sum, &velocity, &step, count, 0.9, 0.7)
                }
                return (sum, velocity, step, bits)
            }
            #expect(run(isa) == run("scalar"), "\(count) values")
        }
        let extremes: [Int8] = [-128, 127, 0, -1]
        var sum: [Float] = [0, 0, 5, 0]
        _ = with(isa) { kernel_axpy_int8(1, extremes, &sum, 4) }
        #expect(sum == [-128, 127, 5, -1])
    }

    @Test("a sum that overflows is seen", arguments: ["scalar"] + vectorSets)
    func overflow(isa: String) {
        for place in [0, 15, 16, 36] {
            var sum = [Float](repeating: 0, count: 37)
            sum[place] = 3.4e38
            let values = [Int8](repeating: 127, count: 37)
            #expect(with(isa) { kernel_axpy_int8(1e36, values, &sum, 37) } >= KERNELS_NOT_FINITE)
        }
    }
}
