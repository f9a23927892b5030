// `sounder estimate train`: what a job will take, before it starts.

import ArgumentParser
import Files
import Protocol
import Transport
import WordVectors

struct EstimateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "estimate", abstract: "Tell what a job will take, before it starts.",
        discussion: "Example:\n  sounder estimate train sgns --input corpus.txt --workers 4",
        subcommands: [EstimateTrainCommand.self])
}

struct EstimateTrainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train", abstract: "Memory, disk, traffic and time of a training job.",
        subcommands: [EstimateSkipGramCommand.self, EstimateCBOWCommand.self])
}

struct EstimateSkipGramCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sgns", abstract: "Estimate `train sgns` with the same options.",
        discussion: """
            Looks at 8 MB spread over the corpus, and trains on them for a second. All
            processes are taken to be on machines like this one.

            Example:
              sounder estimate train sgns --input 'part-*.txt' --dim 200 --workers 4 --json
            """)

    @OptionGroup(title: "Corpus") var corpus: CorpusOptions
    @OptionGroup(title: "Model") var model: WindowOptions
    @OptionGroup(title: "Cluster") var place: TrainingPlace

    func run() throws {
        var spec = TrainWords(files: [])
        model.apply(to: &spec)
        try Estimation(corpus, place).run(&spec)
    }
}

struct EstimateCBOWCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cbow", abstract: "Estimate `train cbow` with the same options.",
        discussion: """
            As `sounder estimate train sgns` does.

            Example:
              sounder estimate train cbow --input corpus.txt --workers 2
            """)

    @OptionGroup(title: "Corpus") var corpus: CorpusOptions
    @OptionGroup(title: "Model") var model: WindowOptions
    @OptionGroup(title: "Cluster") var place: TrainingPlace

    func run() throws {
        var spec = TrainWords(files: [])
        model.apply(to: &spec)
        spec.architecture = .cbow
        try Estimation(corpus, place).run(&spec)
    }
}

/// The steps of an estimate, which are the same for every model that is trained in rounds.
struct Estimation {
    let corpus: CorpusOptions
    let place: TrainingPlace

    init(_ corpus: CorpusOptions, _ place: TrainingPlace) {
        self.corpus = corpus
        self.place = place
    }

    func run(_ spec: inout TrainWords) throws {
        let standardInput = try corpus.standardInput()
        defer { withExtendedLifetime(standardInput) {} }
        spec.files = try corpus.resolve(standardInput)
        if spec.partitions == 0 && !spec.deterministic { spec.partitions = place.workers }
        if let complaint = spec.complaint { throw Fault(.usage, complaint) }
        let input = try reading { try EstimateInput(spec.files.map(\.path)) }
        let estimate = try reading { try self.estimate(input, spec) }
        try estimate.show(asJSON: place.json)
    }

    private func estimate(_ input: EstimateInput, _ spec: TrainWords) throws -> TrainingEstimate {
        let cores = processorCount()
        let perWorker = place.threads ?? max(1, cores / place.workers)
        // Workers on one machine share its cores.
        let threads = min(cores, place.workers * (spec.deterministic ? 1 : perWorker))
        let source = try LocalTextSource(paths: input.paths)
        let layout = CorpusLayout(fileSizes: source.fileSizes)
        let sample = try CorpusSample(source, layout: layout, threads: threads)
        let size = try ModelSize(spec, sample, blocks: layout.blockCount)
        let speed = try TrainingCalibration(
            spec, sample, source, layout, rows: size.rows, threads: threads, in: input.directory)
        return TrainingEstimate(
            spec, size, sample, workers: place.workers,
            speeds: .init(
                bytesCounted: speed.bytesCountedPerSecond,
                bytesEncoded: speed.bytesEncodedPerSecond, words: speed.wordsPerSecond),
            expandedBytes: input.expandedBytes)
    }
}
