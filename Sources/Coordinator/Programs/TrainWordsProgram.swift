// Training word vectors: count, encode, then rounds of training with averaging between them.

import FoundationEssentials
import Logging
import Protocol
import Transport

/// The rounds of one training job. See ARCHITECTURE.md, "the life of a training job".
final class TrainWordsProgram: JobProgram {
    private let job: JobID
    private let spec: TrainWords
    private let directory: JobDirectory
    private let payloads: PayloadTable
    private let corpusFiles: CorpusFiles
    private var checkpoints: ModelCheckpoints
    private var checkpointClock = CheckpointClock(now: monotonicMilliseconds())
    private var progress: TrainingProgress
    private var corpus: Corpus?
    private var earlier: EarlierModel?
    private var vocabulary: VocabularyReduction?
    private var shape: ModelShape?
    private var plan = TrainingPlan.empty
    /// The round of training that runs.
    private var trainingRound: Int?
    private var average: ModelAverage?
    /// Rows averaged after the round that runs, and after the one before.
    private var rowsDue = (now: 0, before: 0)
    private var record: TrainingRecord
    private let shared: SharedRounds
    /// A version that workers hold of an earlier life of this process may be another than ours of
    /// the same number: rounds that were not saved run again.
    private let life = String(UInt32.random(in: 0...UInt32.max), radix: 36)
    private var model: String { "\(progress.model)#\(life)" }
    /// The reductions of the round that runs, if workers share them.
    private var exchange: Exchange?
    private var whole: ModelPayloads?
    private var velocities: ModelPayloads?
    private var probes = ProbeWords([], in: Frame([]))

    init(spec: TrainWords, directory: JobDirectory, payloads: PayloadTable) {
        job = directory.job
        self.spec = spec
        self.directory = directory
        self.payloads = payloads
        corpusFiles = CorpusFiles(job: job, payloads: payloads)
        checkpoints = ModelCheckpoints(directory: directory)
        progress = TrainingProgress(job: job, workers: 1)
        record = TrainingRecord(directory: directory, spec: spec)
        shared = SharedRounds(job: job, spec: spec, payloads: payloads)
    }

    func plan(workers: Int) throws(Fault) -> Step {
        let corpus = try corpusFiles.open(spec.files)
        self.corpus = corpus
        earlier = try EarlierModel(of: spec, corpusFiles)
        if let known = TrainingProgress(in: directory) {
            progress = known
            if let step = try goOn(corpus) { return step }
        } else {
            progress = TrainingProgress(job: job, workers: workers)
            try progress.save(in: directory)
        }
        return counting(corpus)
    }

    /// Takes the job up where an earlier process left it; nil if that was before the vocabulary.
    private func goOn(_ corpus: Corpus) throws(Fault) -> Step? {
        guard let workers = progress.trainingWorkers,
            let saved = directory.load(TrainingProgress.vocabularyName)
        else { return nil }
        let vocabulary = try VocabularyReduction(
            saved: saved, corpusWords: progress.corpusWords, earlier: earlier)
        let encoding = try encoding(vocabulary, of: corpus, workers: workers)
        guard let (average, mark) = checkpoints.load(), mark.model == progress.model,
            mark.round > 0, mark.round < plan.rounds
        else { return encoding }
        self.average = average
        record.load(before: mark.round)
        rowsDue.now = plan.rowsDue(mark.round - 1, workers: workers)
        return try training(mark.round, step: nil, workers: workers)
    }

    func check(_ outputs: [Frame], of stage: String) throws(Fault) {
        switch stage {
        case "counting": try OutputCheck.counts(try outputs.output(0, of: 1))
        case "encoding": break
        default:
            try checkTraining(outputs)
        }
    }

