// Training GloVe: count words, encode, count pairs, then rounds over blocks of their matrix.

import Protocol
import Transport

/// The rounds of one GloVe job. See ARCHITECTURE.md, "the life of a GloVe job".
final class TrainGloVeProgram: JobProgram {
    static let pairing = "pairing"
    private let job: JobID
    private let spec: TrainGloVe
    private let directory: JobDirectory
    private let payloads: PayloadTable
    private let rounds: TrainingRounds
    private var progress: TrainingProgress
    private var corpus: Corpus?
    private var vocabulary: VocabularyReduction?
    private var plan: GloVePlan?
    private var shards: [PairShard] = []

    init(spec: TrainGloVe, directory: JobDirectory, payloads: PayloadTable) {
        job = directory.job
        self.spec = spec
        self.directory = directory
        self.payloads = payloads
        rounds = TrainingRounds(directory: directory, payloads: payloads)
        progress = TrainingProgress(job: job, workers: 1)
    }

    func plan(workers: Int) throws(Fault) -> Step {
        let corpus = try CorpusFiles(job: job, payloads: payloads).open(spec.files)
        self.corpus = corpus
        if let known = TrainingProgress(in: directory) {
            progress = known
            if let step = try goOn(corpus) { return step }
        } else {
            progress = TrainingProgress(job: job, workers: workers)
            try progress.save(in: directory)
        }
        return .round(
            corpus.counting(workers: progress.countingWorkers),
            measures: ["corpusBytes": Double(corpus.byteCount)])
    }

    /// Takes the job up where an earlier process left it; nil if that was before the vocabulary.
    private func goOn(_ corpus: Corpus) throws(Fault) -> Step? {
        guard let workers = progress.trainingWorkers,
            let saved = directory.load(TrainingProgress.vocabularyName)
        else { return nil }
        let vocabulary = try VocabularyReduction(saved: saved, corpusWords: progress.corpusWords)
        begin(vocabulary, of: corpus, workers: workers)
        guard let kept = PairsReduction(directory: directory).kept, kept.count == plan?.parts
        else {
            // Workers that have not encoded their pieces do so now.
            return try pairing()
        }
        shards = kept
        let columns = GloVeModel.columns(dimension: spec.dimension)
        guard let count = plan?.rounds(pairs: pairs),
            let round = rounds.restore(model: progress.model, rounds: count, columns: columns)
        else { return try training(0, step: nil) }
        return try training(round, step: nil)
    }

    private var pairs: Int { shards.reduce(0) { $0 + $1.pairs } }

    func check(_ outputs: [Frame], of stage: String) throws(Fault) {
        switch stage {
        case "counting": try OutputCheck.counts(try outputs.output(0, of: 1))
        case "encoding": break
        case Self.pairing:
            try PairsReduction.check(
                try outputs.output(0, of: 1), vocabulary: vocabulary?.count ?? 0,
                parts: plan?.parts ?? 0, isSymmetric: spec.symmetric)
        default:
            let shape = (
                rows: vocabulary?.count ?? 0, dim: GloVeModel.columns(dimension: spec.dimension)
            )
            try OutputCheck.change(try outputs.output(0, of: 2), of: shape, "the word change")
            try OutputCheck.change(try outputs.output(1, of: 2), of: shape, "the context change")
        }
    }

    func reduce(_ round: Round, outputs: RoundOutputs, workers: Int) throws(Fault) -> Step {
        let gone = (0..<outputs.count).filter { outputs.frames(of: $0) == nil }
        if !gone.isEmpty { return .repeated(gone) }
        switch round.stage {
        case "counting": return try encoding(outputs.all.frames, workers: workers)
        case "encoding": return try pairing()
        case Self.pairing:
            shards = try PairsReduction(directory: directory)
                .write(outputs, parts: plan?.parts ?? 1)
            guard pairs > 0 else {
                throw Fault(
                    .data,
                    "no two words of the corpus stand in one line within the window; name "
                        + "a text with sentences, or widen --window")
            }
            return try training(0, step: nil)
        default:
            let next = round.index + 1
            let step = try rounds.step(outputs.all.frames, next: next == round.count ? nil : next)
            return next == round.count ? .completed(try result()) : try training(next, step: step)
        }
    }

    // MARK: - Counting → encoding → pairing

    private func encoding(_ outputs: [[Frame]], workers: Int) throws(Fault) -> Step {
        guard let corpus else { throw Fault(.internalError, "job \(job) lost its corpus") }
        var tables: [Frame] = []
        for unit in outputs { tables.append(try unit.output(0, of: 1)) }
        let vocabulary = try VocabularyReduction(
            tables, minimumCount: spec.minimumCount, limit: spec.vocabularyMax)
        try directory.save(vocabulary.payload, as: TrainingProgress.vocabularyName)
        progress.trainingWorkers = workers
        progress.corpusWords = vocabulary.corpusWords
        try progress.save(in: directory)
        begin(vocabulary, of: corpus, workers: workers)
        let units = pieces(of: corpus).map { piece in
            WorkUnit(
                task: .encodeWords(piece), affinity: piece.partition,
                work: Double(corpus.byteCount) / Double(piece.partitions))
        }
        return .round(
            Round(stage: "encoding", index: 0, count: 1, units: units, keepsOutputs: true),
            measures: [
                "vocabulary": Double(vocabulary.count), "corpusWords": vocabulary.corpusWords,
                "keptWords": vocabulary.keptWords, "dimension": Double(spec.dimension),
                "overlongTokens": vocabulary.overlongTokens,
                "replacedTokens": vocabulary.replacedTokens,
            ])
    }

