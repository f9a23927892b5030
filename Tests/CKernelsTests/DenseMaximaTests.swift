// What MaxSim needs beside products, against the scalar oracle over all tails.

import CKernels
import TestSupport
import Testing

@Suite("Dense maxima")
struct DenseMaximaTests {
    @Test("codes become what the table says", arguments: denseSets + ["scalar"])
    func lookUp(isa: String) {
        var numbers = Numbers(1)
        let table = (0..<256).map { _ in UInt8.random(in: 0...255, using: &numbers) }
        for bits in [2, 4, 8] {
            for depth in Array(1...70) + [127, 128, 200] {
                let pitch = (depth * bits + 7) / 8
                let codes = (0..<3 * pitch).map { _ in UInt8.random(in: 0...255, using: &numbers) }
                var bytes = [UInt8](repeating: 0, count: 3 * depth + 8)
                withDense(isa) { dense_look_up(codes, 3, depth, Int32(bits), table, &bytes) }
                let expected = (0..<3 * depth).map { place -> UInt8 in
                    let bit = place % depth * bits
                    let byte = codes[place / depth * pitch + bit / 8]
                    return table[Int(byte) >> (bit % 8) & ((1 << bits) - 1)]
                }
                #expect(Array(bytes[..<(3 * depth)]) == expected, "\(bits) bits of \(depth)")
                #expect(bytes[(3 * depth)...].allSatisfy { $0 == 0 })
            }
        }
    }

    @Test("maxima have the oracle's bits, with and without their parts", arguments: denseSets)
    func maxima(isa: String) {
        var numbers = Numbers(2)
        for parts in 1..<8 where parts & 3 != 0 {
            for columns in Array(1...35) + [64, 70] {
                let rows = 1 + columns % 7
                let products = numbers.floats(rows * (columns + 3))
                let table = numbers.floats(5 * columns)
                let factors = numbers.floats(rows)
                let places = (0..<rows).map { UInt16($0 * 3 % 5) }
                let found = [isa, "scalar"].map { name in
                    withDense(name) {
                        maximise(
                            parts, rows, columns, products, factors, table, places)
                    }
                }
                #expect(found[0] == found[1], "\(parts), [\(rows), \(columns)]")
            }
        }
    }

    private func maximise(
        _ parts: Int, _ rows: Int, _ columns: Int, _ products: [Float], _ factors: [Float],
        _ table: [Float], _ places: [UInt16]
    ) -> [Float] {
        var maxima = [Float](repeating: -0.5, count: columns) + [7]
        products.withUnsafeBufferPointer { products in
            factors.withUnsafeBufferPointer { factors in
                table.withUnsafeBufferPointer { table in
                    places.withUnsafeBufferPointer { places in
                        maxima.withUnsafeMutableBufferPointer { maxima in
                            var all = dense_maxima(
                                rows: rows, columns: columns,
                                products: parts & 1 != 0 ? products.baseAddress : nil,
                                stride: columns + 3,
                                factors: parts & 4 != 0 ? factors.baseAddress : nil,
                                table: parts & 2 != 0 ? table.baseAddress : nil,
                                table_stride: columns, places: places.baseAddress,
                                maxima: maxima.baseAddress, next: nil, next_bytes: 0)
                            dense_maximise(&all)
                        }
                    }
                }
            }
        }
        return maxima
    }

    @Test("a NaN is passed over", arguments: denseSets + ["scalar"])
    func nan(isa: String) {
        let found = withDense(isa) {
            maximise(1, 2, 9, [Float](repeating: .nan, count: 24), [], [], [])
        }
        #expect(found == [Float](repeating: -0.5, count: 9) + [7])
    }

