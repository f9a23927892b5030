// What word vectors are worth: analogies by section and method, similarities by list.

import WordVectors

struct WordQuality: Encodable {
    let words: Int
    let dimension: Int
    let analogies: AnalogyReport?
    let similarity: [String: SimilarityFigures]
    private let sectionOrder: [String]

    private enum CodingKeys: String, CodingKey { case words, dimension, analogies, similarity }

    init(of table: WordVectorTable, _ questions: QualityQuestions) throws {
        words = table.count
        dimension = table.dimensions
        var order: [String] = []
        analogies = try questions.analogies.map { asked in
            let analogies = try Analogies(table, restrictTo: questions.restrictVocab)
            func answer(_ method: Analogies.Method) throws -> MethodFigures {
                let report = try analogies.evaluate(asked, method: method)
                order = report.sections.map(\.name)
                return MethodFigures(report)
            }
            return AnalogyReport(
                cosAdd: questions.method == .cosMul ? nil : try answer(.cosAdd),
                cosMul: questions.method == .cosAdd ? nil : try answer(.cosMul))
        }
        sectionOrder = order
        var figures: [String: SimilarityFigures] = [:]
        for (name, pairs) in questions.similarities {
            figures[name] = SimilarityFigures(try pairs.evaluate(table))
        }
        similarity = figures
    }

    /// Lines of a table for people.
    var lines: [String] { Table.lines(rows) }

    /// A name, what was reached, and out of what.
    var rows: [[String]] {
        var rows: [[String]] = []
        if let analogies, let one = analogies.first {
            for name in sectionOrder where one.sections[name] != nil {
                rows.append(analogies.row(name) { $0.sections[name] })
            }
            rows.append(analogies.row("semantic") { $0.semantic })
            rows.append(analogies.row("syntactic") { $0.syntactic })
            rows.append(analogies.row("analogies") { $0.total })
        }
        for (name, figures) in similarity.sorted(by: { $0.key < $1.key }) {
            rows.append([
                name, figures.spearman.map { $0.fixed(4) } ?? "-",
                "Spearman, \(figures.known) of \(figures.pairs) pairs known",
            ])
        }
        return rows
    }
}

struct SimilarityFigures: Encodable {
    let spearman: Double?
    let pairs: Int
    let known: Int
    let coverage: Double

    init(_ report: Similarity.Report) {
        spearman = report.spearman
        pairs = report.pairs
        known = report.known
        coverage = report.coverage
    }
}

struct AnalogyFigures: Encodable {
    let accuracy: Double?
    let correct: Int
    let asked: Int
    let skipped: Int

    init(_ score: Analogies.Score) {
        accuracy = score.accuracy
        correct = score.correct
        asked = score.asked
        skipped = score.skipped
    }

    var percent: String { accuracy.map { $0.fixed(2) + " %" } ?? "-" }
}

/// The figures of one way to answer.
struct MethodFigures: Encodable {
    let total: AnalogyFigures
    let semantic: AnalogyFigures
    let syntactic: AnalogyFigures
    let sections: [String: AnalogyFigures]

    private enum CodingKeys: String, CodingKey { case semantic, syntactic, sections }

    init(_ report: Analogies.Report) {
        total = AnalogyFigures(report.total)
        semantic = AnalogyFigures(report.semantic)
        syntactic = AnalogyFigures(report.syntactic)
        sections = Dictionary(
            report.sections.map { ($0.name, AnalogyFigures($0.score)) },
            uniquingKeysWith: { first, _ in first })
    }

    /// The total's figures stand beside the others.
    func encode(to encoder: any Encoder) throws {
        try total.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(semantic, forKey: .semantic)
        try container.encode(syntactic, forKey: .syntactic)
        try container.encode(sections, forKey: .sections)
    }
}

/// Those of 3CosAdd stand at the top, those of 3CosMul under `cosMul`.
struct AnalogyReport: Encodable {
    let cosAdd: MethodFigures?
    let cosMul: MethodFigures?

    private enum CodingKeys: String, CodingKey { case cosMul }

    func encode(to encoder: any Encoder) throws {
        try cosAdd?.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encodeIfPresent(cosMul, forKey: .cosMul)
    }

    var first: MethodFigures? { cosAdd ?? cosMul }

    fileprivate func row(_ name: String, _ figures: (MethodFigures) -> AnalogyFigures?) -> [String]
    {
        let found = [cosAdd, cosMul].map { $0.flatMap(figures) }
        guard let one = found.compactMap({ $0 }).first else { return [name, "-", "-"] }
        var counts = "\(one.correct) of \(one.asked), \(one.skipped) skipped"
        if let other = found[1] {
            counts +=
                found[0] == nil
                ? " (3CosMul)" : "; 3CosMul \(other.percent), \(other.correct)"
        }
        return [name, one.percent, counts]
    }
}
