// `sounder train glove`: vectors fitted to counts of pairs, from text to a file of vectors.

import ArgumentParser
import Client
import Protocol
import Transport
import WordVectors

struct TrainGloVeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "glove",
        abstract: "Train GloVe vectors on counts of words that stand near each other.",
        discussion: """
            The text is read as by `sounder train sgns`. Pairs are counted once, in
            bounded memory, and then trained on in every epoch.

            Examples:
              sounder train glove --input corpus.txt --output vectors.bin
              sounder train glove --input 'part-*.txt.zst' --output vectors.txt \\
                  --format word2vec-text --dim 300 --workers 4 --threads 1 --json
            """)

    @OptionGroup(title: "Corpus and output") var files: TrainingFiles
    @OptionGroup(title: "Model") var model: GloVeOptions
    @OptionGroup(title: "Cluster") var place: TrainingPlace
    @OptionGroup var cluster: ClusterOptions

    func run() async throws {
        Interrupts.begin()
        let destination = try VectorDestination(files.output, format: files.format)
        let contexts = try model.outputVectors.map {
            try VectorDestination($0, format: files.format)
        }
        let standardInput = try files.corpus.standardInput()
        defer { withExtendedLifetime(standardInput) {} }
        var spec = TrainGloVe(files: try files.corpus.resolve(standardInput))
        model.apply(to: &spec)
        if let complaint = spec.complaint { throw Fault(.usage, complaint) }
        spec.keepsOutputs = model.outputVectors != nil
        try VectorDestination.check(
            [destination] + (contexts.map { [$0] } ?? []), inputs: spec.files)
        let session = try await JobSession.open(cluster, place)
        defer { session.close() }
        if try cluster.destination() == nil && spec.partitions == 0 && !spec.deterministic {
            spec.partitions = min(place.workers, Limits.blocksMax)
        }
        let status = try await session.run(
            .trainGloVe(spec), key: files.jobKey, isQuiet: place.quiet)
        _ = try await session.save(status, to: destination, outputs: contexts)
        try GloVeReport(status, output: destination.path).show(asJSON: place.json)
    }
}

/// Of `--vectors`.
enum GloVeVectors: String, CaseIterable, ExpressibleByArgument {
    case sum
    case words

    var spec: TrainGloVe.Vectors {
        switch self {
        case .sum: .sum
        case .words: .words
        }
    }
}

struct GloVeOptions: ParsableArguments {
    @Option(name: [.customLong("dim"), .customLong("dimension")], help: "Dimensions of a vector.")
    var dimension = 100
    @Option(help: "Words to each side that a word is counted with; at distance d they weigh 1/d.")
    var window = 15
    @Flag(inversion: .prefixedNo, help: "Whether the words to the right count as well.")
    var symmetric = true
    @Option(help: "Counts from here on weigh the same.")
    var xMax = 100.0
    @Option(help: "Power of the weights of smaller counts.")
    var power = 0.75
    @Option(help: "Words that occur less often are dropped.")
    var minCount = 5
    @Option(help: "Keep at most this many words, the most frequent ones; 0 keeps all.")
    var maxVocabulary = 0
    @Option(help: "Passes over the pairs.")
    var epochs = 25
    @Option(help: "Learning rate of AdaGrad.")
    var eta = 0.05
    @Option(help: "Seed of all chance.")
    var seed: UInt64 = 1
    @Option(help: "Blocks of words trained side by side, up to 64. Default: one per worker.")
    var partitions = 0
    @Option(
        help: ArgumentHelp(
            "Mebibytes in which a worker counts pairs; the rest goes through files.",
            valueName: "MiB"))
    var memory = 512
    @Option(help: "sum adds word and context vectors up; words returns the former alone.")
    var vectors = GloVeVectors.sum
    @Option(
        help: ArgumentHelp(
            "Where the context vectors go, if they are wanted.", valueName: "file"))
    var outputVectors: String?
    @Flag(
        help: """
            Bit-identical vectors from the same seed and partitions (default 4), whatever the number
            of workers; one thread per partition.
            """)
    var deterministic = false

    func apply(to spec: inout TrainGloVe) {
        spec.dimension = dimension
        spec.window = window
        spec.symmetric = symmetric
        spec.xMax = xMax
        spec.power = power
        spec.minimumCount = minCount
        spec.vocabularyMax = maxVocabulary
        spec.epochs = epochs
        spec.eta = eta
        spec.seed = seed
        spec.partitions = partitions
        spec.memoryMebibytes = memory
        spec.vectors = vectors.spec
        spec.deterministic = deterministic
    }
}
