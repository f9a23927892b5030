// Rows of a table scaled to length 1, for cosines.

import Files
import Tensors

enum UnitVectors {
    /// The rows `rows` of `vectors`, each divided by its length. Rows of zeros, and rows with a
    /// value that is not finite, become zeros: their cosine with anything is 0.
    static func make(_ vectors: Matrix, rows: [Int]) throws(FileError) -> Matrix {
        let unit = try VectorFile.makeMatrix(
            rows: rows.count, columns: vectors.columns, path: "memory")
        for (index, row) in rows.enumerated() {
            copy(vectors.row(row), to: unit.row(index), count: vectors.columns)
        }
        return unit
    }

    /// Scales `source` into `target`, which stays as it is when that is not possible.
    static func copy(
        _ source: UnsafePointer<Float>, to target: UnsafeMutablePointer<Float>, count: Int
    ) {
        var sum = 0.0
        for column in 0..<count { sum += Double(source[column]) * Double(source[column]) }
        let scale = 1 / sum.squareRoot()
        guard sum.isFinite, scale.isFinite else { return }
        for column in 0..<count { target[column] = Float(Double(source[column]) * scale) }
    }
}

/// Words looked up without regard to case.
struct FoldedWords {
    /// Rows whose folded word has not come before.
    private(set) var rows: [Int] = []
    private var positions: [String: Int] = [:]

    /// Folds the first `limit` words of a table; of words that fall together the first counts.
    init(_ table: WordVectorTable, limit: Int = .max) {
        for row in 0..<min(limit, table.count) {
            let folded = table.words[row].lowercased()
            if positions[folded] == nil {
                positions[folded] = rows.count
                rows.append(row)
            }
        }
    }

    /// The position in `rows` of a word.
    func position(of word: String) -> Int? {
        positions[word.lowercased()]
    }
}
