// Training GloVe: count words, encode, count pairs, then rounds over blocks of their matrix.

import Protocol
import Transport

/// The rounds of one GloVe job. See ARCHITECTURE.md, "the life of a GloVe job".
final class TrainGloVeProgram: JobProgram {
    private static let training = "training"
    private let job: JobID
    private let spec: TrainGloVe
    private let payloads: PayloadTable
    private let pairs: PairRounds
    private let rounds: TrainingRounds
    /// As in TrainWordsProgram: a version that workers hold of an earlier life of this process may
    /// be another than ours of the same number.
    private let life = String(UInt32.random(in: 0...UInt32.max), radix: 36)
    private var model: String { "\(pairs.model)#\(life)" }

    init(spec: TrainGloVe, directory: JobDirectory, payloads: PayloadTable) {
        job = directory.job
        self.spec = spec
        self.payloads = payloads
        pairs = PairRounds(
            PairRounds.Settings(
                minimumCount: spec.minimumCount, vocabularyMax: spec.vocabularyMax,
                window: spec.window, memoryMebibytes: spec.memoryMebibytes, seed: spec.seed,
                dimension: spec.dimension, isSymmetric: spec.symmetric,
                blocks: { GloVePlan(spec, workers: $0).partitions }),
            directory: directory, payloads: payloads)
        rounds = TrainingRounds(directory: directory, payloads: payloads)
    }

    /// Of the workers for which the job was cut.
    private var plan: GloVePlan { GloVePlan(spec, workers: pairs.workers) }

    func plan(workers: Int) throws(Fault) -> Step {
        if let step = try pairs.plan(spec.files, workers: workers) { return step }
        let round = rounds.restore(
            model: pairs.model, rounds: plan.rounds(pairs: pairs.pairs),
            columns: GloVeModel.columns(dimension: spec.dimension))
        return try training(round ?? 0, step: nil)
    }

    func check(_ outputs: [Frame], of stage: String) throws(Fault) {
        if try pairs.check(outputs, of: stage) { return }
        let shape = (
            rows: pairs.vocabulary?.count ?? 0, dim: GloVeModel.columns(dimension: spec.dimension)
        )
        try OutputCheck.change(try outputs.output(0, of: 2), of: shape, "the word change")
        try OutputCheck.change(try outputs.output(1, of: 2), of: shape, "the context change")
    }

    func reduce(_ round: Round, outputs: RoundOutputs, workers: Int) throws(Fault) -> Step {
        guard round.stage == Self.training else {
            let step = try pairs.reduce(round, outputs: outputs, workers: workers)
            if let step { return step }
            return try training(0, step: nil)
        }
        let (frames, gone) = outputs.all
        if !gone.isEmpty { return .repeated(gone) }
        let next = round.index + 1
        let step = try rounds.step(frames, next: next == round.count ? nil : next)
        return next == round.count ? .completed(try result()) : try training(next, step: step)
    }

    func prepare() throws(Fault) {
        guard rounds.current != nil, let vocabulary = pairs.vocabulary else { return }
        try rounds.prepare(model: pairs.model) { () throws(Fault) in
            try GloVeModel(rows: vocabulary.count, dimension: spec.dimension, seed: spec.seed)
                .average()
        }
    }

    private func training(_ index: Int, step: ModelPayloads?) throws(Fault) -> Step {
        guard let vocabulary = pairs.vocabulary else {
            throw Fault(.internalError, "job \(job) lost its vocabulary")
        }
        let plan = plan
        let count = plan.rounds(pairs: pairs.pairs)
        let whole = rounds.begin(index)
        let slices = plan.slices(pairs: pairs.pairs)
        let units = try (0..<plan.partitions).map { partition throws(Fault) in
            let contexts = plan.contexts(of: partition, round: index)
            let part = plan.part(partition, contexts)
            let unit = TrainGloVeUnit(
                pairs: try pairs.offer(part), partition: partition, contexts: contexts,
                partitions: plan.partitions, vocabulary: vocabulary.count,
                settings: plan.settings, slice: index / plan.partitions % slices, slices: slices,
                round: index, rounds: count, model: model, step: step, whole: whole)
            return WorkUnit(
                task: .trainGloVe(unit), affinity: partition,
                work: Double(pairs.shards[part].pairs) / Double(slices))
        }
        return .round(
            Round(stage: Self.training, index: index, count: count, units: units),
            measures: ["pairs": Double(pairs.pairs)])
    }

    private func result() throws(Fault) -> JobResult {
        guard let vocabulary = pairs.vocabulary, let average = rounds.average else {
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
                "rounds": Double(plan.rounds(pairs: pairs.pairs)), "pairs": Double(pairs.pairs),
                "partitions": Double(plan.partitions),
            ])
    }
}
