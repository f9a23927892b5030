// The vectors of a vocabulary: the largest part of a small model.

import CKernels
import Tensors

/// [rows, width], in the mapped file where it can stay there: Float32 as it is, halves and bfloat16
/// as they are, too. A row of these becomes Float32 when it is asked for, which costs nothing
/// beside the layers that follow; widened as a whole they would double what the model takes.
struct VocabularyTable: Sendable {
    let rows: Int
    let width: Int
    private let values: Values

    private enum Values {
        case floats(FloatTensor)
        case halves(HalfTensor)
    }

    init(named name: String, _ weights: Weights, rows: Int, width: Int) throws(ModelError) {
        self.rows = rows
        self.width = width
        if let halves = try weights.halves(name, [rows, width]) {
            values = .halves(halves)
        } else {
            values = .floats(try weights.tensor(name, [rows, width]))
        }
    }

    /// Writes the row of `id` to `row`; ids of a tokenizer that is larger than the table are
    /// refused at loading.
    func copy(_ id: Int, to row: UnsafeMutablePointer<Float>) {
        switch values {
        case .floats(let tensor): row.update(from: tensor.base + id * width, count: width)
        case .halves(let tensor): tensor.widen(id * width, count: width, to: row)
        }
    }
}
