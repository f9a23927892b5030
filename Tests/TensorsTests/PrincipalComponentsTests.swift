// Principal components, against what is known of the vectors.

import TestSupport
import Testing

@testable import Tensors

@Suite struct PrincipalComponentsTests {
    /// Vectors along given directions, each a tenth as strong as the one before.
    private func vectors(_ count: Int, along axes: [[Float]], _ numbers: inout Numbers) -> [Float] {
        (0..<count).flatMap { _ -> [Float] in
            let weights = numbers.floats(axes.count)
            return axes[0].indices.map { place in
                var sum: Float = 0
                var strength: Float = 1
                for (axis, weight) in zip(axes, weights) {
                    sum += strength * weight * axis[place]
                    strength /= 10
                }
                return sum
            }
        }
    }

    private func dot(_ left: ArraySlice<Float>, _ right: ArraySlice<Float>) -> Float {
        zip(left, right).reduce(0) { $0 + $1.0 * $1.1 }
    }

    @Test("the strongest directions come first, of length 1 and at right angles")
    func order() {
        var numbers = Numbers(3)
        let axes: [[Float]] = [[0.6, 0, 0.8, 0, 0], [0, 1, 0, 0, 0], [0, 0, 0, 0.8, -0.6]]
        let found = PrincipalComponents.find(
            vectors(500, along: axes, &numbers), width: 5, rows: 3, threads: 2)
        for (row, axis) in axes.enumerated() {
            // Random weights are not quite independent, so that axes lean a little.
            #expect(abs(dot(found[5 * row..<5 * row + 5], axis[...])) > 0.999)
        }
        for left in 0..<3 {
            for right in 0..<3 {
                let product = dot(found[5 * left..<5 * left + 5], found[5 * right..<5 * right + 5])
                #expect(abs(product - (left == right ? 1 : 0)) < 1e-6)
            }
        }
    }

    @Test("the number of threads changes no bit, and vectors that are all zero still give a basis")
    func threads() {
        var numbers = Numbers(4)
        let vectors = numbers.floats(300 * 17)
        let one = PrincipalComponents.find(vectors, width: 17, rows: 9, threads: 1)
        for threads in [2, 3, 40] {
            #expect(
                PrincipalComponents.find(vectors, width: 17, rows: 9, threads: threads) == one)
        }
        let none = PrincipalComponents.find(
            [Float](repeating: 0, count: 6), width: 3, rows: 2, threads: 1)
        #expect(dot(none[0..<3], none[0..<3]) == 1 && dot(none[0..<3], none[3..<6]) == 0)
    }
}
