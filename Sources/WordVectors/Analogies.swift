// Answers analogy questions with word vectors and counts what is right.

public import Files
import Tensors

/// Questions are asked by the rules of word2vec's compute-accuracy: the answer is the word for
/// which the `Method` is largest, the three words themselves excluded, among the first words of the
/// table; case is ignored, and of words that then fall together the first counts; questions with an
/// unknown word are skipped.
public struct Analogies: Sendable {
    /// How near a word d is to the answer of "a is to b as c is to d".
    public enum Method: String, Sendable, CaseIterable {
        /// cos(d, b) - cos(d, a) + cos(d, c) (Mikolov, Yih, Zweig: Linguistic Regularities in
        /// Continuous Space Word Representations, 2013).
        case cosAdd = "3cosadd"
        /// cos(d, b) cos(d, c) / (cos(d, a) + 0.001), with cosines moved to 0...1 (Levy, Goldberg:
        /// Linguistic Regularities in Sparse and Explicit Word Representations, 2014, section 6).
        case cosMul = "3cosmul"
    }

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

    /// Asks every question. One thread; the work grows with the different words of the questions
    /// times the words of the table.
    ///
    /// - Throws: `.outOfMemory`.
    public func evaluate(
        _ questions: AnalogyQuestions, method: Method = .cosAdd
    ) throws(FileError) -> Report {
        let known = questions.sections.map { section in section.questions.compactMap(rows(of:)) }
        var answers = try answer(known.flatMap { $0 }, method)[...]
        var report = Report()
        for (section, known) in zip(questions.sections, known) {
            var score = Score()
            score.asked = known.count
            score.skipped = section.questions.count - known.count
            score.correct = zip(known, answers).count { $0.d == $1 }
            answers = answers.dropFirst(known.count)
            report.sections.append((section.name, score))
            report.total += score
            if section.isSyntactic { report.syntactic += score } else { report.semantic += score }
        }
        return report
    }

    /// The best row for each question, -1 when every other row is excluded.
    private func answer(
        _ questions: [AnalogyBlock.Question], _ method: Method
    ) throws(FileError) -> [Int] {
        var answers: [Int] = []
        var rest = questions[...]
        while !rest.isEmpty {
            let block = try AnalogyBlock(beginning: rest, of: unit)
            answers += block.answers(method)
            rest = rest.dropFirst(block.count)
        }
        return answers
    }

    /// Nil with an unknown word.
    private func rows(of question: [String]) -> AnalogyBlock.Question? {
        let rows = question.compactMap(words.position(of:))
        guard rows.count == 4 else { return nil }
        return AnalogyBlock.Question(a: rows[0], b: rows[1], c: rows[2], d: rows[3])
    }
}
