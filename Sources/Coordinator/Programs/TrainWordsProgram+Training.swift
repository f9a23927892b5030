// Rounds of training with averaging between them, up to the finished model.

import FoundationEssentials
import Protocol
import Transport

extension TrainWordsProgram {
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

    func beginning() throws(Fault) -> ModelAverage {
        guard let shape, let vocabulary else {
            throw Fault(.internalError, "job \(job) lost its vocabulary")
        }
        return try shape.begin(momentum: plan.momentum, from: earlier, vocabulary)
    }

    func continueTraining(
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
            workers: rowsDue.workers)
        let figures = record.end(
            round, all, partitions: plan.partitions, divergence: average.divergence(inputs))
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
    func writableAverage() throws(Fault) -> ModelAverage {
        guard let average else { throw Fault(.internalError, "job \(job) lost its parameters") }
        if !payloads.bulk.withdraw(prefix: "\(job)/work/") {
            // A peer that has stopped reading still holds them: it keeps the old ones.
            try average.leaveParameters()
        }
        return average
    }

    /// Looks up the words that are watched, if it is time, in the parameters of the round.
    func probe(_ average: ModelAverage, at round: Int) throws(Fault) {
        guard record.isProbed(round, of: plan.rounds) else { return }
        let found = try average.neighbours(of: probes, at: round)
        record.add(found, unknown: probes.unknown, at: round)
    }

    func training(
        _ index: Int, step: ModelPayloads?, steps: SharedRounds.Steps? = nil, workers: Int,
        measures: [String: Double] = [:], isRepeated: Bool = false
    ) throws(Fault) -> Step {
        trainingRound = index
        if !isRepeated {
            record.beginRound()
            rowsDue = (
                now: plan.rowsDue(index, workers: workers), before: rowsDue.now, workers: workers
            )
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

    func result(of average: ModelAverage) throws(Fault) -> JobResult {
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
                "secondsReducing": record.history.secondsReducing,
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