    /// Of a unit that trained, for the coordinator or for other workers, or that reduced a part.
    private func checkTraining(_ outputs: [Frame]) throws(Fault) {
        let (dim, deltas) = (spec.dimension, spec.deltas)
        let shapes = (input: (shape?.inputRows ?? 0, dim), output: (shape?.outputRows ?? 0, dim))
        switch outputs.count {
        case 1:
            let pieces = try outputs[0].decoded(as: ShardPieces.self, "where pieces are")
            if let complaint = pieces.complaint(shards: plan.partitions) {
                throw Fault(.data, "what is said of pieces is refused: \(complaint)")
            }
        case 5: try OutputCheck.part(outputs, of: shapes, as: deltas, parts: plan.partitions)
        default:
            try OutputCheck.change(
                try outputs.output(0, of: 2), of: shapes.input, as: deltas, "the input change")
            try OutputCheck.change(
                try outputs.output(1, of: 2), of: shapes.output, as: deltas, "the output change")
        }
    }

    func reduce(
        _ round: Round, outputs: RoundOutputs, workers: Int
    ) throws(Fault) -> Step {
        let (frames, gone) = outputs.all
        if !gone.isEmpty { return .repeated(gone) }
        return switch round.stage {
        case "counting": try startEncoding(frames, workers: workers)
        case "encoding": try training(0, step: nil, workers: workers)
        default:
            switch round.units.first?.task.kind {
            case UnitTask.sharedTrainingKind:
                try startReducing(round, frames, of: outputs, workers: workers)
            case UnitTask.reductionKind:
                try endReducing(round, frames, of: outputs, workers: workers)
            default: try continueTraining(round, frames, of: outputs, workers: workers)
            }
        }
    }

    // MARK: - Counting → encoding

    private func counting(_ corpus: Corpus) -> Step {
        .round(
            corpus.counting(workers: progress.countingWorkers),
            measures: ["corpusBytes": Double(corpus.byteCount)])
    }

    private func startEncoding(
        _ outputs: [[Frame]], workers: Int
    ) throws(Fault) -> Step {
        guard let corpus else { throw Fault(.internalError, "job \(job) lost its corpus") }
        var tables: [Frame] = []
        for unit in outputs { tables.append(try unit.output(0, of: 1)) }
        let vocabulary = try VocabularyReduction(
            tables, minimumCount: spec.minimumCount, limit: spec.vocabularyMax,
            earlier: earlier)
        try directory.save(vocabulary.payload, as: TrainingProgress.vocabularyName)
        progress.trainingWorkers = workers
        progress.corpusWords = vocabulary.corpusWords
        try progress.save(in: directory)
        return try encoding(vocabulary, of: corpus, workers: workers)
    }

