// `sounder vector`: the numbers of words.

import ArgumentParser
import Protocol
import WordVectors

struct VectorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "vector",
        abstract: "Print the vectors of words.",
        discussion: """
            A line for each word: the word and its numbers, separated by spaces, as
            fastText's print-word-vectors has them. Without words, or with -, words come
            from standard input, separated by white space. A fastText .bin has a vector
            for every word, made of its n-grams; other files only for the words in them.

            Examples:
              sounder vector --vectors vectors.bin paris
              sounder vector --vectors fasttext.bin definately --json
              cut -f1 words.tsv | sounder vector --vectors fasttext.bin > words.vec
            """)

    @Option(
        help: ArgumentHelp(
            "word2vec binary or text, GloVe, fastText, .npy or .safetensors.",
            valueName: "file"))
    var vectors: String
    @Flag(help: "A JSON object for each word, one a line; numbers not finite are null.")
    var json = false
    @Argument(help: "Words; - stands for standard input.") var words: [String] = []

    private struct Answer: Encodable {
        let word: String
        let vector: [Float?]
    }

    func run() throws {
        let lookup = try reading { try VectorLookup(path: vectors) }
        guard words.isEmpty || words == ["-"] else {
            // All are looked up before the first is printed.
            let found = try reading { try words.map { try lookup.vector(of: $0) } }
            for (word, vector) in zip(words, found) { try show(word, vector) }
            return
        }
        var input = InputWords()
        while let word = try input.next() {
            try show(word, try reading { try lookup.vector(of: word) })
            // Nobody may be left to read on.
            try Terminal.checkOutput()
        }
    }

    private func show(_ word: String, _ vector: [Float]) throws(Fault) {
        if json {
            let numbers = vector.map { $0.isFinite ? $0 : nil }
            return try Terminal.outputJSON(Answer(word: word, vector: numbers), isPretty: false)
        }
        Terminal.output(vector.reduce(into: word) { $0 += " \($1)" })
    }
}
