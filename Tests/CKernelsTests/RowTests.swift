// The row kernels of every instruction set against the scalar oracle, and bf16 rounding itself.

import CKernels
import TestSupport
import Testing

private let lengths = Array(0...130) + [300]

private func bf16(_ bits: UInt16) -> Float { Float(bitPattern: UInt32(bits) << 16) }

@Suite("Row kernels")
struct RowTests {
    @Test("deltas have the oracle's bits and stay within their row", arguments: vectorSets)
    func deltas(isa: String) {
        for count in lengths {
            var numbers = Numbers(count)
            let live = numbers.floats(count)
            let base = numbers.floats(count)
            let run = { (isa: String) in
                var delta = [UInt16](repeating: 0xAAAA, count: count + 40)
                let greatest = with(isa) { kernel_delta_bf16(live, base, &delta, count) }
                let read = with(isa) { kernel_max_abs_bf16(delta, count) }
                return (delta, greatest, read)
            }
            #expect(run(isa) == run("scalar"), "\(count) values")
            #expect(run(isa).0[count...].allSatisfy { $0 == 0xAAAA })
        }
    }

    @Test("a change is seen wherever it stands", arguments: ["scalar"] + vectorSets)
    func changed(isa: String) {
        for count in 1...70 {
            var numbers = Numbers(count)
            let base = numbers.floats(count)
            var live = base
            #expect(with(isa) { kernel_delta_changed(live, base, count) } == 0)
            for place in 0..<count {
                live[place] += 0.25
                #expect(with(isa) { kernel_delta_changed(live, base, count) } == 1)
                live[place] = .nan
                #expect(with(isa) { kernel_delta_changed(live, base, count) } == 1)
                live[place] = base[place]
            }
        }
    }

    @Test("a difference that rounds to zero is no change", arguments: ["scalar"] + vectorSets)
    func tiny(isa: String) {
        let zero = [Float](repeating: 0, count: 20)
        var live = zero
        live[19] = Float(bitPattern: 0x8000)
        #expect(with(isa) { kernel_delta_changed(live, zero, 20) } == 0)
        live[19] = Float(bitPattern: 0x8001)
        #expect(with(isa) { kernel_delta_changed(live, zero, 20) } == 1)
    }

    @Test("rounding to bf16 is to nearest, ties to even", arguments: ["scalar"] + vectorSets)
    func rounding(isa: String) {
        let cases: [(UInt32, UInt16)] = [
            (0x3F80_0000, 0x3F80), (0x3F80_8000, 0x3F80), (0x3F80_8001, 0x3F81),
            (0x3F81_8000, 0x3F82), (0x3F81_7FFF, 0x3F81), (0xBF81_8000, 0xBF82),
            (0x0000_8001, 0x0001), (0x7F7F_7FFF, 0x7F7F),
        ]
        for (bits, expected) in cases {
            let live = [Float](repeating: Float(bitPattern: bits), count: 19)
            var delta = [UInt16](repeating: 0, count: 19)
            let zero = [Float](repeating: 0, count: 19)
            let greatest = with(isa) { kernel_delta_bf16(live, zero, &delta, 19) }
            #expect(delta.allSatisfy { $0 == expected }, "\(bits) became \(delta[0])")
            #expect(greatest < KERNELS_NOT_FINITE)
        }
    }

    @Test("what is not finite is seen wherever it stands", arguments: ["scalar"] + vectorSets)
    func notFinite(isa: String) {
        let zero = [Float](repeating: 0, count: 37)
        for bad: Float in [.nan, -.nan, .infinity, -.infinity, Float(bitPattern: 0x7F7F_8000)] {
            for place in [0, 15, 16, 31, 36] {
                var live = zero
                live[place] = bad
                var delta = [UInt16](repeating: 0, count: 37)
                let greatest = with(isa) { kernel_delta_bf16(live, zero, &delta, 37) }
                #expect(greatest >= KERNELS_NOT_FINITE)
                var sum = live
                delta = [UInt16](repeating: 0x7F7F, count: 37)
                let sums = with(isa) { kernel_axpy_bf16(1, delta, &sum, 37) }
                #expect(sums >= KERNELS_NOT_FINITE)
            }
        }
    }

    @Test("sums and Nesterov steps have the oracle's bits", arguments: vectorSets)
    func updates(isa: String) {
        for count in lengths {
            let run = { (isa: String) in
                var numbers = Numbers(count + 7)
                var sum = numbers.floats(count + 5)
                let values = sum.map { UInt16($0.bitPattern >> 16) }
                var velocity = numbers.floats(count + 5)
                var parameters = numbers.floats(count + 5)
                var step = [UInt16](repeating: 7, count: count + 5)
                var bits: [UInt32] = [0, 0, 0, 0]
                with(isa) {
                    bits[0] = kernel_axpy_bf16(0.3, values, &sum, count)
                    bits[1] = kernel_nesterov_row(
                        sum, &velocity, &parameters, &step, count, 0.9, 0.7, &bits[2])
                    bits[3] = kernel_nesterov_row(
                        nil, &velocity, &parameters, &step, count, 0.9, 0.7, &bits[2])
                }
                return (sum, velocity, parameters, step, bits)
            }
            #expect(run(isa) == run("scalar"), "\(count) values")
            #expect(run(isa).3[count...].allSatisfy { $0 == 7 })
        }
    }

    @Test("normalised rows have length one; a zero row stays", arguments: ["scalar"] + vectorSets)
    func normalise(isa: String) {
        for count in lengths where count > 0 {
            var numbers = Numbers(count)
            let row = numbers.floats(count, in: 0.5...1)
            var scaled = row
            let length = with(isa) { kernel_normalise_row(&scaled, count) }
            let expected = row.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
            #expect(abs(Double(length) - expected) < 1e-5 * expected)
            #expect(greatestDifference(scaled, row.map { Float(Double($0) / expected) }) < 1e-6)
        }
        var zero = [Float](repeating: 0, count: 33)
        #expect(with(isa) { kernel_normalise_row(&zero, 33) } == 0)
        #expect(zero.allSatisfy { $0 == 0 })
    }

    @Test("scores are dot products at every shape", arguments: vectorSets)
    func scores(isa: String) {
        for (queries, rows) in [(1, 1), (1, 13), (4, 6), (5, 7), (9, 20), (3, 5)] {
            for count in lengths {
                var numbers = Numbers(count + rows)
                let q = numbers.floats(queries * (count + 3))
                let r = numbers.floats(rows * (count + 1))
                let run = { (isa: String) in
                    var scores = [Float](repeating: .nan, count: queries * rows)
                    with(isa) {
                        kernel_scores_f32(
                            q, queries, count + 3, r, rows, count + 1, count, &scores)
                    }
                    return scores
                }
                let (expected, actual) = (run("scalar"), run(isa))
                #expect(actual.allSatisfy { $0.isFinite })
                let difference = greatestDifference(expected, actual)
                #expect(difference < 2e-5, "\(queries) x \(rows), \(count)")
            }
        }
    }

    @Test("unknown and missing instruction sets are refused")
    func selection() {
        #expect(kernels_select("no such set") == -1)
        #expect(kernels_select_in_thread("no such set") == -1)
        #expect(with("scalar") { String(cString: kernels_isa_name()) } == "scalar")
        #if arch(arm64)
        #expect(kernels_select_in_thread("avx2") == -1)
        #else
        #expect(kernels_select_in_thread("neon") == -1)
        #endif
    }
}
