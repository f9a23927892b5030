// Training word vectors: count, encode, then rounds of training with averaging between them.

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
    private var vocabulary: VocabularyReduction?
    private var plan = TrainingPlan.empty
    /// The round of training that runs.
    private var trainingRound: Int?
    private var average: ModelAverage?
    /// Rows averaged after the round that runs, and after the one before.
    private var rowsDue = (now: 0, before: 0)

    init(spec: TrainWords, directory: JobDirectory, payloads: PayloadTable) {
        job = directory.job
        self.spec = spec
        self.directory = directory
        self.payloads = payloads
        corpusFiles = CorpusFiles(job: job, payloads: payloads)
        checkpoints = ModelCheckpoints(directory: directory)
        progress = TrainingProgress(job: job, workers: 1)
    }

    func plan(workers: Int) throws(Fault) -> Step {
        let corpus = try corpusFiles.open(spec.files)
        self.corpus = corpus
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
        let vocabulary = try VocabularyReduction(saved: saved, corpusWords: progress.corpusWords)
        let encoding = encoding(vocabulary, of: corpus, workers: workers)
        guard let (average, mark) = checkpoints.load(), mark.model == progress.model,
            mark.round > 0, mark.round < plan.rounds
        else { return encoding }
        self.average = average
        rowsDue.now = plan.rowsDue(mark.round - 1, workers: workers)
        return try training(mark.round, step: nil, workers: workers)
    }

    func check(_ outputs: [Frame], of stage: String) throws(Fault) {
        switch stage {
        case "counting": try OutputCheck.counts(try outputs.output(0, of: 1))
        case "encoding": break
        default:
            let shape = (rows: vocabulary?.count ?? 0, dim: spec.dimension)
            try OutputCheck.change(try outputs.output(0, of: 2), of: shape, "the input change")
            try OutputCheck.change(try outputs.output(1, of: 2), of: shape, "the output change")
        }
    }

    func reduce(
        _ round: Round, outputs: RoundOutputs, workers: Int
    ) throws(Fault) -> Step {
        let (outputs, gone) = outputs.all
        if !gone.isEmpty { return .repeated(gone) }
        return switch round.stage {
        case "counting": try startEncoding(outputs, workers: workers)
        case "encoding": try training(0, step: nil, workers: workers)
        default: try continueTraining(round, outputs, workers: workers)
        }
    }

    // MARK: - Counting → encoding

    private func counting(_ corpus: Corpus) -> Step {
        let ranges = corpus.countingRanges(workers: progress.countingWorkers)
        let units = ranges.enumerated().map { index, blocks in
            WorkUnit(
                task: .countWords(CountWords(corpus: corpus, blocks: blocks)),
                affinity: index, work: Double(blocks.count * corpus.blockBytes))
        }
        return .round(
            Round(stage: "counting", index: 0, count: 1, units: units, keepsOutputs: true),
            measures: ["corpusBytes": Double(corpus.byteCount)])
    }

    private func startEncoding(
        _ outputs: [[Frame]], workers: Int
    ) throws(Fault) -> Step {
        guard let corpus else { throw Fault(.internalError, "job \(job) lost its corpus") }
        var tables: [Frame] = []
        for unit in outputs { tables.append(try unit.output(0, of: 1)) }
        let vocabulary = try VocabularyReduction(
            tables, minimumCount: spec.minimumCount, limit: spec.vocabularyMax)
        try directory.save(vocabulary.payload, as: TrainingProgress.vocabularyName)
        progress.trainingWorkers = workers
        progress.corpusWords = vocabulary.corpusWords
        try progress.save(in: directory)
        return encoding(vocabulary, of: corpus, workers: workers)
    }

    private func encoding(
        _ vocabulary: VocabularyReduction, of corpus: Corpus, workers: Int
    ) -> Step {
        self.vocabulary = vocabulary
        let reference = payloads.bulk.offer(
            id: "\(job)/vocabulary", frame: vocabulary.payload, checksum: nil)
        plan = TrainingPlan(
            spec, workers: workers, words: vocabulary.keptWords, rows: vocabulary.count,
            blocks: corpus.blockCount, vocabulary: reference)
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
        guard let trainingRound, let vocabulary else { return }
        guard let average else {
            average = try ModelAverage(
                rows: vocabulary.count, dimension: spec.dimension, seed: spec.seed,
                momentum: plan.momentum)
            return
        }
        let began = monotonicMilliseconds()
        guard directory.isDurable, checkpointClock.isDue(now: began) else { return }
        try checkpoints.save(
            average,
            CheckpointMark(
                model: progress.model, round: trainingRound, momentum: plan.momentum,
                columns: spec.dimension))
        checkpointClock.saved(from: began, to: monotonicMilliseconds())
    }

    private func continueTraining(
        _ round: Round, _ units: [[Frame]], workers: Int
    ) throws(Fault) -> Step {
        guard let average else { throw Fault(.internalError, "job \(job) lost its parameters") }
        // The parameters are rewritten in place, so nobody may still be reading them.
        if !payloads.bulk.withdraw(prefix: "\(job)/work/") {
            // A peer that has stopped reading still holds them: it keeps the old ones.
            try average.leaveParameters()
        }
        var inputs: [Frame] = []
        var outputs: [Frame] = []
        for unit in units {
            inputs.append(try unit.output(0, of: 2))
            outputs.append(try unit.output(1, of: 2))
        }
        let merged = try average.step(
            inputs: inputs, outputs: outputs, rows: rowsDue.now)
        let next = round.index + 1
        if next == round.count { return .completed(try result(of: average)) }
        let step = ModelPayloads(
            input: payloads.bulk.offer(
                id: "\(job)/work/\(next)/step/input", frame: merged.input, checksum: nil),
            output: payloads.bulk.offer(
                id: "\(job)/work/\(next)/step/output", frame: merged.output, checksum: nil))
        return try training(next, step: step, workers: workers)
    }

    private func training(
        _ index: Int, step: ModelPayloads?, workers: Int
    ) throws(Fault) -> Step {
        trainingRound = index
        rowsDue = (now: plan.rowsDue(index, workers: workers), before: rowsDue.now)
        guard let corpus else { throw Fault(.internalError, "job \(job) lost its corpus") }
        let whole =
            index == 0 ? nil : average?.offerWhole(id: "\(job)/work/\(index)", payloads.bulk)
        let units = (0..<plan.partitions).map { partition in
            WorkUnit(
                task: .trainWords(
                    TrainWordsUnit(
                        encoding: plan.encoding(partition, of: corpus), settings: plan.settings,
                        round: index, rounds: plan.rounds, model: progress.model,
                        rowsDue: rowsDue.now, rowsDueBefore: rowsDue.before,
                        step: step,
                        whole: whole)),
                affinity: partition, work: plan.wordsPerUnit)
        }
        return .round(
            Round(stage: "training", index: index, count: plan.rounds, units: units), measures: [:])
    }

    private func result(of average: ModelAverage) throws(Fault) -> JobResult {
        guard let vocabulary else { throw Fault(.internalError, "job \(job) lost its vocabulary") }
        var outputs = [
            try payloads.publish(vocabulary.payload, name: "vocabulary", of: job),
            try payloads.publish(average.inputBytes, name: "input", of: job),
        ]
        if spec.keepsOutputs {
            outputs.append(try payloads.publish(average.outputBytes, name: "output", of: job))
        }
        return JobResult(
            outputs: outputs,
            measures: [
                "vocabulary": Double(vocabulary.count), "dimension": Double(spec.dimension),
                "rounds": Double(plan.rounds), "partitions": Double(plan.partitions),
                "momentum": plan.momentum, "wordsPerRound": plan.wordsPerUnit,
            ])
    }
}
