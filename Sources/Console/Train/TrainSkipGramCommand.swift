// `sounder train sgns`: skip-gram with negative sampling, from text to a file of vectors.

import ArgumentParser
import Protocol
import Transport
import WordVectors

struct TrainSkipGramCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sgns",
        abstract: "Train skip-gram vectors with negative sampling.",
        discussion: """
            The text is UTF-8, words separated by white space, one sentence or paragraph
            a line (or one endless line); .gz and .zst are expanded. docs/formats.md has
            the exact rules.

            Examples:
              sounder train sgns --input corpus.txt --output vectors.bin
              sounder train sgns --input 'part-*.txt.zst' --output vectors.txt \\
                  --format word2vec-text --dim 100 --workers 4 --threads 1 --json
              sounder train sgns --input corpus.txt --output v.bin --report run.html \\
                  --probe king paris --analogies questions-words.txt
              sounder train sgns --input old.txt --output v.bin --checkpoint v.model
              sounder train sgns --input new.txt --output w.bin --continue-from v.model
            """)

    @OptionGroup(title: "Corpus and output") var files: TrainingFiles
    @OptionGroup(title: "Corpus and output") var layers: LayerOptions
    @OptionGroup(title: "Corpus and output") var growth: GrowthOptions
    @OptionGroup(title: "Model") var options: WindowOptions
    @OptionGroup(title: "Insight") var insight: InsightOptions
    @OptionGroup(title: "Cluster") var place: TrainingPlace
    @OptionGroup var cluster: ClusterOptions

    func run() async throws {
        Interrupts.begin()
        let run = try TrainingRun(files, layers, growth, insight, place, cluster)
        try await run.train("skip-gram") { options.apply(to: &$0) }
    }
}

struct CorpusOptions: ParsableArguments {
    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp(
            "Text files or patterns; .gz and .zst too; - for standard input.", valueName: "file"))
    var input: [String] = []

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
}

struct TrainingFiles: ParsableArguments {
    @OptionGroup var corpus: CorpusOptions

    @Option(help: ArgumentHelp("Where the vectors go.", valueName: "file"))
    var output: String

    @Option(
        help: """
            word2vec-binary, word2vec-text, npy, safetensors; of fasttext also fasttext-bin.
            Default: by the ending.
            """)
    var format: String?

    @Option(
        help: "Names the job: the same key and settings never run twice on one cluster.")
    var jobKey: String?
}

/// Which of a word's two vectors are wanted.
struct LayerOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Where the output (context) vectors go, if they are wanted.", valueName: "file"))
    var outputVectors: String?

    @Option(help: "Which vectors --output gets: input, output or sum (of both).")
    var vectorsOf = VectorLayer.input

    /// Whether the job is to keep its output vectors.
    var keepsOutputs: Bool { outputVectors != nil || vectorsOf != .input }

    /// Where the output vectors go, if they are wanted.
    ///
    /// - Parameter format: of both files, if it is not told by their endings.
    func outputDestination(
        beside destination: VectorDestination, format: String?
    ) throws(Fault) -> VectorDestination? {
        let isFastText = destination.format == .fastText
        if isFastText, vectorsOf != .input {
            throw Fault(
                .usage,
                "a fastText .bin holds inputs and outputs, each in its place; leave out "
                    + "--vectors-of or name another --format")
        }
        guard let outputVectors else { return nil }
        return try VectorDestination(outputVectors, format: isFastText ? nil : format)
    }
}

struct WindowOptions: ParsableArguments {
    @Option(name: [.customLong("dim"), .customLong("dimension")], help: "Dimensions of a vector.")
    var dimension = 300
    @Option(help: "Words to each side of the centre, at most.")
    var window = 5
    @Option(help: "negative-sampling or hierarchical-softmax.")
    var loss = TrainWords.Loss.negativeSampling
    @Option(help: "Negative samples per window.")
    var negative = 5
    @Option(help: "Subsampling threshold of frequent words; 0 keeps all.")
    var sample = 1e-4
    @Option(help: "Words that occur less often are dropped.")
    var minCount = 5
    @Option(help: "Keep at most this many words, the most frequent ones; 0 keeps all.")
    var maxVocabulary = 0
    @Option(help: "Passes over the corpus.")
    var epochs = 5
    @Option(help: "Learning rate at the start; it falls to nearly 0.")
    var alpha = 0.05
    @Option(help: "Seed of all chance.")
    var seed: UInt64 = 1
    @Option(help: "Parts of the corpus trained side by side. Default: one per worker.")
    var partitions = 0
    @Option(help: "Words a partition trains between two averagings. Default: by the model's size.")
    var wordsPerRound = 0
    @Option(help: "Outer Nesterov momentum. Default: 1 - 1/partitions.")
    var momentum = -1.0
    @Option(
        help: """
            Who averages the partitions: hub (the coordinator), peer (the workers, each a part of \
            the rows), or auto.
            """)
    var reduction = TrainWords.Reduction.auto
    @Option(
        help: """
            How changes and steps travel between processes: bf16, or int8 for about half the bytes.
            """)
    var deltas = TrainWords.Deltas.bf16
    @Flag(
        help: """
            Bit-identical vectors from the same seed and partitions (default 4), whatever the number
            of workers; one thread per partition.
            """)
    var deterministic = false

    func apply(to spec: inout TrainWords) {
        spec.dimension = dimension
        spec.window = window
        spec.loss = loss
        spec.negative = negative
        spec.sample = sample
        spec.minimumCount = minCount
        spec.vocabularyMax = maxVocabulary
        spec.epochs = epochs
        spec.alpha = alpha
        spec.seed = seed
        spec.partitions = partitions
        spec.wordsPerRound = wordsPerRound
        spec.momentum = momentum
        spec.reduction = reduction == .auto ? nil : reduction
        spec.deltas = deltas == .bf16 ? nil : deltas
        spec.deterministic = deterministic
    }
}

struct TrainingPlace: ParsableArguments {
    @Option(help: "Workers of the job's own cluster.")
    var workers = 1
    @Option(help: "Threads of each worker. Default: the machine's cores shared among the workers.")
    var threads: Int?
    @Flag(help: "One JSON object on standard output.")
    var json = false
    @Flag(name: .shortAndLong, help: "No progress.")
    var quiet = false

    func validate() throws {
        guard (1...1_024).contains(workers) else {
            throw ValidationError("--workers \(workers) is out of range; it must lie in 1...1024")
        }
        if let threads, !(1...Limits.threadsMax).contains(threads) {
            throw ValidationError(
                "--threads \(threads) is out of range; it must lie in 1...\(Limits.threadsMax)")
        }
    }
}
