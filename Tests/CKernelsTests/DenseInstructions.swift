// Runs dense kernels of one instruction set, so that two can be compared.

import CKernels
import TestSupport

/// The instruction sets of dense kernels that this machine has beside the scalar oracle.
let denseSets = (0..<8).compactMap { dense_isa_name($0) }.map { String(cString: $0) }
    .filter { $0 != "scalar" }

/// Runs `body` with the dense kernels `name`, in this thread only.
func withDense<Result>(_ name: String, _ body: () throws -> Result) rethrows -> Result {
    precondition(dense_select_in_thread(name) == 0, "\(name) is not available")
    defer { dense_select_in_thread(nil) }
    return try body()
}

/// One product and everything it needs.
struct ProductCase {
    var rows: Int
    var columns: Int
    var depth: Int
    var precision = DENSE_F32
    var activation = DENSE_IDENTITY
    var x: [Float]
    var weights: [Float]
    var bias: [Float]?
    var residual: [Float]?
    /// Whether the residual stands where the results go.
    var isInPlace = false

    init(_ rows: Int, _ columns: Int, _ depth: Int, _ numbers: inout Numbers) {
        (self.rows, self.columns, self.depth) = (rows, columns, depth)
        x = numbers.floats(rows * depth, in: -2...1)
        weights = numbers.floats(columns * depth)
        bias = numbers.floats(columns)
        residual = numbers.floats(rows * columns)
    }

    /// Results [rows, columns], with guards around each row that must stay as they are.
    func run(_ isa: String) -> [Float] {
        withDense(isa) {
            let packed = UnsafeMutableRawPointer.allocate(
                byteCount: dense_packed_bytes(precision, columns, depth) + 64, alignment: 64)
            defer { packed.deallocate() }
            dense_pack(precision, weights, columns, depth, packed)
            let bytes = dense_input_bytes(precision, rows, depth)
            var inputs = [UInt8](repeating: 0xEE, count: bytes + 64)
            if bytes > 0 { dense_convert(precision, x, rows, depth, depth, &inputs) }
            precondition(inputs[bytes...].allSatisfy { $0 == 0xEE }, "inputs written past the end")
            let stride = columns + 5
            var results = [Float](repeating: 77, count: rows * stride)
            let spread = residual.map { residual in
                (0..<rows * stride).map { place in
                    place % stride < columns
                        ? residual[place / stride * columns + place % stride] : 0
                }
            }
            x.withUnsafeBytes { x in
                inputs.withUnsafeBytes { inputs in
                    var product = dense_product(
                        rows: rows, columns: columns, depth: depth,
                        inputs: bytes > 0 ? inputs.baseAddress : x.baseAddress, stride: depth,
                        packed: packed, bias: nil, activation: activation, residual: nil,
                        results: nil, result_stride: stride, scale: 1)
                    multiply(&product, spread, &results)
                }
            }
            return Self.unspread(results, rows, columns, stride)
        }
    }

    private func multiply(
        _ product: inout dense_product, _ residual: [Float]?, _ results: inout [Float]
    ) {
        results.withUnsafeMutableBufferPointer { results in
            (bias ?? []).withUnsafeBufferPointer { bias in
                (residual ?? []).withUnsafeBufferPointer { residual in
                    product.results = results.baseAddress
                    product.bias = self.bias == nil ? nil : bias.baseAddress
                    product.residual = self.residual == nil ? nil : residual.baseAddress
                    if self.residual != nil, isInPlace {
                        for place in residual.indices where place % (columns + 5) < columns {
                            results[place] = residual[place]
                        }
                        product.residual = UnsafePointer(results.baseAddress)
                    }
                    dense_multiply(precision, &product)
                }
            }
        }
    }

    private static func unspread(
        _ results: [Float], _ rows: Int, _ columns: Int, _ stride: Int
    ) -> [Float] {
        (0..<rows).flatMap { row in
            let line = results[row * stride..<(row + 1) * stride]
            precondition(line.suffix(5).allSatisfy { $0 == 77 }, "results written past a row")
            return Array(line.prefix(columns))
        }
    }
}
