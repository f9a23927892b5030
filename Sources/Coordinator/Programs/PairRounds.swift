// The rounds from a text to counts of pairs: count words, encode, count pairs.

import Protocol
import Transport

/// What a program that works on pairs begins with. Each of these is taken up again where an earlier
/// process left it.
final class PairRounds {
    struct Settings {
        var minimumCount: Int
        var vocabularyMax: Int
        var window: Int
        var memoryMebibytes: Int
        var seed: UInt64
        var dimension: Int
        /// Whether a pair stands for both orders of its words.
        var isSymmetric = true
        /// Blocks that words are dealt to when so many workers are there; a part of the pairs for
        /// every two of them.
        var blocks: (_ workers: Int) -> Int = { _ in 1 }
    }

    static let pairing = "pairing"
    /// Known from the end of counting on.
    private(set) var vocabulary: VocabularyReduction?
    /// The workers for which all that follows counting is cut, known from its end on.
    private(set) var workers = 0
    /// Known from the end of pairing on.
    private(set) var shards: [PairShard] = []
    private let job: JobID
    private let settings: Settings
    private let directory: JobDirectory
    private let payloads: PayloadTable
    private var progress: TrainingProgress
    private var corpus: Corpus?
    private var pieces: [EncodeWords] = []

    init(_ settings: Settings, directory: JobDirectory, payloads: PayloadTable) {
        job = directory.job
        self.settings = settings
        self.directory = directory
        self.payloads = payloads
        progress = TrainingProgress(job: job, workers: 1)
    }

    var pairs: Int { shards.reduce(0) { $0 + $1.pairs } }
    /// Names what is made of them among those of other jobs.
    var model: String { progress.model }
    private var blocks: Int { settings.blocks(workers) }
    private var parts: Int { GloVePlan.parts(blocks: blocks) }

    /// - Returns: the round to go on with; nil when the pairs are there.
    func plan(_ files: [InputFile], workers: Int) throws(Fault) -> Step? {
        let corpus = try CorpusFiles(job: job, payloads: payloads).open(files)
        self.corpus = corpus
        if let known = TrainingProgress(in: directory) {
            progress = known
            if let workers = progress.trainingWorkers,
                let saved = directory.load(TrainingProgress.vocabularyName)
            {
                begin(
                    try VocabularyReduction(saved: saved, corpusWords: progress.corpusWords),
                    of: corpus, workers: workers)
                shards = PairsReduction(directory: directory).kept ?? []
                // Workers that have not encoded their pieces do so now.
                return shards.count == parts ? nil : counting()
            }
        } else {
            progress = TrainingProgress(job: job, workers: workers)
            try progress.save(in: directory)
        }
        return .round(
            corpus.counting(workers: progress.countingWorkers),
            measures: ["corpusBytes": Double(corpus.byteCount)])
    }

    /// - Returns: whether `stage` is one of these rounds; then what a unit left is sound.
    func check(_ outputs: [Frame], of stage: String) throws(Fault) -> Bool {
        switch stage {
        case "counting": try OutputCheck.counts(try outputs.output(0, of: 1))
        case "encoding": break
        case Self.pairing:
            try PairsReduction.check(
                try outputs.output(0, of: 1), vocabulary: vocabulary?.count ?? 0,
                parts: parts, isSymmetric: settings.isSymmetric)
        default: return false
        }
        return true
    }

    /// - Returns: what follows; nil when the pairs are there.
    func reduce(_ round: Round, outputs: RoundOutputs, workers: Int) throws(Fault) -> Step? {
        let gone = (0..<outputs.count).filter { outputs.frames(of: $0) == nil }
        if !gone.isEmpty { return .repeated(gone) }
        switch round.stage {
        case "counting": return try encoding(outputs.all.frames, workers: workers)
        case "encoding": return counting()
        default:
            shards = try PairsReduction(directory: directory).write(outputs, parts: parts)
            guard pairs > 0 else {
                throw Fault(
                    .data,
                    "no two words of the corpus stand in one line within the window; name "
                        + "a text with sentences, or widen --window")
            }
            return nil
        }
    }

    /// A part of the pairs, offered to workers.
    func offer(_ part: Int) throws(Fault) -> PayloadReference {
        let shard = shards[part]
        let id = "\(job)/corpus/pairs/\(part)"
        _ = try payloads.bulk.offer(
            id: id, file: directory.path(of: shard.name), size: shard.size, staysOpen: false)
        return PayloadReference(id: id, size: shard.size, checksum: shard.checksum)
    }

    private func encoding(_ outputs: [[Frame]], workers: Int) throws(Fault) -> Step {
        guard let corpus else { throw Fault(.internalError, "job \(job) lost its corpus") }
        var tables: [Frame] = []
        for unit in outputs { tables.append(try unit.output(0, of: 1)) }
        let vocabulary = try VocabularyReduction(
            tables, minimumCount: settings.minimumCount, limit: settings.vocabularyMax)
        try directory.save(vocabulary.payload, as: TrainingProgress.vocabularyName)
        progress.trainingWorkers = workers
        progress.corpusWords = vocabulary.corpusWords
        try progress.save(in: directory)
        begin(vocabulary, of: corpus, workers: workers)
        let units = pieces.map { piece in
            WorkUnit(
                task: .encodeWords(piece), affinity: piece.partition,
                work: Double(corpus.byteCount) / Double(piece.partitions))
        }
        return .round(
            Round(stage: "encoding", index: 0, count: 1, units: units, keepsOutputs: true),
            measures: [
                "vocabulary": Double(vocabulary.count), "corpusWords": vocabulary.corpusWords,
                "keptWords": vocabulary.keptWords, "dimension": Double(settings.dimension),
                "overlongTokens": vocabulary.overlongTokens,
                "replacedTokens": vocabulary.replacedTokens,
            ])
    }

    private func begin(_ vocabulary: VocabularyReduction, of corpus: Corpus, workers: Int) {
        self.vocabulary = vocabulary
        self.workers = workers
        let reference = payloads.bulk.offer(
            id: "\(job)/vocabulary", frame: vocabulary.payload, checksum: nil)
        let count = GloVePlan.pieces(
            workers: workers, corpusBytes: corpus.byteCount, blocks: corpus.blockCount)
        pieces = (0..<count).map { piece in
            EncodeWords(
                corpus: corpus, partition: piece, partitions: count, seed: settings.seed,
                vocabulary: reference)
        }
    }

    private func counting() -> Step {
        let units = pieces.map { piece in
            WorkUnit(
                task: .countPairs(
                    CountPairs(
                        encoding: piece, window: settings.window,
                        symmetric: settings.isSymmetric, blocks: blocks,
                        memoryMebibytes: settings.memoryMebibytes)),
                affinity: piece.partition,
                work: (vocabulary?.keptWords ?? 0) / Double(piece.partitions))
        }
        return .round(
            Round(stage: Self.pairing, index: 0, count: 1, units: units, keepsOutputs: true),
            measures: [:])
    }
}
