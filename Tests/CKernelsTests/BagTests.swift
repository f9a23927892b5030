// The kernels over the rows of a bag against the scalar oracle, and the oracle itself.

import CKernels
import TestSupport
import Testing

@Suite("The kernels of bags")
struct BagTests {
    private func mean(
        _ isa: String, _ rows: Rows, _ bag: [Int32], shares: [Float]? = nil
    ) -> [Float] {
        var numbers = Numbers(1)
        let result = Rows(count: 1, dim: rows.stride, numbers: &numbers)
        with(isa) {
            kernel_mean_rows(rows.base, rows.stride, bag, shares, bag.count, result.base)
        }
        return result.values
    }

    private func bag(_ count: Int, of rows: Int, _ numbers: inout Numbers) -> [Int32] {
        (0..<count).map { _ in Int32.random(in: 0..<Int32(rows), using: &numbers) }
    }

    @Test("take means as the oracle does, at every stride", arguments: vectorSets)
    func means(isa: String) {
        for dim in stride(from: 16, through: 320, by: 16) {
            var numbers = Numbers(dim)
            let rows = Rows(count: 30, dim: dim, numbers: &numbers)
            for count in [1, 2, 7, 40] {
                let bag = bag(count, of: 30, &numbers)
                let shares = numbers.floats(count, in: 0...2)
                let even = [isa, "scalar"].map { mean($0, rows, bag) }
                #expect(greatestDifference(even[0], even[1]) < 1e-6)
                let uneven = [isa, "scalar"].map { mean($0, rows, bag, shares: shares) }
                #expect(greatestDifference(uneven[0], uneven[1]) < 1e-5)
            }
        }
    }

    @Test("add as the oracle does, and twice where a row stands twice", arguments: vectorSets)
    func additions(isa: String) {
        for dim in stride(from: 16, through: 320, by: 16) {
            let results = [isa, "scalar"].map { name in
                var numbers = Numbers(dim)
                let rows = Rows(count: 10, dim: dim, numbers: &numbers)
                let ends = Rows(count: 2, dim: dim, numbers: &numbers)
                with(name) {
                    kernel_add_to_rows(
                        rows.base, rows.stride, [3, 1, 3, 9], 4, ends.base,
                        ends.base + ends.stride)
                }
                return rows.values
            }
            #expect(results[0] == results[1])
        }
    }

    @Test("follow their formulas", arguments: ["scalar"] + vectorSets)
    func formulas(isa: String) {
        var numbers = Numbers(8)
        let rows = Rows(count: 4, dim: 48, numbers: &numbers)
        let before = rows.values
        let even = mean(isa, rows, [0, 2, 2])
        let shared = mean(isa, rows, [0, 3], shares: [0.25, 2])
        for d in 0..<48 {
            let (a, c, e) = (before[d], before[2 * 48 + d], before[3 * 48 + d])
            let (third, quarter) = ((a + 2 * c) / 3, 0.25 * a + 2 * e)
            #expect(abs(even[d] - third) < 1e-6)
            #expect(abs(shared[d] - quarter) < 1e-6)
        }
        let moved = even.map { $0 + 0.5 }
        let ends = Rows(count: 2, dim: 48, numbers: &numbers)
        for d in 0..<48 {
            ends.base[d] = moved[d]
            ends.base[48 + d] = even[d]
        }
        with(isa) { kernel_add_to_rows(rows.base, 48, [0, 2, 2], 3, ends.base, ends.base + 48) }
        for (index, value) in rows.values.enumerated() {
            let expected: Float = [0.5, 0, 1, 0][index / 48]
            #expect(abs(value - before[index] - expected) < 1e-6)
        }
    }
}