    @Test("the first of the greatest is found", arguments: denseSets + ["scalar"])
    func greatest(isa: String) {
        var numbers = Numbers(3)
        for count in 1...40 {
            var x = numbers.floats(count)
            let (first, second) = (
                Int.random(in: 0..<count, using: &numbers),
                Int.random(in: 0..<count, using: &numbers)
            )
            (x[first], x[second]) = (3, 3)
            let found = withDense(isa) { dense_greatest(x, count) }
            #expect(found == min(first, second), "of \(count)")
        }
        let none = [Float](repeating: -.infinity, count: 20)
        #expect(withDense(isa) { dense_greatest(none, 20) } == 0)
    }

    @Test(
        "dot products have the oracle's values, of Float32 and of bf16 rows", arguments: denseSets)
    func dots(isa: String) {
        var numbers = Numbers(6)
        for depth in Array(1...70) + [128, 384, 387] {
            let rows = 1 + depth % 11
            let query = numbers.floats(depth), floats = numbers.floats(rows * depth)
            let words = floats.map { UInt16($0.bitPattern >> 16) }
            for isHalf in [false, true] {
                let found = [isa, "scalar"].map { name in
                    var scores = [Float](repeating: 9, count: rows + 1)
                    withDense(name) {
                        floats.withUnsafeBytes { floats in
                            words.withUnsafeBytes { words in
                                dense_dots(
                                    query, (isHalf ? words : floats).baseAddress, isHalf ? 1 : 0,
                                    rows, depth, &scores)
                            }
                        }
                    }
                    return scores
                }
                #expect(found[0].last == 9)
                #expect(greatestDifference(found[0], found[1]) < 1e-4, "[\(rows), \(depth)]")
            }
        }
    }

    @Test("stored bytes give the products of their numbers", arguments: denseSets + ["scalar"])
    func load(isa: String) {
        var numbers = Numbers(4)
        for (rows, columns, depth) in [(1, 1, 1), (7, 17, 3), (13, 32, 128), (5, 40, 131)] {
            let bytes = (0..<rows * depth).map { _ in UInt8.random(in: 1...255, using: &numbers) }
            let weights = (0..<columns * depth).map { place in
                place % depth == 0 ? Float(127) : Float(Int.random(in: -127...127, using: &numbers))
            }
            var product = ProductCase(rows, columns, depth, &numbers)
            product.weights = weights
            let found = product.runLoaded(bytes, scale: 0.5, isa)
            let expected = (0..<rows * columns).map { place -> Float in
                let (row, column) = (place / columns, place % columns)
                let sum = (0..<depth).reduce(0) {
                    $0 + (Int(bytes[row * depth + $1]) - 128) * Int(weights[column * depth + $1])
                }
                return Float(sum) * 0.5
            }
            #expect(found == expected, "[\(rows), \(columns), \(depth)]")
        }
    }
}

extension ProductCase {
    /// Results [rows, columns] of stored bytes with the weights.
    fileprivate func runLoaded(_ bytes: [UInt8], scale: Float, _ isa: String) -> [Float] {
        withDense(isa) {
            let packed = UnsafeMutableRawPointer.allocate(
                byteCount: dense_packed_bytes(DENSE_INT8, columns, depth) + 64, alignment: 64)
            defer { packed.deallocate() }
            dense_pack(DENSE_INT8, weights, columns, depth, packed)
            var inputs = [UInt8](
                repeating: 0xEE, count: dense_input_bytes(DENSE_INT8, rows, depth))
            dense_load_bytes(bytes, rows, depth, depth, scale, &inputs)
            var results = [Float](repeating: 0, count: rows * columns)
            results.withUnsafeMutableBufferPointer { results in
                inputs.withUnsafeBytes { inputs in
                    var product = dense_product(
                        rows: rows, columns: columns, depth: depth, inputs: inputs.baseAddress,
                        stride: 0, packed: packed, bias: nil, activation: DENSE_IDENTITY,
                        residual: nil, results: results.baseAddress, result_stride: columns,
                        scale: 1)
                    dense_multiply(DENSE_INT8, &product)
                }
            }
            return results
        }
    }
}
