// Training of word vectors straight from the formulas, in Double, one window at a time.

import Glibc
import Tensors
import WordVectors

/// One sentence at a constant rate with window 1, so that nothing is left to chance but draws.
struct DirectTraining {
    /// Row of the output matrix; of `weight` examples, `target` have label 1.
    typealias Output = (row: Int, target: Double, weight: Double)

    var input: [[Double]]
    var output: [[Double]]
    let alpha: Double

    init(_ parameters: WordParameters, alpha: Double) {
        input = Self.rows(of: parameters.input)
        output = Self.rows(of: parameters.output)
        self.alpha = alpha
    }

    static func rows(of matrix: Matrix) -> [[Double]] {
        (0..<matrix.rows).map { row in
            (0..<matrix.columns).map { Double(matrix.row(row)[$0]) }
        }
    }

    /// Moves the outputs, and returns by how much the inputs are to be moved.
    mutating func step(_ inputs: [[Double]], _ outputs: [Output]) -> [[Double]] {
        var changes = inputs.map { $0.map { _ in 0.0 } }
        let before = output
        for (index, x) in inputs.enumerated() {
            for (row, target, weight) in outputs {
                var score = 0.0
                for d in x.indices { score += x[d] * before[row][d] }
                let gradient = alpha * (target - weight / (1 + exp(-score)))
                for d in x.indices {
                    changes[index][d] += gradient * before[row][d]
                    output[row][d] += gradient * x[d]
                }
            }
        }
        return changes
    }

    /// Each row of a context against the outputs of the centre.
    mutating func pairs(_ rows: [Int], _ outputs: [Output]) {
        let changes = step(rows.map { input[$0] }, outputs)
        for (row, change) in zip(rows, changes) { add(change, to: [row]) }
    }

    /// The mean of `rows` against one group of outputs after the other; then its whole change goes
    /// to every row (word2vec's CBOW, fastText's bags).
    mutating func mean(_ rows: [Int], _ groups: [[Output]]) {
        var before = input[0].map { _ in 0.0 }
        for row in rows {
            for d in before.indices { before[d] += input[row][d] / Double(rows.count) }
        }
        var moved = before
        for outputs in groups {
            let change = step([moved], outputs)[0]
            for d in moved.indices { moved[d] += change[d] }
        }
        add(zip(moved, before).map { $0 - $1 }, to: rows)
    }

    private mutating func add(_ change: [Double], to rows: [Int]) {
        for row in rows {
            for d in change.indices { input[row][d] += change[d] }
        }
    }

    /// Greatest difference from what a trainer made of the same beginning.
    func difference(from parameters: WordParameters) -> Double {
        let ours: [Double] = Array((input + output).joined())
        let rows = Self.rows(of: parameters.input) + Self.rows(of: parameters.output)
        let theirs: [Double] = Array(rows.joined())
        var greatest = 0.0
        for (a, b) in zip(ours, theirs) { greatest = max(greatest, abs(a - b)) }
        return greatest
    }
}
