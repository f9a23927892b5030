// Many analogy questions at once: every word of theirs meets every row of the table once.

import Files
import Tensors

/// Questions share words, so that cosines are worked out for each different word and not for each
/// question: the 19,544 questions of word2vec have 905 words.
struct AnalogyBlock {
    /// Rows of the table: a is to b as c is to d.
    struct Question {
        let a, b, c, d: Int
    }

    private typealias Slots = (a: Int, b: Int, c: Int)

    private static let wordsMax = 2_048
    /// Rows that meet the words together: as many as the cache holds beside their cosines.
    private static let tile = 128
    /// Words in one call of the kernel.
    private static let batch = 64

    private let unit: Matrix
    private let questions: ArraySlice<Question>
    /// The places of their words in `words`.
    private var slots: [Slots] = []
    private let words: Matrix

    /// As many of the questions, from the first on, as have no more than `wordsMax` words.
    init(beginning questions: ArraySlice<Question>, of unit: Matrix) throws(FileError) {
        self.unit = unit
        var rows: [Int] = []
        var places: [Int: Int] = [:]
        func place(_ row: Int) -> Int {
            if let known = places[row] { return known }
            rows.append(row)
            places[row] = rows.count - 1
            return rows.count - 1
        }
        for question in questions {
            if rows.count > Self.wordsMax - 3 { break }
            slots.append((place(question.a), place(question.b), place(question.c)))
        }
        self.questions = questions.prefix(slots.count)
        words = try VectorFile.makeMatrix(rows: rows.count, columns: unit.columns, path: "memory")
        for (index, row) in rows.enumerated() {
            words.row(index).update(from: unit.row(row), count: unit.columns)
        }
    }

    var count: Int { slots.count }

    /// The best row for each question, -1 when every other row is excluded.
    func answers(_ method: Analogies.Method) -> [Int] {
        var best = [Best](repeating: Best(), count: count)
        let cosines = UnsafeMutablePointer<Float>.allocate(
            capacity: (words.rows + 1) * Self.tile)
        defer { cosines.deallocate() }
        let scratch = cosines + words.rows * Self.tile
        for start in stride(from: 0, to: unit.rows, by: Self.tile) {
            let rows = start..<min(start + Self.tile, unit.rows)
            meet(rows, cosines)
            for (index, question) in questions.enumerated() {
                let slots = slots[index]
                method.combine(
                    a: cosines + slots.a * rows.count, b: cosines + slots.b * rows.count,
                    c: cosines + slots.c * rows.count, count: rows.count, into: scratch)
                best[index].update(scratch, rows, except: question)
            }
        }
        return best.map(\.row)
    }

    /// `cosines[word * rows.count + row]`.
    private func meet(_ rows: Range<Int>, _ cosines: UnsafeMutablePointer<Float>) {
        for first in stride(from: 0, to: words.rows, by: Self.batch) {
            scores(
                words.row(first), queryCount: min(Self.batch, words.rows - first),
                queryStride: words.stride,
                unit.row(rows.lowerBound), rowCount: rows.count, rowStride: unit.stride,
                count: unit.columns, out: cosines + first * rows.count)
        }
    }
}

extension Analogies.Method {
    private static let epsilon: Float = 0.001

    /// The value of `count` candidates d from their cosines with a, b and c.
    fileprivate func combine(
        a: UnsafePointer<Float>, b: UnsafePointer<Float>, c: UnsafePointer<Float>, count: Int,
        into values: UnsafeMutablePointer<Float>
    ) {
        switch self {
        case .cosAdd:
            for index in 0..<count { values[index] = b[index] - a[index] + c[index] }
        case .cosMul:
            // With x' = (1 + x) / 2, twice the value: no order depends on it.
            for index in 0..<count {
                values[index] =
                    (1 + b[index]) * (1 + c[index]) / (1 + a[index] + 2 * Self.epsilon)
            }
        }
    }
}

/// The best row so far; among equals the first.
private struct Best {
    private(set) var row = -1
    private var score = -Float.infinity

    mutating func update(
        _ values: UnsafeMutablePointer<Float>, _ rows: Range<Int>,
        except question: AnalogyBlock.Question
    ) {
        exclude(question.a, values, rows)
        exclude(question.b, values, rows)
        exclude(question.c, values, rows)
        // Nearly always nothing in the tile is better.
        guard Self.greatest(values, rows.count) > score else { return }
        for index in 0..<rows.count { consider(values[index], rows.lowerBound + index) }
    }

    private func exclude(
        _ row: Int, _ values: UnsafeMutablePointer<Float>, _ rows: Range<Int>
    ) {
        if rows.contains(row) { values[row - rows.lowerBound] = -.infinity }
    }

    /// Four maxima side by side: one alone would wait for itself.
    private static func greatest(_ values: UnsafePointer<Float>, _ count: Int) -> Float {
        var (a, b, c, d) = (
            -Float.infinity, -Float.infinity, -Float.infinity, -Float.infinity
        )
        var index = 0
        while index + 4 <= count {
            a = values[index] > a ? values[index] : a
            b = values[index + 1] > b ? values[index + 1] : b
            c = values[index + 2] > c ? values[index + 2] : c
            d = values[index + 3] > d ? values[index + 3] : d
            index += 4
        }
        while index < count {
            a = values[index] > a ? values[index] : a
            index += 1
        }
        return max(max(a, b), max(c, d))
    }

    private mutating func consider(_ value: Float, _ candidate: Int) {
        if value > score {
            score = value
            row = candidate
        }
    }
}
