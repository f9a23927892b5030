// `sounder neighbours`: which words lie near others.

import ArgumentParser
import Protocol
import WordVectors

struct NeighboursCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "neighbours",
        abstract: "List the words nearest to others, by cosine.",
        discussion: """
            With --sum the words are added into one question; -- ends the options, so
            that words may be subtracted. A fastText .bin has neighbours for words that
            it never met, too.

            Examples:
              sounder neighbours --vectors vectors.bin paris berlin
              sounder neighbours --vectors fasttext.bin definately
              sounder neighbours --vectors vectors.bin --sum -- king -man woman
            """)

    @Option(
        help: ArgumentHelp(
            "word2vec binary or text, GloVe, fastText, .npy or .safetensors.",
            valueName: "file"))
    var vectors: String
    @Option(name: [.customLong("top"), .customShort("k")], help: "Neighbours a word.")
    var top = 10
    @Flag(help: "Add (and subtract) all words into one question.")
    var sum = false
    @Flag(help: "One JSON object on standard output.")
    var json = false
    @Argument var words: [String]

    private struct Answer: Encodable {
        struct Entry: Encodable {
            let word: String
            let cosine: Float
        }
        let query: String
        let neighbours: [Entry]
    }

    func validate() throws {
        guard (1...100_000).contains(top) else {
            throw ValidationError("--top \(top) is out of range; it must lie in 1...100000")
        }
    }

    func run() throws {
        let neighbours = try reading { try Neighbours(path: vectors) }
        let questions = sum ? [words] : words.map { [$0] }
        var answers: [Answer] = []
        for question in questions {
            let nearest = try reading {
                try neighbours.nearest(neighbours.terms(question), count: top)
            }
            answers.append(
                Answer(
                    query: question.joined(separator: " "),
                    neighbours: nearest.map { Answer.Entry(word: $0.word, cosine: $0.cosine) }))
        }
        if json { return try Terminal.outputJSON(["answers": answers]) }
        for answer in answers {
            if answers.count > 1 { Terminal.output("\(answer.query):") }
            for entry in answer.neighbours {
                Terminal.output("\(Double(entry.cosine).fixed(4))  \(entry.word)")
            }
        }
    }
}

/// Gives an error of reading files its exit code.
func reading<Value>(_ body: () throws -> Value) throws(Fault) -> Value {
    do { return try body() } catch { throw Fault(reading: error) }
}
