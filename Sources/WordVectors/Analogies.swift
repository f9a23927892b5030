// Answers analogy questions with word vectors and counts what is right.

public import Files
import Tensors

/// 3CosAdd (Mikolov, Yih, Zweig: Linguistic Regularities, 2013) by the rules of word2vec's
/// compute-accuracy: the answer is the word whose unit vector has the largest dot product with
/// b - a + c, the three words themselves excluded, among the first words of the table; case is
/// ignored, and of words that then fall together the first counts; questions with an unknown word
/// are skipped.
public struct Analogies: Sendable {
    /// How many questions had which outcome.
    public struct Score: Sendable, Equatable {
        public var correct = 0
        public var asked = 0
        /// Questions with a word outside the table.
        public var skipped = 0

        public init(correct: Int = 0, asked: Int = 0, skipped: Int = 0) {
            self.correct = correct
            self.asked = asked
            self.skipped = skipped
        }

        /// Percent of the questions asked, nil when none was.
        public var accuracy: Double? {
            asked == 0 ? nil : 100 * Double(correct) / Double(asked)
        }

        static func += (left: inout Score, right: Score) {
            left.correct += right.correct
            left.asked += right.asked
            left.skipped += right.skipped
        }
    }

    public struct Report: Sendable, Equatable {
        /// In the order of the file.
        public var sections: [(name: String, score: Score)] = []
        public var semantic = Score()
        public var syntactic = Score()
        public var total = Score()

        public static func == (left: Report, right: Report) -> Bool {
            left.total == right.total && left.semantic == right.semantic
                && left.sections.elementsEqual(right.sections, by: ==)
        }
    }

    private let words: FoldedWords
    private let unit: Matrix

    /// - Parameter restrictTo: only the first, most frequent, words of the table take part.
    /// - Throws: `.outOfMemory`.
    public init(_ table: WordVectorTable, restrictTo: Int = 30_000) throws(FileError) {
        words = FoldedWords(table, limit: restrictTo)
        unit = try UnitVectors.make(table.vectors, rows: words.rows)
    }

    /// Asks every question. One thread; about 10 s for the 19,544 of word2vec at 300 dimensions.
    ///
    /// - Throws: `.outOfMemory`.
    public func evaluate(_ questions: AnalogyQuestions) throws(FileError) -> Report {
        var report = Report()
        for section in questions.sections {
            let known = section.questions.compactMap { question -> [Int]? in
                let rows = question.compactMap(words.position(of:))
                return rows.count == 4 ? rows : nil
            }
            var score = Score()
            score.asked = known.count
            score.skipped = section.questions.count - known.count
            let answers = try answer(known)
            score.correct = zip(known, answers).count { $0[3] == $1 }
            report.sections.append((section.name, score))
            report.total += score
            if section.isSyntactic { report.syntactic += score } else { report.semantic += score }
        }
        return report
    }

    private static let batch = 64
    private static let tile = 1024

    /// The best row for each question, -1 when every other row is excluded.
    private func answer(_ questions: [[Int]]) throws(FileError) -> [Int] {
        let queries = try VectorFile.makeMatrix(
            rows: Self.batch, columns: unit.columns, path: "memory")
        let out = UnsafeMutablePointer<Float>.allocate(capacity: Self.batch * Self.tile)
        defer {
            out.deallocate()
            withExtendedLifetime(queries) {}
        }
        var answers: [Int] = []
        for start in stride(from: 0, to: questions.count, by: Self.batch) {
            let batch = questions[start ..< min(start + Self.batch, questions.count)]
            for (index, question) in batch.enumerated() { ask(question, queries.row(index)) }
            var best = batch.map { _ in Best() }
            for tile in stride(from: 0, to: unit.rows, by: Self.tile) {
                let rows = tile ..< min(tile + Self.tile, unit.rows)
                scores(
                    queries.base, queryCount: batch.count, queryStride: queries.stride,
                    unit.row(tile), rowCount: rows.count, rowStride: unit.stride,
                    count: unit.columns, out: out)
                for (index, question) in batch.enumerated() {
                    best[index].update(out + index * rows.count, rows, except: question[..<3])
                }
            }
            answers += best.map(\.row)
        }
        return answers
    }

    /// b - a + c.
    private func ask(_ question: [Int], _ query: UnsafeMutablePointer<Float>) {
        let a = unit.row(question[0]), b = unit.row(question[1]), c = unit.row(question[2])
        for column in 0 ..< unit.columns { query[column] = b[column] - a[column] + c[column] }
    }
}

/// The best row so far; among equals the first.
private struct Best {
    private(set) var row = -1
    private var score = -Float.infinity

    mutating func update(
        _ values: UnsafeMutablePointer<Float>, _ rows: Range<Int>, except excluded: ArraySlice<Int>
    ) {
        for row in excluded where rows.contains(row) {
            values[row - rows.lowerBound] = -.infinity
        }
        var index = 0
        while index + 16 <= rows.count {
            let some = UnsafeRawPointer(values + index).loadUnaligned(as: SIMD16<Float>.self)
            // Nearly always nothing in sixteen is better.
            if any(some .> SIMD16(repeating: score)) {
                for lane in 0 ..< 16 { consider(some[lane], rows.lowerBound + index + lane) }
            }
            index += 16
        }
        while index < rows.count {
            consider(values[index], rows.lowerBound + index)
            index += 1
        }
    }

    private mutating func consider(_ value: Float, _ candidate: Int) {
        if value > score {
            score = value
            row = candidate
        }
    }
}
