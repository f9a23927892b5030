// Training word vectors: count, encode, then rounds of training with averaging between them.

import Protocol
import Transport

/// The rounds of one training job. See ARCHITECTURE.md, "the life of a training job".
final class TrainWordsProgram: JobProgram {
    let job: JobID
    let spec: TrainWords
    let directory: JobDirectory
    let payloads: PayloadTable
    private let corpusFiles: CorpusFiles
    var checkpoints: ModelCheckpoints
    var checkpointClock = CheckpointClock(now: monotonicMilliseconds())
    var progress: TrainingProgress
    var corpus: Corpus?
    var earlier: EarlierModel?
    var vocabulary: VocabularyReduction?
    var shape: ModelShape?
    var plan = TrainingPlan.empty
    /// The round of training that runs.
    var trainingRound: Int?
    var average: ModelAverage?
    /// Rows averaged after the round that runs, and after the one before; and the slots that the
    /// former is reckoned for. Workers come and go meanwhile, and which rows take which share has
    /// to follow from the same number as which rows are due.
    var rowsDue = (now: 0, before: 0, workers: 1)
    var record: TrainingRecord
    let shared: SharedRounds
    /// A version that workers hold of an earlier life of this process may be another than ours of
    /// the same number: rounds that were not saved run again.
    private let life = String(UInt32.random(in: 0...UInt32.max), radix: 36)
    var model: String { "\(progress.model)#\(life)" }
    /// The reductions of the round that runs, if workers share them.
    var exchange: Exchange?
    var whole: ModelPayloads?
    var velocities: ModelPayloads?
    var probes = ProbeWords([], in: Frame([]))

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
        guard let (average, mark) = checkpoints.load(of: progress.model),
            mark.round > 0, mark.round < plan.rounds,
            average.has(shape)
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
        case 5:
            try OutputCheck.part(
                outputs, of: shapes, as: deltas, parts: plan.partitions, moves: plan.momentum > 0)
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
        default: try reduceTraining(round, frames, of: outputs, workers: workers)
        }
    }

    private func reduceTraining(
        _ round: Round, _ frames: [[Frame]], of outputs: RoundOutputs, workers: Int
    ) throws(Fault) -> Step {
        record.pause(at: outputs.doneMilliseconds)
        return switch round.units.first?.task.kind {
        case UnitTask.sharedTrainingKind: try startReducing(round, frames, of: outputs)
        case UnitTask.reductionKind:
            try endReducing(round, frames, of: outputs, workers: workers)
        default: try continueTraining(round, frames, of: outputs, workers: workers)
        }
    }
}
