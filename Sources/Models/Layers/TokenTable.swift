// Small tables of vectors by id: positions, types.

import CKernels

/// [rows, width], as Float32.
struct TokenTable: Sendable {
    let rows: Int
    let width: Int
    let values: FloatTensor

    init(named name: String, _ weights: Weights, rows: Int, width: Int) throws(ModelError) {
        self.rows = rows
        self.width = width
        values = try weights.tensor(name, [rows, width])
    }

    /// The row of `id`; ids of a tokenizer that is larger than the table are refused at loading.
    subscript(id: Int) -> UnsafePointer<Float> { values.base + id * width }

    /// Adds the row of `id` to `sum`.
    func add(_ id: Int, to sum: UnsafeMutablePointer<Float>) { dense_add(sum, self[id], width) }
}
