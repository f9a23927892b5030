// `sounder phrases`: text to text in which the words of phrases are joined.

import ArgumentParser
import Client
import Files
import Protocol
import Transport

struct PhrasesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "phrases",
        abstract: "Join the words of phrases: new york to new_york.",
        discussion: """
            Two words that follow each other are a phrase if their score, (pairs -
            min-count) / (first × second) × words, is above --threshold (Mikolov et al.
            2013, as word2phrase has it). Of what the first pass left, the second joins
            phrases of three and four words, and so on.

            The text is read as by `sounder train`; .gz and .zst are expanded. Lines stay
            lines; white space between joined words gives way to --delimiter. --list takes
            a line for each phrase: its joined form, how often it occurs, and its score,
            separated by tabs; the passes follow each other, each by falling score.

            Examples:
              sounder phrases --input corpus.txt --output joined.txt
              sounder phrases --input 'part-*.txt.zst' --output joined.txt --passes 2 \\
                  --threshold 50 --list phrases.tsv --workers 4 --json
            """)

    @OptionGroup(title: "Texts") var files: PhraseFiles
    @OptionGroup(title: "Phrases") var settings: PhraseSettings
    @OptionGroup(title: "Cluster") var place: TrainingPlace
    @OptionGroup var cluster: ClusterOptions

    func run() async throws {
        Interrupts.begin()
        let standardInput = try files.standardInput()
        defer { withExtendedLifetime(standardInput) {} }
        var spec = FindPhrases(files: try files.resolve(standardInput))
        settings.apply(to: &spec)
        if let complaint = spec.complaint { throw Fault(.usage, complaint) }
        let destinations = try files.destinations(besides: spec.files)
        let session = try await JobSession.open(cluster, place)
        defer { session.close() }
        let status = try await session.run(
            .findPhrases(spec), key: files.jobKey, isQuiet: place.quiet)
        var found: [FoundPhrases] = []
        let told = status.measures["passes"] ?? 0
        guard let passes = Int(exactly: told), (0...Limits.phrasePassesMax).contains(passes) else {
            throw Fault(.data, "job \(status.job) reports \(told) passes")
        }
        for pass in 1..<passes + 1 {
            found.append(
                try FoundPhrases(
                    table: try await session.fetch("phrases-\(pass)", of: status),
                    scores: try await session.fetch("scores-\(pass)", of: status)))
        }
        let joining = PhrasesJoining(
            files: spec.files, passes: found, delimiter: spec.delimiter,
            threads: place.threads ?? processorCount())
        let seconds = try await joining.write(to: destinations)
        try PhrasesReport(status, found, joining: seconds, output: files.output)
            .show(asJSON: place.json)
    }
}

struct PhraseFiles: ParsableArguments {
    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp(
            "Text files or patterns; .gz and .zst too; - for standard input.", valueName: "file"))
    var input: [String] = []
    @Option(help: ArgumentHelp("Where the joined text goes.", valueName: "file"))
    var output: String
    @Option(help: ArgumentHelp("Where the list of phrases goes.", valueName: "file"))
    var list: String?
    @Option(
        help: "Names the job: the same key and settings never run twice on one cluster.")
    var jobKey: String?

    /// Standard input, read to its end, if it is among the inputs.
    func standardInput() throws(Fault) -> StandardInput? {
        input.contains("-") ? try StandardInput() : nil
    }

    func resolve(_ standardInput: StandardInput?) throws(Fault) -> [InputFile] {
        guard !input.isEmpty else {
            throw Fault(.usage, "no input is named; pass --input FILE")
        }
        var files: [InputFile] = []
        for path in try PathPatterns.expand(input, standardInput: standardInput) {
            files.append(try InputFile(reading: path))
        }
        return files
    }

    /// Opened before any work begins; what is there of that name stays until all is done.
    func destinations(besides inputs: [InputFile]) throws(Fault) -> PhraseDestinations {
        let outputs = [output, list].compactMap { $0 }
        try VectorDestination.check([], others: outputs, inputs: inputs)
        do throws(FileError) {
            let text = try AtomicFile(path: output)
            guard let list else { return PhraseDestinations(text: text, list: nil) }
            return PhraseDestinations(text: text, list: try AtomicFile(path: list))
        } catch { throw Fault(.output, "\(error)") }
    }
}

struct PhraseDestinations: Sendable {
    let text: AtomicFile
    let list: AtomicFile?
}

struct PhraseSettings: ParsableArguments {
    @Option(help: "A pair of words that scores more is a phrase.")
    var threshold = 100.0
    @Option(help: "Taken off the count of a pair; rarer pairs are no phrases.")
    var minCount = 5
    @Option(help: "How often what was joined is joined again, for longer phrases.")
    var passes = 1
    @Option(help: "What joins words.")
    var delimiter = "_"

    func apply(to spec: inout FindPhrases) {
        spec.threshold = threshold
        spec.minimumCount = minCount
        spec.passes = passes
        spec.delimiter = delimiter
    }
}
