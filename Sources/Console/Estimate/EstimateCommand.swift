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
        subcommands: [
            EstimateSkipGramCommand.self, EstimateCBOWCommand.self, EstimateFastTextCommand.self,
            EstimateGloVeCommand.self, EstimateSPPMICommand.self,
        ])
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

struct EstimateFastTextCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fasttext", abstract: "Estimate `train fasttext` with the same options.",
        discussion: """
            As `sounder estimate train sgns` does, with a .bin as the result.

            Example:
              sounder estimate train fasttext --input corpus.txt --buckets 500000
            """)

    @OptionGroup(title: "Corpus") var corpus: CorpusOptions
    @OptionGroup(title: "Model") var model: WindowOptions
    @OptionGroup(title: "Subwords") var subwords: SubwordOptions
    @OptionGroup(title: "Cluster") var place: TrainingPlace

    func run() throws {
        var spec = TrainWords(files: [])
        model.apply(to: &spec)
        subwords.apply(to: &spec)
        spec.keepsOutputs = true
        try Estimation(corpus, place).run(&spec)
    }
}

/// The steps of an estimate, which are the same for every model.
struct Estimation {
    let corpus: CorpusOptions
    let place: TrainingPlace

    init(_ corpus: CorpusOptions, _ place: TrainingPlace) {
        self.corpus = corpus
        self.place = place
    }

    /// What was looked at, for estimates of all models.
    struct Look {
        let input: EstimateInput
        let source: LocalTextSource
        let layout: CorpusLayout
        let sample: CorpusSample
        /// Of all workers: on one machine they share its cores.
        let threads: Int
    }

    /// - Parameter complaint: what is wrong with the job that has these files.
    func look<Value>(
        isDeterministic: Bool, complaint: ([InputFile]) -> String?,
        _ estimate: (Look) throws -> Value
    ) throws -> Value {
        Interrupts.begin()
        let standardInput = try corpus.standardInput()
        defer { withExtendedLifetime(standardInput) {} }
        let files = try corpus.resolve(standardInput)
        if let complaint = complaint(files) { throw Fault(.usage, complaint) }
        let cores = processorCount()
        let perWorker = place.threads ?? max(1, cores / place.workers)
        let threads = min(cores, place.workers * (isDeterministic ? 1 : perWorker))
        return try reading {
            let input = try EstimateInput(files.map(\.path))
            let source = try LocalTextSource(paths: input.paths)
            let layout = CorpusLayout(fileSizes: source.fileSizes)
            let sample = try CorpusSample(source, layout: layout, threads: threads)
            try Interrupts.check()
            return try estimate(
                Look(
                    input: input, source: source, layout: layout, sample: sample,
                    threads: threads))
        }
    }

    func run(_ spec: inout TrainWords) throws {
        if spec.partitions == 0 && !spec.deterministic { spec.partitions = place.workers }
        let job = spec
        let estimate = try look(isDeterministic: job.deterministic) { files in
            var spec = job
            spec.files = files
            return spec.complaint
        } _: { look in
            let size = try ModelSize(job, look.sample, blocks: look.layout.blockCount)
            let speed = try TrainingCalibration(job, look, words: size.words)
            return TrainingEstimate(
                job, size, look.sample, workers: place.workers,
                speeds: .init(
                    bytesCounted: speed.bytesCountedPerSecond,
                    bytesEncoded: speed.bytesEncodedPerSecond, words: speed.wordsPerSecond),
                expandedBytes: look.input.expandedBytes)
        }
        try estimate.show(asJSON: place.json)
    }
}
