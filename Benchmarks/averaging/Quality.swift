// What the vectors of a run are worth.

import Glibc
import Tensors
import WordVectors

struct Quality: Codable {
    /// Percent of the Google analogies within the 30,000 most frequent words.
    let analogies: Double
    let semantic: Double
    let syntactic: Double
    /// Spearman's correlation, in percent.
    let wordSim353: Double
    let simLex999: Double

    init(
        _ vocabulary: Vocabulary, vectors: Matrix, folder: String, questionStep: Int
    ) throws {
        let table = try WordVectorTable(vocabulary, vectors: vectors)
        var questions = try AnalogyQuestions(path: "\(folder)/questions-words.txt")
        for section in questions.sections.indices {
            let all = questions.sections[section].questions
            questions.sections[section].questions = stride(
                from: 0, to: all.count, by: questionStep
            ).map { all[$0] }
        }
        let report = try Analogies(table).evaluate(questions)
        analogies = report.total.accuracy ?? 0
        semantic = report.semantic.accuracy ?? 0
        syntactic = report.syntactic.accuracy ?? 0
        let correlation = { (name: String) in
            try 100 * (Similarity(path: "\(folder)/\(name)").evaluate(table).spearman ?? 0)
        }
        wordSim353 = try correlation("EN-WS-353-ALL.txt")
        simLex999 = try correlation("EN-SIMLEX-999.txt")
    }
}
