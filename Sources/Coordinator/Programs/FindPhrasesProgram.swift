// Finding phrases: a round of counting for each pass, and the pairs that score enough after it.

import FoundationEssentials
import Protocol
import Transport

/// The rounds of one search for phrases. What a pass has found is kept, so that a job that is taken
/// up again goes on with the next one.
final class FindPhrasesProgram: JobProgram {
    private let job: JobID
    private let spec: FindPhrases
    private let directory: JobDirectory
    private let payloads: PayloadTable
    private let corpusFiles: CorpusFiles
    private var corpus: Corpus?
    private var workers = 1
    /// Phrases and scores of each pass that is over.
    private var passes: [(phrases: Frame, scores: Frame)] = []
    private var references: [PayloadReference] = []
    /// Of the text as the last pass that is over has counted it.
    private var figures: [String: Double] = [:]

    /// A unit's table has as many pairs as its text has words, at most, at 100 bytes or so each.
    private static let rangeBytes = 32 << 20

    init(spec: FindPhrases, directory: JobDirectory, payloads: PayloadTable) {
        job = directory.job
        self.spec = spec
        self.directory = directory
        self.payloads = payloads
        corpusFiles = CorpusFiles(job: job, payloads: payloads)
    }

    func plan(workers: Int) throws(Fault) -> Step {
        let corpus = try corpusFiles.open(spec.files)
        self.corpus = corpus
        self.workers = PhraseProgress.workers(in: directory) ?? workers
        try PhraseProgress.save(workers: self.workers, in: directory)
        while passes.count < spec.passes,
            let phrases = directory.load(Self.name("phrases", passes.count)),
            let scores = directory.load(Self.name("scores", passes.count))
        {
            figures = PhraseFigures.load(Self.name("figures", passes.count), from: directory)
            add(phrases, scores)
        }
        // All of them are there only if the result could not be published.
        if passes.count == spec.passes { return .completed(try result()) }
        return counting(corpus)
    }

    func prepare() throws(Fault) {}

    func check(_ outputs: [Frame], of stage: String) throws(Fault) {
        try OutputCheck.counts(try outputs.output(0, of: 1))
    }

    func reduce(
        _ round: Round, outputs: RoundOutputs, workers: Int
    ) throws(Fault) -> Step {
        guard let corpus else { throw Fault(.internalError, "job \(job) lost its corpus") }
        let (outputs, gone) = outputs.all
        if !gone.isEmpty { return .repeated(gone) }
        var tables: [Frame] = []
        for unit in outputs { tables.append(try unit.output(0, of: 1)) }
        let found = try PhraseReduction(tables, spec: spec)
        figures = [
            "corpusWords": found.corpusWords, "overlongTokens": found.overlongTokens,
            "replacedTokens": found.replacedTokens,
        ]
        try PhraseFigures.save(figures, as: Self.name("figures", passes.count), in: directory)
        try directory.save(found.phrases, as: Self.name("phrases", passes.count))
        try directory.save(found.scores, as: Self.name("scores", passes.count))
        add(found.phrases, found.scores)
        // Where nothing was joined the next pass would count what this one has counted.
        if passes.count < spec.passes, found.count > 0 { return counting(corpus) }
        return .completed(try result())
    }

    private static func name(_ what: String, _ pass: Int) -> String { "\(what)-\(pass + 1)" }

    private func add(_ phrases: Frame, _ scores: Frame) {
        let id = "\(job)/work/\(Self.name("phrases", passes.count))"
        references.append(payloads.bulk.offer(id: id, frame: phrases, checksum: nil))
        passes.append((phrases, scores))
    }

    private func counting(_ corpus: Corpus) -> Step {
        let pairs = PairCounting(delimiter: spec.delimiter, phrases: references)
        let ranges = corpus.countingRanges(workers: workers, rangeBytes: Self.rangeBytes)
        let units = ranges.enumerated().map { index, blocks in
            WorkUnit(
                task: .countWords(CountWords(corpus: corpus, blocks: blocks, pairs: pairs)),
                affinity: index, work: Double(blocks.count * corpus.blockBytes))
        }
        return .round(
            Round(
                stage: "counting", index: passes.count, count: spec.passes, units: units,
                keepsOutputs: true),
            measures: ["corpusBytes": Double(corpus.byteCount)])
    }

    private func result() throws(Fault) -> JobResult {
        var outputs: [NamedPayload] = []
        for (pass, found) in passes.enumerated() {
            let (phrases, scores) = (Self.name("phrases", pass), Self.name("scores", pass))
            outputs.append(try payloads.publish(found.phrases, name: phrases, of: job))
            outputs.append(try payloads.publish(found.scores, name: scores, of: job))
        }
        return JobResult(
            outputs: outputs,
            measures: figures.merging(["passes": Double(passes.count)]) { $1 })
    }
}

/// What a pass has counted, for a result that another life of the coordinator publishes.
enum PhraseFigures {
    static func load(_ name: String, from directory: JobDirectory) -> [String: Double] {
        guard let frame = directory.load(name) else { return [:] }
        let read = try? JSONDecoder().decode([String: Double].self, from: Data(frame.bytes))
        return read ?? [:]
    }

    static func save(
        _ figures: [String: Double], as name: String, in directory: JobDirectory
    ) throws(Fault) {
        guard let data = try? JSONEncoder().encode(figures) else {
            throw Fault(.internalError, "the figures of job \(directory.job) cannot be written")
        }
        try directory.save(Frame(data), as: name)
    }
}

/// For how many slots the rounds were cut: units that are taken up must be those of the journal.
private enum PhraseProgress {
    private static let name = "progress"

    static func workers(in directory: JobDirectory) -> Int? {
        guard let frame = directory.load(name),
            let workers = Int(String(decoding: frame.bytes, as: UTF8.self)), workers > 0
        else { return nil }
        return workers
    }

    static func save(workers: Int, in directory: JobDirectory) throws(Fault) {
        try directory.save(Frame(Array("\(workers)".utf8)), as: name)
    }
}
