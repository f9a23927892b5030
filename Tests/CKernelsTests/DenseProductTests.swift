// Products of every instruction set against the scalar oracle, over all tails.

import CKernels
import TestSupport
import Testing

private let activations = [
    DENSE_IDENTITY, DENSE_GELU, DENSE_GELU_TANH, DENSE_SILU, DENSE_RELU, DENSE_TANH,
]

private let precisions = [DENSE_F32, DENSE_HALF, DENSE_INT8, DENSE_INT8_REDUCED]

@Suite("Dense products")
struct DenseProductTests {
    @Test("Float32 products have the oracle's bits, whatever is left over", arguments: denseSets)
    func exact(isa: String) {
        var numbers = Numbers(1)
        for rows in Array(1...13) + [24, 31] {
            for (columns, depth) in [
                (1, 1), (15, 3), (16, 7), (17, 64), (31, 5), (33, 130), (70, 9),
            ] {
                var product = ProductCase(rows, columns, depth, &numbers)
                product.residual = nil
                #expect(
                    product.run(isa) == product.run("scalar"), "[\(rows), \(columns), \(depth)]")
            }
        }
    }

    @Test("bytes are quantised and multiplied as the oracle does it", arguments: denseSets)
    func bytes(isa: String) {
        var numbers = Numbers(2)
        for rows in Array(1...13) + [29] {
            for (columns, depth) in [(1, 1), (15, 2), (16, 3), (17, 64), (33, 131), (70, 10)] {
                var product = ProductCase(rows, columns, depth, &numbers)
                product.precision = DENSE_INT8
                let difference = greatestDifference(product.run(isa), product.run("scalar"))
                #expect(difference < 1e-4, "[\(rows), \(columns), \(depth)] by \(difference)")
            }
        }
    }

    @Test(
        "7 bits are multiplied exactly, those of the greatest sums too",
        arguments: denseSets + ["scalar"])
    func reduced(isa: String) {
        var numbers = Numbers(13)
        for rows in 1...7 {
            for (columns, depth) in [
                (1, 1), (15, 4), (16, 7), (17, 8), (33, 9), (16, 12), (31, 61), (70, 130), (3, 384),
            ] {
                // 127 levels exactly, so that nothing is rounded: inputs 0...127, weights from -w
                // to 127 - w, a column of only their greatest among them.
                var product = ProductCase(rows, columns, depth, &numbers)
                product.precision = DENSE_INT8_REDUCED
                product.bias = nil
                product.residual = nil
                product.x = numbers.floats(rows * depth, in: 0...127).map { $0.rounded() }
                product.weights = numbers.floats(columns * depth, in: 0...127).map { $0.rounded() }
                for row in 0..<rows { product.x[row * depth] = 127 }
                for column in 0..<columns {
                    let range = column * depth..<(column + 1) * depth
                    product.weights[range.lowerBound] = 127
                    if column == 0 { for k in range { product.weights[k] = 127 } }
                    guard column % 2 == 1, depth > 1 else { continue }
                    product.weights[range.lowerBound + 1] = 0
                    for k in range { product.weights[k] -= Float(column) }
                }
                if rows > 1 { for k in 0..<depth { product.x[k] = 127 } }
                let results = product.run(isa)
                for row in 0..<rows {
                    for column in 0..<columns {
                        var exact: Double = 0
                        for k in 0..<depth {
                            exact +=
                                Double(product.x[row * depth + k])
                                * Double(product.weights[column * depth + k])
                        }
                        let error = abs(Double(results[row * columns + column]) - exact)
                        let isSeven = isa == "avx2"
                        let limit =
                            isSeven ? 1e-6 * abs(exact) + 1 : 0.01 * 127 * 127 * Double(depth)
                        #expect(error <= limit, "[\(row), \(column)] of \(depth) by \(error)")
                    }
                }
            }
        }
    }

    @Test("7 bits lose no more than their rounding", arguments: denseSets + ["scalar"])
    func reducedRounding(isa: String) {
        var numbers = Numbers(14)
        for rows in [1, 2, 3, 4, 5, 8] {
            for (columns, depth) in [(1, 1), (17, 2), (33, 65), (64, 384), (20, 1537)] {
                var product = ProductCase(rows, columns, depth, &numbers)
                let exact = product.run("scalar")
                product.precision = DENSE_INT8_REDUCED
                let difference = greatestDifference(product.run(isa), exact)
                // Steps of 3/127 and 2/127, so at most half of one times the other's 1 or 2, in
                // random directions.
                let limit = 4 * (0.012 + 2 * 0.008) * Float(depth).squareRoot() + 0.03
                #expect(difference < limit, "[\(rows), \(columns), \(depth)] by \(difference)")
            }
        }
    }

    @Test("halves lose no more than their rounding", arguments: denseSets)
    func halves(isa: String) {
        var numbers = Numbers(3)
        for rows in [1, 2, 3, 5, 8, 12, 13, 25] {
            for (columns, depth) in [(1, 1), (17, 2), (33, 65), (64, 384)] {
                var product = ProductCase(rows, columns, depth, &numbers)
                let exact = product.run("scalar")
                product.precision = DENSE_HALF
                let difference = greatestDifference(product.run(isa), exact)
                // 2^-9 of each of `depth` products below 2, in random directions.
                let limit = 2 * 4 * Float(depth).squareRoot() / 512
                #expect(difference < limit, "[\(rows), \(columns), \(depth)] by \(difference)")
            }
        }
    }

    @Test("activation, bias and residual follow on the product", arguments: denseSets)
    func finishing(isa: String) {
        var numbers = Numbers(4)
        for activation in activations {
            for parts in 0..<4 {
                let (hasBias, hasResidual) = (parts & 1 != 0, parts & 2 != 0)
                var product = ProductCase(14, 37, 40, &numbers)
                product.activation = activation
                if !hasBias { product.bias = nil }
                if !hasResidual { product.residual = nil }
                let difference = greatestDifference(product.run(isa), product.run("scalar"))
                #expect(difference < 2e-5, "\(activation) by \(difference)")
            }
        }
    }

    @Test("a residual may stand where the results go", arguments: denseSets + ["scalar"])
    func inPlace(isa: String) {
        var numbers = Numbers(12)
        for precision in precisions {
            for activation in activations {
                for (rows, columns) in [(1, 7), (14, 64), (25, 70)] {
                    var product = ProductCase(rows, columns, 20, &numbers)
                    product.precision = precision
                    product.activation = activation
                    let apart = product.run(isa)
                    product.isInPlace = true
                    #expect(product.run(isa) == apart, "\(precision) \(activation) \(columns)")
                }
            }
        }
    }

    @Test(
        "a row has the same bits wherever it stands and whatever stands beside it",
        arguments: denseSets + ["scalar"])
    func independence(isa: String) {
        var numbers = Numbers(5)
        for precision in precisions {
            var whole = ProductCase(40, 50, 67, &numbers)
            whole.precision = precision
            whole.residual = nil
            let together = whole.run(isa)
            for row in 0..<whole.rows {
                var alone = whole
                alone.rows = 1
                alone.x = Array(whole.x[row * whole.depth..<(row + 1) * whole.depth])
                #expect(alone.run(isa) == Array(together[row * 50..<(row + 1) * 50]))
            }
        }
    }

    @Test(
        "rows of zeros and of one value survive quantising", arguments: denseSets + ["scalar"],
        [DENSE_INT8, DENSE_INT8_REDUCED])
    func flat(isa: String, precision: dense_precision) {
        var numbers = Numbers(6)
        var product = ProductCase(3, 20, 33, &numbers)
        product.precision = precision
        product.bias = nil
        product.residual = nil
        product.x =
            Array(repeating: 0, count: 33) + Array(repeating: 5, count: 33)
            + Array(repeating: -5, count: 33)
        let results = product.run(isa)
        #expect(results[..<20].allSatisfy { $0 == 0 })
        let limit: Float = precision == DENSE_INT8 ? 0.4 : 0.8
        for column in 0..<20 {
            let weights = product.weights[column * 33..<(column + 1) * 33]
            let sum = 5 * weights.reduce(0, +)
            #expect(abs(results[20 + column] - sum) < limit)
            #expect(abs(results[40 + column] + sum) < limit)
        }
    }
}
