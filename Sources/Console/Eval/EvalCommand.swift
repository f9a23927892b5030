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
        abstract: "Answer analogies and rank similarities (Spearman).",
        discussion: """
            Examples:
              sounder eval words --vectors vectors.bin --analogies questions-words.txt
              sounder eval words --vectors vectors.bin --analogies questions-words.txt \\
                  --method both --similarity EN-WS-353-ALL.txt --json
            """)

    @Option(
        help: ArgumentHelp(
            "word2vec binary or text, GloVe, fastText, .npy or .safetensors.",
            valueName: "file"))
    var vectors: String
    @OptionGroup var questions: QualityOptions
    @Flag(help: "One JSON object on standard output.")
    var json = false

    func validate() throws {
        guard !questions.isEmpty else {
            throw ValidationError("nothing to measure; pass --analogies FILE or --similarity FILE")
        }
    }

    func run() throws {
        let report = try reading {
            let questions = try QualityQuestions(questions)
            return try WordQuality(of: VectorFile.read(vectors), questions)
        }
        if json { return try Terminal.outputJSON(report) }
        report.lines.forEach(Terminal.output)
    }
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
