// `sounder train sppmi`: vectors from mutual information, from text to a file of vectors.

import ArgumentParser
import Client
import Protocol
import Transport
import WordVectors

struct TrainSPPMICommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sppmi",
        abstract: "Make vectors by decomposing the mutual information of words.",
        discussion: """
            The text is read as by `sounder train sgns`. Words within the window are
            counted as pairs, at distance d with weight 1/d; the positive pointwise mutual
            information of word and context, less the logarithm of --negative, is
            decomposed, and the vectors are U S^p with --eigenvalue-weight p (Levy and
            Goldberg 2014; Levy, Goldberg and Dagan 2015). The same text and seed give the
            same vectors, whatever the number of workers.

            One worker holds the matrix: 8 bytes for each positive cell, and about 8 bytes
            for each word and dimension.

            Examples:
              sounder train sppmi --input corpus.txt --output vectors.bin
              sounder train sppmi --input 'part-*.txt.zst' --output vectors.txt \\
                  --format word2vec-text --dim 200 --negative 5 --workers 4 --json
            """)

    @OptionGroup(title: "Corpus and output") var files: TrainingFiles
    @OptionGroup(title: "Model") var model: SPPMIOptions
    @OptionGroup(title: "Cluster") var place: TrainingPlace
    @OptionGroup var cluster: ClusterOptions

    func run() async throws {
        Interrupts.begin()
        let destination = try VectorDestination(files.output, format: files.format)
        let standardInput = try files.corpus.standardInput()
        defer { withExtendedLifetime(standardInput) {} }
        var spec = TrainSPPMI(files: try files.corpus.resolve(standardInput))
        model.apply(to: &spec)
        if let complaint = spec.complaint { throw Fault(.usage, complaint) }
        try VectorDestination.check([destination], inputs: spec.files)
        let session = try await JobSession.open(cluster, place)
        defer { session.close() }
        let status = try await session.run(
            .trainSPPMI(spec), key: files.jobKey, isQuiet: place.quiet)
        _ = try await session.save(status, to: destination)
        try SPPMIReport(status, output: destination.path).show(asJSON: place.json)
    }
}

struct SPPMIOptions: ParsableArguments {
    @Option(name: [.customLong("dim"), .customLong("dimension")], help: "Dimensions of a vector.")
    var dimension = 300
    @Option(help: "Words to each side that a word is counted with.")
    var window = 5
    @Option(help: "Shift: its logarithm is taken off the mutual information.")
    var negative = 1
    @Option(help: "Words that occur less often are dropped.")
    var minCount = 5
    @Option(help: "Keep at most this many words, the most frequent ones; 0 keeps all.")
    var maxVocabulary = 0
    @Option(help: "Power of the counts of contexts in their distribution.")
    var contextPower = 0.75
    @Option(help: "Power of the singular values in the vectors.")
    var eigenvalueWeight = 0.5
    @Option(help: "Power iterations of the decomposition.")
    var iterations = 3
    @Option(help: "Seed of all chance.")
    var seed: UInt64 = 1
    @Option(
        help: ArgumentHelp(
            "Mebibytes in which a worker counts pairs; the rest goes through files.",
            valueName: "MiB"))
    var memory = 512

    func apply(to spec: inout TrainSPPMI) {
        spec.dimension = dimension
        spec.window = window
        spec.negative = negative
        spec.minimumCount = minCount
        spec.vocabularyMax = maxVocabulary
        spec.contextPower = contextPower
        spec.eigenvalueWeight = eigenvalueWeight
        spec.iterations = iterations
        spec.seed = seed
        spec.memoryMebibytes = memory
    }
}

/// The figures of a finished job.
struct SPPMIReport: Encodable {
    let job: String
    let output: String
    let vocabulary: Int
    let dimension: Int
    /// Different pairs of words; two words in both orders are one.
    let pairs: Double
    /// Positive cells of the matrix.
    let cells: Double
    let seconds: Double
    let secondsCounting: Double
    let secondsEncoding: Double
    let secondsPairing: Double
    let secondsFactorising: Double
    let retries: Int
    let overlongTokens: Double
    let replacedTokens: Double

    init(_ status: JobStatus, output: String) {
        func figure(_ name: String) -> Double { status.measures[name] ?? 0 }
        job = status.job.text
        self.output = output
        vocabulary = status.count("vocabulary")
        dimension = status.count("dimension")
        pairs = figure("pairs")
        cells = figure("factorising.cells")
        secondsCounting = figure("seconds.counting")
        secondsEncoding = figure("seconds.encoding")
        secondsPairing = figure("seconds.pairing")
        secondsFactorising = figure("seconds.factorising")
        seconds = secondsCounting + secondsEncoding + secondsPairing + secondsFactorising
        retries = status.retries
        overlongTokens = figure("overlongTokens")
        replacedTokens = figure("replacedTokens")
    }

    func show(asJSON: Bool) throws(Fault) {
        if asJSON { return try Terminal.outputJSON(self) }
        Terminal.say(
            "made \(Double(vocabulary).grouped) vectors × \(dimension) of \(pairs.grouped) pairs "
                + "in \(seconds.fixed(1)) s (counting \(secondsCounting.fixed(1)), encoding "
                + "\(secondsEncoding.fixed(1)), pairing \(secondsPairing.fixed(1)), factorising "
                + "\(secondsFactorising.fixed(1))): \(cells.grouped) positive cells")
        Terminal.sayOfWords(overlong: overlongTokens, replaced: replacedTokens)
        Terminal.say("wrote \(output)")
    }
}
