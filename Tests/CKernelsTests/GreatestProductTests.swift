// The greatest products of a passage's rows with each query token, against stored products.

import CKernels
import TestSupport
import Testing

@Suite("Greatest products")
struct GreatestProductTests {
    /// Rows below, at and above a tile, whole panels and parts, whole words and parts.
    private static let shapes =
        (1...30).map { ($0, 32, 128) } + [(5, 0, 8), (0, 4, 8), (13, 1, 1), (25, 31, 7)]
        + [(12, 33, 131), (37, 64, 96), (40, 70, 128), (106, 32, 768)]

    @Test("are those of stored products, with and without tables", arguments: denseSets)
    func products(isa: String) {
        for precision in [DENSE_F32, DENSE_HALF, DENSE_INT8] {
            for (rows, columns, depth) in Self.shapes {
                for parts in 0..<4 {
                    let shape = MaximaCase(rows, columns, depth, parts, seed: 1)
                    let (found, stored) = withDense(isa) { shape.run(precision) }
                    // Sums of halves, if they are long, are widened sooner for maxima.
                    let limit = precision == DENSE_HALF && depth > 128 ? 0.005 : 0
                    let greatest = stored.map(\.magnitude).max() ?? 0
                    #expect(
                        greatestDifference(found, stored) <= Float(limit) * greatest,
                        "\(precision) [\(rows), \(columns), \(depth)], \(parts)")
                }
            }
        }
    }

    @Test("of stored bytes are exact", arguments: denseSets + ["scalar"])
    func bytes(isa: String) {
        for (rows, columns, depth) in Self.shapes {
            for parts in 0..<4 {
                let shape = MaximaCase(rows, columns, depth, parts, seed: 2)
                let found = withDense(isa) { shape.runBytes(scale: 0.5) }
                #expect(
                    found == shape.exact(scale: 0.5),
                    "[\(rows), \(columns), \(depth)], \(parts)")
            }
        }
    }
}

/// Rows, weights of whole numbers, and what `parts` has of a table (1) and factors (2).
private struct MaximaCase {
    let rows: Int, columns: Int, depth: Int, parts: Int
    let floats: [Float], bytes: [UInt8], weights: [Float]
    let table: [Float], factors: [Float], places: [UInt16]

    init(_ rows: Int, _ columns: Int, _ depth: Int, _ parts: Int, seed: Int) {
        (self.rows, self.columns, self.depth, self.parts) = (rows, columns, depth, parts)
        var numbers = Numbers(seed)
        floats = numbers.floats(rows * depth)
        bytes = (0..<rows * depth).map { _ in UInt8.random(in: 1...255, using: &numbers) }
        weights = (0..<columns * depth).map { place in
            place % depth == 0 ? 127 : Float(Int.random(in: -127...127, using: &numbers))
        }
        table = (0..<5 * columns).map { _ in Float(Int.random(in: -999...999, using: &numbers)) }
        factors = (0..<rows).map { _ in [0.25, 0.5, 1, 2][Int.random(in: 0...3, using: &numbers)] }
        places = (0..<rows).map { UInt16($0 * 3 % 5) }
    }

    /// Maxima without and with stored products.
    func run(_ precision: dense_precision) -> ([Float], [Float]) {
        var inputs = [UInt8](repeating: 0xee, count: dense_input_bytes(precision, rows, depth))
        let isConverted = dense_input_bytes(precision, 1, depth) > 0
        if isConverted { dense_convert(precision, floats, rows, depth, depth, &inputs) }
        return inputs.withUnsafeBytes { inputs in
            floats.withUnsafeBytes { floats in
                var stored: [Float] = []
                let rows = (isConverted ? inputs : floats).baseAddress
                let found = take(precision, rows) { product, maxima in
                    dense_maximise_products(precision, &product, &maxima)
                }
                stored = take(precision, rows) { product, maxima in
                    dense_multiply(precision, &product)
                    maxima.products = UnsafePointer(product.results)
                    maxima.stride = columns
                    dense_maximise(&maxima)
                }
                return (found, stored)
            }
        }
    }

    func runBytes(scale: Float) -> [Float] {
        var inputs = [UInt8](repeating: 0xee, count: dense_input_bytes(DENSE_INT8, rows, depth) + 1)
        return bytes.withUnsafeBytes { bytes in
            take(DENSE_INT8, bytes.baseAddress) { product, maxima in
                product.scale = scale
                dense_maximise_bytes(&product, &maxima, &inputs)
            }
        }
    }

    func exact(scale: Float) -> [Float] {
        (0..<columns).map { column in
            (0..<rows).reduce(-0.5) { greatest, row in
                let sum = (0..<depth).reduce(0) {
                    $0 + (Int(bytes[row * depth + $1]) - 128) * Int(weights[column * depth + $1])
                }
                var y = Float(sum) * scale
                if parts & 1 != 0 { y += table[Int(places[row]) * columns + column] }
                if parts & 2 != 0 { y *= factors[row] }
                return max(greatest, y)
            }
        }
    }

    private func take(
        _ precision: dense_precision, _ inputs: UnsafeRawPointer?,
        _ body: (inout dense_product, inout dense_maxima) -> Void
    ) -> [Float] {
        let packed = UnsafeMutableRawPointer.allocate(
            byteCount: dense_packed_bytes(precision, columns, depth) + 64, alignment: 64)
        defer { packed.deallocate() }
        dense_pack(precision, weights, columns, depth, packed)
        var greatest = [Float](repeating: -0.5, count: columns)
        var results = [Float](repeating: 0, count: rows * columns + 1)
        results.withUnsafeMutableBufferPointer { results in
            greatest.withUnsafeMutableBufferPointer { greatest in
                table.withUnsafeBufferPointer { table in
                    factors.withUnsafeBufferPointer { factors in
                        places.withUnsafeBufferPointer { places in
                            var product = dense_product()
                            (product.rows, product.columns, product.depth) = (rows, columns, depth)
                            (product.inputs, product.stride) = (inputs, depth)
                            product.packed = UnsafeRawPointer(packed)
                            product.results = results.baseAddress
                            product.result_stride = columns
                            var maxima = dense_maxima()
                            (maxima.rows, maxima.columns) = (rows, columns)
                            if parts & 1 != 0 { maxima.table = table.baseAddress }
                            if parts & 2 != 0 { maxima.factors = factors.baseAddress }
                            maxima.table_stride = columns
                            maxima.places = places.baseAddress
                            maxima.maxima = greatest.baseAddress
                            // Whatever is fetched meanwhile changes nothing.
                            maxima.next = inputs
                            maxima.next_bytes = rows * depth
                            body(&product, &maxima)
                        }
                    }
                }
            }
        }
        return greatest
    }
}
