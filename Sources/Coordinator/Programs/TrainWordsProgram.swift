// Training word vectors: count, encode, then rounds of training with averaging between them.

import Protocol
import Transport

/// The rounds of one training job. See ARCHITECTURE.md, "the life of a training job".
final class TrainWordsProgram: JobProgram {
    private let job: JobID
    private let spec: TrainWords
    private let payloads: PayloadTable
    /// Names the parameters: a job that is planned again trains others.
    private let model: String
    private let corpusFiles: CorpusFiles
    private var corpus: Corpus?
    private var vocabulary: VocabularyReduction?
    private var plan = TrainingPlan.empty
    private var isTraining = false
    private var average: ModelAverage?
    /// Rows averaged after the round that runs, and after the one before.
    private var rowsDue = (now: 0, before: 0)

    init(job: JobID, spec: TrainWords, payloads: PayloadTable) {
        self.job = job
        self.spec = spec
        self.payloads = payloads
        model = "\(job)#\(String(UInt64.random(in: 0...UInt64.max), radix: 36))"
        corpusFiles = CorpusFiles(job: job, payloads: payloads)
    }

    func plan(workers: Int) throws(Fault) -> Step {
        let corpus = try corpusFiles.open(spec.files)
        self.corpus = corpus
        let ranges = corpus.countingRanges(workers: workers)
        let units = ranges.enumerated().map { index, blocks in
            WorkUnit(
                task: .countWords(CountWords(corpus: corpus, blocks: blocks)),
                affinity: index, work: Double(blocks.count * corpus.blockBytes))
        }
        return .round(
            Round(stage: "counting", index: 0, count: 1, units: units),
            measures: ["corpusBytes": Double(corpus.byteCount)])
    }

    func reduce(
        _ round: Round, outputs: [[Frame]], workers: Int
    ) throws(Fault) -> Step {
        switch round.stage {
        case "counting": try startEncoding(outputs, workers: workers)
        case "encoding": try startTraining(workers: workers)
        default: try continueTraining(round, outputs, workers: workers)
        }
    }

    // MARK: - Counting → encoding

    private func startEncoding(
        _ outputs: [[Frame]], workers: Int
    ) throws(Fault) -> Step {
        guard let corpus else { throw Fault(.internalError, "job \(job) lost its corpus") }
        var tables: [Frame] = []
        for unit in outputs { tables.append(try unit.output(0, of: 1)) }
        let vocabulary = try VocabularyReduction(
            tables, minimumCount: spec.minimumCount, limit: spec.vocabularyMax)
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
            Round(stage: "encoding", index: 0, count: 1, units: units),
            measures: [
                "vocabulary": Double(vocabulary.count), "corpusWords": vocabulary.corpusWords,
                "keptWords": vocabulary.keptWords, "dimension": Double(spec.dimension),
                "overlongTokens": vocabulary.overlongTokens,
                "replacedTokens": vocabulary.replacedTokens,
            ])
    }

    // MARK: - Encoding → training → the finished model

    private func startTraining(workers: Int) throws(Fault) -> Step {
        isTraining = true
        return try trainingRound(0, step: nil, workers: workers)
    }

    /// The parameters of version 0, which workers make for themselves meanwhile.
    func prepare() throws(Fault) {
        guard isTraining, average == nil, let vocabulary else { return }
        average = try ModelAverage(
            rows: vocabulary.count, dimension: spec.dimension, seed: spec.seed,
            momentum: plan.momentum)
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
        return try trainingRound(next, step: step, workers: workers)
    }

    private func trainingRound(
        _ index: Int, step: ModelPayloads?, workers: Int
    ) throws(Fault) -> Step {
        rowsDue = (now: plan.rowsDue(index, workers: workers), before: rowsDue.now)
        guard let corpus else { throw Fault(.internalError, "job \(job) lost its corpus") }
        let whole =
            index == 0 ? nil : average?.offerWhole(id: "\(job)/work/\(index)", payloads.bulk)
        let units = (0..<plan.partitions).map { partition in
            WorkUnit(
                task: .trainWords(
                    TrainWordsUnit(
                        encoding: plan.encoding(partition, of: corpus), settings: plan.settings,
                        round: index, rounds: plan.rounds, model: model,
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
