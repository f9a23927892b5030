// `sounder eval words`: analogies and similarities, as the field measures them.

import ArgumentParser
import Files
import Protocol
import WordVectors

struct EvalCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "eval", abstract: "Measure the quality of vectors and of rankings.",
        discussion: "Example:\n  sounder eval words --vectors vectors.bin --similarity pairs.txt",
        subcommands: [EvalWordsCommand.self, EvalRetrievalCommand.self])
}

struct EvalWordsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "words",
        abstract: "Answer analogies (3CosAdd) and rank similarities (Spearman).",
        discussion: """
            Examples:
              sounder eval words --vectors vectors.bin --analogies questions-words.txt
              sounder eval words --vectors vectors.bin --similarity EN-WS-353-ALL.txt --json
            """)

    @Option(
        help: ArgumentHelp(
            "word2vec binary or text, GloVe, fastText .vec, .npy or .safetensors.",
            valueName: "file"))
    var vectors: String
    @Option(help: ArgumentHelp("Questions in the form of questions-words.txt.", valueName: "file"))
    var analogies: String?
    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp("Files of word pairs with scores.", valueName: "file"))
    var similarity: [String] = []
    @Option(help: "Analogies look at this many words only, the most frequent ones.")
    var restrictVocab = 30_000
    @Flag(help: "One JSON object on standard output.")
    var json = false

    func validate() throws {
        guard analogies != nil || !similarity.isEmpty else {
            throw ValidationError("nothing to measure; pass --analogies FILE or --similarity FILE")
        }
        guard restrictVocab > 0 else {
            throw ValidationError("--restrict-vocab \(restrictVocab) must be above 0")
        }
    }

    func run() throws {
        let report = try reading { try EvaluationReport(self) }
        if json { return try Terminal.outputJSON(report) }
        report.lines.forEach(Terminal.output)
    }
}

private struct EvaluationReport: Encodable {
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
    }

    struct AnalogyReport: Encodable {
        let accuracy: Double?
        let correct: Int
        let asked: Int
        let skipped: Int
        let semantic: AnalogyFigures
        let syntactic: AnalogyFigures
        let sections: [String: AnalogyFigures]
    }

    struct SimilarityFigures: Encodable {
        let spearman: Double?
        let pairs: Int
        let known: Int
        let coverage: Double
    }

    let words: Int
    let dimension: Int
    let analogies: AnalogyReport?
    let similarity: [String: SimilarityFigures]
    private let sectionOrder: [String]

    private enum CodingKeys: String, CodingKey { case words, dimension, analogies, similarity }

    init(_ command: EvalWordsCommand) throws {
        let table = try VectorFile.read(command.vectors)
        words = table.count
        dimension = table.dimensions
        var order: [String] = []
        analogies = try command.analogies.map { path in
            let report = try Analogies(table, restrictTo: command.restrictVocab)
                .evaluate(AnalogyQuestions(path: path))
            order = report.sections.map(\.name)
            return AnalogyReport(
                accuracy: report.total.accuracy, correct: report.total.correct,
                asked: report.total.asked, skipped: report.total.skipped,
                semantic: AnalogyFigures(report.semantic),
                syntactic: AnalogyFigures(report.syntactic),
                sections: Dictionary(
                    report.sections.map { ($0.name, AnalogyFigures($0.score)) },
                    uniquingKeysWith: { first, _ in first }))
        }
        sectionOrder = order
        var figures: [String: SimilarityFigures] = [:]
        for path in command.similarity {
            let report = try Similarity(path: path).evaluate(table)
            figures[Self.name(of: path)] = SimilarityFigures(
                spearman: report.spearman, pairs: report.pairs, known: report.known,
                coverage: report.coverage)
        }
        similarity = figures
    }

    /// The file's name without directory and ending.
    private static func name(of path: String) -> String {
        let file = path.split(separator: "/").last.map(String.init) ?? path
        guard let dot = file.lastIndex(of: "."), dot != file.startIndex else { return file }
        return String(file[..<dot])
    }

    var lines: [String] {
        var rows: [[String]] = []
        if let analogies {
            for name in sectionOrder {
                if let score = analogies.sections[name] { rows.append(row(name, score)) }
            }
            rows.append(row("semantic", analogies.semantic))
            rows.append(row("syntactic", analogies.syntactic))
            rows.append([
                "analogies", percent(analogies.accuracy),
                "\(analogies.correct) of \(analogies.asked), \(analogies.skipped) skipped",
            ])
        }
        for (name, figures) in similarity.sorted(by: { $0.key < $1.key }) {
            rows.append([
                name, figures.spearman.map { $0.fixed(4) } ?? "-",
                "Spearman, \(figures.known) of \(figures.pairs) pairs known",
            ])
        }
        return Table.lines(rows)
    }

    private func row(_ name: String, _ score: AnalogyFigures) -> [String] {
        [
            name, percent(score.accuracy),
            "\(score.correct) of \(score.asked), \(score.skipped) skipped",
        ]
    }

    private func percent(_ value: Double?) -> String { value.map { $0.fixed(2) + " %" } ?? "-" }
}

extension Fault {
    /// The exit code that an error of reading deserves.
    init(reading error: any Error) {
        switch error {
        case let fault as Fault: self = fault
        case let error as FileError:
            switch error {
            case .unreadable: self = Fault(.input, "\(error)")
            case .unwritable: self = Fault(.output, "\(error)")
            case .outOfMemory: self = Fault(.temporary, "\(error)")
            case .malformed, .inputChanged, .tooLarge, .cancelled: self = Fault(.data, "\(error)")
            }
        default: self = Fault(.data, "\(error)")
        }
    }
}