    private func encoding(
        _ vocabulary: VocabularyReduction, of corpus: Corpus, workers: Int
    ) throws(Fault) -> Step {
        let shape = try ModelShape(spec, vocabulary)
        self.vocabulary = vocabulary
        self.shape = shape
        probes = ProbeWords(spec.probes ?? [], in: vocabulary.payload)
        let reference = payloads.bulk.offer(
            id: "\(job)/vocabulary", frame: vocabulary.payload, checksum: nil)
        plan = TrainingPlan(
            spec, workers: workers, words: vocabulary.keptWords, rows: shape.inputRows,
            rates: vocabulary.rates(of: spec), blocks: corpus.blockCount,
            vocabulary: reference)
        let units = (0..<plan.partitions).map { partition in
            WorkUnit(
                task: .encodeWords(plan.encoding(partition, of: corpus)),
                affinity: partition, work: Double(corpus.byteCount) / Double(plan.partitions))
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

    // MARK: - Encoding → training → the finished model

    /// The parameters of version 0, which workers make for themselves meanwhile, or a checkpoint of
    /// those that the round began with: nobody changes them before it ends.
    func prepare() throws(Fault) {
        guard let trainingRound else { return }
        guard let average else {
            average = try beginning()
            return
        }
        try probe(average, at: trainingRound)
        let began = monotonicMilliseconds()
        guard directory.isDurable, checkpointClock.isDue(now: began) else { return }
        try record.save()
        try checkpoints.save(
            average,
            CheckpointMark(
                model: progress.model, round: trainingRound, momentum: plan.momentum,
                columns: spec.dimension))
        checkpointClock.saved(from: began, to: monotonicMilliseconds())
    }

    private func beginning() throws(Fault) -> ModelAverage {
        guard let shape, let vocabulary else {
            throw Fault(.internalError, "job \(job) lost its vocabulary")
        }
        return try shape.begin(momentum: plan.momentum, from: earlier, vocabulary)
    }

    private func continueTraining(
        _ round: Round, _ units: [[Frame]], of all: RoundOutputs, workers: Int
    ) throws(Fault) -> Step {
        let average = try writableAverage()
        var inputs: [Frame] = []
        var outputs: [Frame] = []
        for unit in units {
            inputs.append(try unit.output(0, of: 2))
            outputs.append(try unit.output(1, of: 2))
        }
        let merged = try average.step(
            inputs: inputs, outputs: outputs, rows: rowsDue.now, of: plan, round: round.index,
            workers: workers)
        let figures = record.end(round, all, divergence: average.divergence(inputs))
        let next = round.index + 1
        if next == round.count { return .completed(try result(of: average)) }
        let step = ModelPayloads(
            input: payloads.bulk.offer(
                id: "\(job)/work/\(next)/step/input", frame: merged.input, checksum: nil),
            output: payloads.bulk.offer(
                id: "\(job)/work/\(next)/step/output", frame: merged.output, checksum: nil))
        return try training(next, step: step, workers: workers, measures: figures)
    }

    /// The parameters are rewritten in place, so nobody may still be reading them.
    private func writableAverage() throws(Fault) -> ModelAverage {
        guard let average else { throw Fault(.internalError, "job \(job) lost its parameters") }
        if !payloads.bulk.withdraw(prefix: "\(job)/work/") {
            // A peer that has stopped reading still holds them: it keeps the old ones.
            try average.leaveParameters()
        }
        return average
    }

    // MARK: - Reductions that workers share

    private func startReducing(
        _ round: Round, _ units: [[Frame]], of all: RoundOutputs, workers: Int
    ) throws(Fault) -> Step {
        guard let corpus, let exchange else {
            throw Fault(.internalError, "job \(job) lost its corpus")
        }
        try shared.take(round, units, all)
        let reducing = try shared.reducing(round) { shard, sources, former in
            ReduceWordsUnit(
                encoding: plan.encoding(shard, of: corpus), settings: plan.settings,
                round: round.index, rounds: plan.rounds, model: model,
                rowsDue: rowsDue.now, workers: workers, shard: shard, exchange: exchange,
                sources: sources, former: former, whole: whole, velocities: velocities)
        }
        return .round(reducing, measures: [:])
    }

    private func endReducing(
        _ round: Round, _ units: [[Frame]], of all: RoundOutputs, workers: Int
    ) throws(Fault) -> Step {
        var results: [ShardResult] = []
        for frames in units {
            results.append(
                try frames.output(0, of: 5).decoded(as: ShardResult.self, "the result of a part"))
        }
        let missing = Set(results.flatMap(\.missing))
        if !missing.isEmpty {
            let reason = results.lazy.compactMap(\.reason).first ?? ""
            directory.logger.warning(
                """
                job \(job): partitions \(missing.sorted()) are trained again, because what they \
                had changed is gone: \(reason)
                """)
            if let again = shared.retraining(missing, in: round) {
                return .round(again, measures: [:])
            }
            directory.logger.error(
                "job \(job) goes on without shared reductions: workers do not reach each other")
            return try training(round.index, step: nil, workers: workers, isRepeated: true)
        }
        let average = try writableAverage()
        try average.adopt(units, rows: rowsDue.now)
        let divergence = average.divergence(
            ofSum: all.sum(of: "spreadOfSum"), ofEach: all.sum(of: "spreadOfEach"),
            partitions: plan.partitions)
        let figures = record.end(round, shared.outputs(with: all), divergence: divergence)
        let next = round.index + 1
        if next == round.count { return .completed(try result(of: average)) }
        let steps = try shared.offer(results, units, for: next)
        return try training(next, step: nil, steps: steps, workers: workers, measures: figures)
    }

    /// Looks up the words that are watched, if it is time, in the parameters of the round.
    private func probe(_ average: ModelAverage, at round: Int) throws(Fault) {
        guard record.isProbed(round, of: plan.rounds) else { return }
        let found = try average.neighbours(of: probes, at: round)
        record.add(found, unknown: probes.unknown, at: round)
    }

    private func training(
        _ index: Int, step: ModelPayloads?, steps: SharedRounds.Steps? = nil, workers: Int,
        measures: [String: Double] = [:], isRepeated: Bool = false
    ) throws(Fault) -> Step {
        trainingRound = index
        if !isRepeated {
            record.beginRound()
            rowsDue = (now: plan.rowsDue(index, workers: workers), before: rowsDue.now)
        }
        guard let corpus else { throw Fault(.internalError, "job \(job) lost its corpus") }
        let id = "\(job)/work/\(index)"
        // Of these workers could not make version 0 for themselves.
        if earlier != nil, average == nil { average = try beginning() }
        whole =
            index == 0 && earlier == nil ? nil : average?.offerWhole(id: id, payloads.bulk)
        let isShared = try shared.areUsed(
            in: index, partitions: plan.partitions, workers: workers)
        exchange = isShared ? shared.exchange(partitions: plan.partitions, steps: steps) : nil
        velocities =
            index == 0 || !isShared ? nil : average?.offerVelocities(id: id, payloads.bulk)
        let units = (0..<plan.partitions).map { partition in
            WorkUnit(
                task: .trainWords(
                    TrainWordsUnit(
                        encoding: plan.encoding(partition, of: corpus), settings: plan.settings,
                        round: index, rounds: plan.rounds, model: model,
                        rowsDue: rowsDue.now, rowsDueBefore: rowsDue.before,
                        step: step, whole: whole, exchange: exchange)),
                affinity: partition, work: plan.words(of: index))
        }
        shared.begin(units)
        return .round(
            Round(stage: "training", index: index, count: plan.rounds, units: units),
            measures: measures)
    }

    private func result(of average: ModelAverage) throws(Fault) -> JobResult {
        guard let vocabulary else { throw Fault(.internalError, "job \(job) lost its vocabulary") }
        try probe(average, at: plan.rounds)
        var outputs = [
            try payloads.publish(vocabulary.payload, name: "vocabulary", of: job),
            try payloads.publish(average.inputBytes, name: "input", of: job),
            try payloads.publish(try plan.settings.payload, name: "settings", of: job),
        ]
        if spec.keepsOutputs {
            outputs.append(try payloads.publish(average.outputBytes, name: "output", of: job))
        }
        outputs.append(try payloads.publish(try record.payload(), name: "history", of: job))
        return JobResult(
            outputs: outputs,
            measures: [
                "vocabulary": Double(vocabulary.count), "dimension": Double(spec.dimension),
                "rounds": Double(plan.rounds), "partitions": Double(plan.partitions),
                "momentum": plan.momentum, "wordsPerRound": plan.wordsPerUnit,
                "buckets": Double(spec.subwords?.buckets ?? 0),
                "newWords": Double(vocabulary.count - (earlier?.count ?? 0)),
            ])
    }
}

extension TrainWords {
    /// What the vectors were trained with; whoever writes them needs it.
    fileprivate var payload: Frame {
        get throws(Fault) {
            guard let data = try? JSONEncoder().encode(self) else {
                throw Fault(.internalError, "the settings of a job cannot be written")
            }
            return Frame(data)
        }
    }
}
