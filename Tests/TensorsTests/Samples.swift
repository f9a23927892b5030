// Matrices of reproducible numbers for the tests of Tensors.

import Tensors
import TestSupport

extension Matrix {
    static func random(_ rows: Int, _ columns: Int, seed: Int) throws -> Matrix {
        var numbers = Numbers(seed)
        let matrix = try Matrix(rows: rows, columns: columns)
        for row in 0..<rows {
            for column in 0..<columns {
                matrix.row(row)[column] = Float.random(in: -1...1, using: &numbers)
            }
        }
        return matrix
    }

    func copy() throws -> Matrix {
        let copy = try Matrix(rows: rows, columns: columns)
        copy.base.update(from: base, count: rows * stride)
        return copy
    }

    var values: [Float] { Array(UnsafeBufferPointer(start: base, count: rows * stride)) }
    var bits: [UInt32] { values.map(\.bitPattern) }

    /// Changes some rows by up to `size`.
    func nudge(rows chosen: [Int], size: Float, seed: Int) {
        var numbers = Numbers(seed)
        for row in chosen {
            for column in 0..<columns {
                self.row(row)[column] += Float.random(in: -size...size, using: &numbers)
            }
        }
    }
}

extension RowDelta {
    /// A copy of the payload.
    var bytes: [UInt8] { withUnsafeBytes { Array($0) } }

    /// The payload read as if it had come from elsewhere.
    func received(expecting: (rows: Int, dim: Int)? = nil) throws(TensorError) -> View {
        try withUnsafeBytes { (bytes) throws(TensorError) in
            try View(bytes, expecting: expecting, owner: buffer, threads: 2)
        }
    }
}