    private func begin(_ vocabulary: VocabularyReduction, of corpus: Corpus, workers: Int) {
        self.vocabulary = vocabulary
        vocabularyReference = payloads.bulk.offer(
            id: "\(job)/vocabulary", frame: vocabulary.payload, checksum: nil)
        plan = GloVePlan(
            spec, workers: workers, corpusBytes: corpus.byteCount, blocks: corpus.blockCount)
    }

    private var vocabularyReference: PayloadReference?

    private func pieces(of corpus: Corpus) -> [EncodeWords] {
        guard let plan, let vocabularyReference else { return [] }
        return (0..<plan.pieces).map { piece in
            EncodeWords(
                corpus: corpus, partition: piece, partitions: plan.pieces, seed: spec.seed,
                vocabulary: vocabularyReference)
        }
    }

    private func pairing() throws(Fault) -> Step {
        guard let corpus, let plan, let vocabulary else {
            throw Fault(.internalError, "job \(job) lost its corpus")
        }
        let units = pieces(of: corpus).map { piece in
            WorkUnit(
                task: .countPairs(
                    CountPairs(
                        encoding: piece, window: spec.window, symmetric: spec.symmetric,
                        blocks: plan.partitions, memoryMebibytes: spec.memoryMebibytes)),
                affinity: piece.partition, work: vocabulary.keptWords / Double(piece.partitions))
        }
        return .round(
            Round(stage: Self.pairing, index: 0, count: 1, units: units, keepsOutputs: true),
            measures: [:])
    }

    // MARK: - Pairing → training → the finished model

    func prepare() throws(Fault) {
        guard rounds.current != nil, let vocabulary else { return }
        try rounds.prepare(model: progress.model) { () throws(Fault) in
            try GloVeModel(rows: vocabulary.count, dimension: spec.dimension, seed: spec.seed)
                .average()
        }
    }

    private func training(_ index: Int, step: ModelPayloads?) throws(Fault) -> Step {
        guard let plan, let vocabulary else {
            throw Fault(.internalError, "job \(job) lost its vocabulary")
        }
        let count = plan.rounds(pairs: pairs)
        let whole = rounds.begin(index)
        let slices = plan.slices(pairs: pairs)
        let units = try (0..<plan.partitions).map { partition throws(Fault) in
            let contexts = plan.contexts(of: partition, round: index)
            let shard = shards[plan.part(partition, contexts)]
            let unit = TrainGloVeUnit(
                pairs: try offer(shard), partition: partition, contexts: contexts,
                partitions: plan.partitions, vocabulary: vocabulary.count,
                settings: plan.settings, slice: index / plan.partitions % slices, slices: slices,
                round: index, rounds: count, model: progress.model, step: step, whole: whole)
            return WorkUnit(
                task: .trainGloVe(unit), affinity: partition,
                work: Double(shard.pairs) / Double(slices))
        }
        return .round(
            Round(stage: "training", index: index, count: count, units: units),
            measures: ["pairs": Double(pairs)])
    }

    private func offer(_ shard: PairShard) throws(Fault) -> PayloadReference {
        let offered = try payloads.bulk.offer(
            id: "\(job)/corpus/\(shard.name)", file: directory.path(of: shard.name),
            size: shard.size, staysOpen: false)
        return PayloadReference(id: offered.id, size: shard.size, checksum: shard.checksum)
    }

    private func result() throws(Fault) -> JobResult {
        guard let plan, let vocabulary, let average = rounds.average else {
            throw Fault(.internalError, "job \(job) lost its parameters")
        }
        let model = GloVeModel(
            rows: vocabulary.count, dimension: spec.dimension, seed: spec.seed)
        var outputs = [
            try payloads.publish(vocabulary.payload, name: "vocabulary", of: job),
            try payloads.publish(
                try model.vectors(of: average, spec.vectors), name: "input", of: job),
        ]
        if spec.keepsOutputs {
            outputs.append(
                try payloads.publish(try model.contexts(of: average), name: "output", of: job))
        }
        return JobResult(
            outputs: outputs,
            measures: [
                "vocabulary": Double(vocabulary.count), "dimension": Double(spec.dimension),
                "rounds": Double(plan.rounds(pairs: pairs)), "pairs": Double(pairs),
                "partitions": Double(plan.partitions),
            ])
    }
}
