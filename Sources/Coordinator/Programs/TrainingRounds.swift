// Rounds of training that end in a step of all: parameters, offers to workers, checkpoints.

import Protocol
import Transport

/// The parameters between the rounds of a program.
final class TrainingRounds {
    private(set) var average: ModelAverage?
    /// The round that runs.
    private(set) var current: Int?
    private let job: JobID
    private let directory: JobDirectory
    private let payloads: PayloadTable
    private var checkpoints: ModelCheckpoints
    private var clock = CheckpointClock(now: monotonicMilliseconds())

    init(directory: JobDirectory, payloads: PayloadTable) {
        job = directory.job
        self.directory = directory
        self.payloads = payloads
        checkpoints = ModelCheckpoints(directory: directory)
    }

    /// Takes up the newest checkpoint of `model`.
    ///
    /// - Returns: the round that starts from it; nil if there is none, and training begins anew.
    func restore(model: String, rounds: Int, columns: Int) -> Int? {
        guard let (average, mark) = checkpoints.load(of: model), mark.round > 0,
            mark.round < rounds, mark.columns == columns
        else { return nil }
        self.average = average
        return mark.round
    }

    /// Says that round `index` runs from here on.
    ///
    /// - Returns: the whole parameters of its version, for workers that lack the one before; nil in
    ///   round 0, where the seed says all.
    func begin(_ index: Int) -> ModelPayloads? {
        current = index
        return index == 0 ? nil : average?.offerWhole(id: "\(job)/work/\(index)", payloads.bulk)
    }

    /// Version 0 of the parameters while the first round runs, or a checkpoint of those that the
    /// round began with, if one is due.
    func prepare(model: String, _ first: () throws(Fault) -> ModelAverage) throws(Fault) {
        guard let current else { return }
        guard let average else {
            average = try first()
            return
        }
        let began = monotonicMilliseconds()
        guard directory.isDurable, clock.isDue(now: began) else { return }
        try checkpoints.save(
            average,
            CheckpointMark(
                model: model, round: current, momentum: average.momentum,
                columns: average.columns))
        clock.saved(from: began, to: monotonicMilliseconds())
    }

    /// Adds up the units' changes, which are of different rows.
    ///
    /// - Parameter next: the round to offer the step for; nil after the last.
    func step(_ units: [[Frame]], next: Int?) throws(Fault) -> ModelPayloads? {
        guard let average else { throw Fault(.internalError, "job \(job) lost its parameters") }
        // The parameters are rewritten in place, so nobody may still be reading them.
        if !payloads.bulk.withdraw(prefix: "\(job)/work/") {
            // A peer that has stopped reading still holds them: it keeps the old ones.
            try average.leaveParameters()
        }
        var (inputs, outputs): ([Frame], [Frame]) = ([], [])
        for unit in units {
            inputs.append(try unit.output(0, of: 2))
            outputs.append(try unit.output(1, of: 2))
        }
        let merged = try average.step(
            inputs: inputs, outputs: outputs, rows: average.rows, weight: 1)
        guard let next else { return nil }
        return ModelPayloads(
            input: payloads.bulk.offer(
                id: "\(job)/work/\(next)/step/input", frame: merged.input, checksum: nil),
            output: payloads.bulk.offer(
                id: "\(job)/work/\(next)/step/output", frame: merged.output, checksum: nil))
    }
}
