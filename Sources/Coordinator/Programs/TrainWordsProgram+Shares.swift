// Rounds whose reductions the workers share.

import Logging
import Protocol
import Transport

extension TrainWordsProgram {
    func startReducing(
        _ round: Round, _ units: [[Frame]], of all: RoundOutputs
    ) throws(Fault) -> Step {
        guard let corpus, let exchange else {
            throw Fault(.internalError, "job \(job) lost its corpus")
        }
        try shared.take(round, units, all)
        let reducing = try shared.reducing(round) { shard, sources, former in
            ReduceWordsUnit(
                encoding: plan.encoding(shard, of: corpus), settings: plan.settings,
                round: round.index, rounds: plan.rounds, model: model,
                rowsDue: rowsDue.now, workers: rowsDue.workers, shard: shard,
                exchange: exchange, sources: sources, former: former, whole: whole,
                velocities: velocities)
        }
        return .round(reducing, measures: [:])
    }

    func endReducing(
        _ round: Round, _ units: [[Frame]], of all: RoundOutputs, workers: Int
    ) throws(Fault) -> Step {
        var results: [ShardResult] = []
        for (shard, frames) in units.enumerated() {
            let result = try frames.output(0, of: 5).decoded(
                as: ShardResult.self, "the result of a part")
            if let part = result.pieces?.first, part != shard {
                throw Fault(
                    .data, "a worker left part \(part) of a step where part \(shard) was asked for")
            }
            results.append(result)
        }
        let missing = Set(results.flatMap(\.missing))
        if !missing.isEmpty {
            let reason = results.lazy.compactMap(\.reason).first ?? ""
            directory.logger.warning(
                """
                job \(job): partitions \(missing.sorted()) are trained again, because what they \
                had changed is gone: \(reason)
                """)
            record.resume()
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
        let figures = record.end(
            round, shared.outputs(with: all), partitions: plan.partitions, divergence: divergence)
        let next = round.index + 1
        if next == round.count { return .completed(try result(of: average)) }
        let steps = try shared.offer(results, units, for: next)
        return try training(next, step: nil, steps: steps, workers: workers, measures: figures)
    }
}
