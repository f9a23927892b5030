// Reduces one part of the rows of a model: all partitions' changes of it become one step.

import Protocol
import Tensors
import Transport
import WordJobs
import WordVectors

/// The outcome of a unit depends on the parameters and velocities of its version and on the changes
/// alone: any worker makes the same bits, and the coordinator would, too. A worker that reduced the
/// same part in the round before still has both.
final class ReduceWordsRunner: UnitRunner {
    static let kind = UnitTask.reductionKind
    private let models: WordModels
    private let bulk: BulkExchange
    private let peers: PeerPlane
    private var threads: Int { models.threads }
    private var held: [RowShard: ShardOptimizers] = [:]
    private var plan: (task: EncodeWords, settings: TrainWords, workers: Int, plan: TrainingPlan)?

    init(models: WordModels, bulk: BulkExchange, peers: PeerPlane) {
        self.models = models
        self.bulk = bulk
        self.peers = peers
    }

    func run(_ assignment: Assign, control: RunControl) throws(Fault) -> UnitOutcome {
        guard case .reduceWords(let task) = assignment.task else { throw assignment.misplaced }
        do {
            try task.exchange.check()
            let shards = task.exchange.shards
            guard (0..<shards).contains(task.shard), task.encoding.partitions == shards else {
                throw Fault(.data, "part \(task.shard) of \(shards) is refused")
            }
            try peers.admit(task.exchange.key)
            peers.forget(before: task.round, of: task.model)
            held = held.filter { $1.model == task.model && $1.version >= task.round }
            return try reduce(RowShard(task.shard, of: shards), task, assignment, control)
        } catch { throw Fault(running: error) }
    }

    private func reduce(
        _ shard: RowShard, _ task: ReduceWordsUnit, _ assignment: Assign, _ control: RunControl
    ) throws -> UnitOutcome {
        let arrivals = Arrivals()
        // Renews the lease, and is no visible part of the unit's work.
        control.follow(
            total: Double(Limits.payloadBytesMax), done: { Double(arrivals.bytes) }, halt: {})
        let began = monotonicMilliseconds()
        let sources = try bulk.sources(
            task.sources, count: task.encoding.partitions, counting: arrivals)
        let found = peers.gather(sources, counting: arrivals)
        try control.check()
        let gathered = monotonicMilliseconds()
        let pairs = found.compactMap { try? $0.get() }
        guard pairs.count == found.count else {
            return try report(found, assignment, received: arrivals.bytes)
        }
        let optimizers = try optimizers(of: shard, task, arrivals, control)
        let changes = try ShardChanges(pairs, optimizers, task.settings.deltaFormat)
        let (input, output) = try step(optimizers, with: changes, of: shard, task)
        let outputs = try offer(input, output, optimizers, of: shard, task, assignment)
        optimizers.version = task.round + 1
        // Of several attempts at a step one counts.
        optimizers.made = peers.prefix(task.model, task.round + 1, assignment)
        held[shard] = optimizers
        var outcome = UnitOutcome(
            outputs: outputs,
            measures: [
                "bytesReceived": Double(arrivals.bytes),
                "bytesSent": Double(outputs.reduce(0) { $0 + $1.size }),
                "gatherSeconds": Double(gathered - began) / 1_000,
                "reduceSeconds": Double(monotonicMilliseconds() - gathered) / 1_000,
            ])
        changes.addSpread(of: shard, to: &outcome.measures)
        return outcome
    }

    /// Some changes are gone: their partitions have to be trained again before anybody can reduce.
    private func report(
        _ found: [Result<FramePair, Fault>], _ assignment: Assign, received: Int
    ) throws(Fault) -> UnitOutcome {
        var (missing, reason): ([Int], String?) = ([], nil)
        for (partition, result) in found.enumerated() {
            guard case .failure(let fault) = result else { continue }
            missing.append(partition)
            reason = reason ?? fault.message
        }
        let result = ShardResult(missing: missing, reason: reason ?? "unknown")
        let prefix = assignment.outputPrefix
        let nothing = ["input", "output", "input-velocity", "output-velocity"].map {
            bulk.offer(id: "\(prefix)/\($0)", frame: .empty)
        }
        return UnitOutcome(
            outputs: [try bulk.offer(id: prefix + "/result", encoding: result)] + nothing,
            measures: ["bytesReceived": Double(received)])
    }

    private func optimizers(
        of shard: RowShard, _ task: ReduceWordsUnit, _ arrivals: Arrivals, _ control: RunControl
    ) throws -> ShardOptimizers {
        // Whatever fails from here on leaves it of no version.
        if let known = held.removeValue(forKey: shard), known.version == task.round,
            let former = task.former, known.made == former
        {
            return known
        }
        let trainer = try models.trainer(of: task.encoding, task.settings)
        let replica = try models.replica(of: task.model, trainer)
        let source = ModelReplica.Source(bulk: bulk, peers: peers, arrivals: arrivals)
        try replica.advanceBase(
            to: task.round, source, step: nil, whole: task.whole, task.exchange)
        try control.check()
        return try ShardOptimizers(
            shard, of: replica, momentum: try plan(of: task).momentum,
            velocities: task.velocities, source: source)
    }

    private func step(
        _ optimizers: ShardOptimizers, with changes: ShardChanges, of shard: RowShard,
        _ task: ReduceWordsUnit
    ) throws -> (input: RowDelta, output: RowDelta) {
        let shares = try plan(of: task).shares(
            task.round, workers: task.workers, of: shard, due: task.rowsDue)
        let rows = shard.rows(of: task.rowsDue)
        let count = task.encoding.partitions
        let weights = [Float](repeating: 1 / Float(count), count: count)
        return (
            try optimizers.input.step(
                deltas: changes.inputs, weights: weights, rows: rows, shares: shares?.input,
                format: task.settings.deltaFormat, threads: threads),
            try optimizers.output.step(
                deltas: changes.outputs, weights: weights, rows: rows, shares: shares?.output,
                format: task.settings.deltaFormat, threads: threads)
        )
    }

    private func offer(
        _ input: RowDelta, _ output: RowDelta, _ optimizers: ShardOptimizers, of shard: RowShard,
        _ task: ReduceWordsUnit, _ assignment: Assign
    ) throws -> [PayloadReference] {
        // Workers need it in the round that follows.
        let shared = peers.prefix(task.model, task.round + 1, assignment)
        let prefix = assignment.outputPrefix
        var pieces = ShardPieces(endpoint: peers.endpoint, prefix: shared, first: shard.index)
        let frames = (input: Frame(input), output: Frame(output))
        let offered = (
            input: peers.offer(
                id: ShardPieces.id(shared, "input", shard.index), frame: frames.input),
            output: peers.offer(
                id: ShardPieces.id(shared, "output", shard.index), frame: frames.output)
        )
        pieces.add(input: offered.input, output: offered.output)
        return [
            try bulk.offer(id: prefix + "/result", encoding: ShardResult(pieces: pieces)),
            bulk.offer(
                id: prefix + "/input", frame: frames.input, checksum: offered.input.checksum),
            bulk.offer(
                id: prefix + "/output", frame: frames.output, checksum: offered.output.checksum),
            bulk.offer(
                id: prefix + "/input-velocity",
                frame: Frame(try optimizers.input.velocities(after: input.view))),
            bulk.offer(
                id: prefix + "/output-velocity",
                frame: Frame(try optimizers.output.velocities(after: output.view))),
        ]
    }

    /// The plan of the job, as the coordinator has made it.
    private func plan(of task: ReduceWordsUnit) throws -> TrainingPlan {
        if let plan, plan.task == task.encoding, plan.settings == task.settings,
            plan.workers == task.workers
        {
            return plan.plan
        }
        let vocabulary = try models.partitions.vocabulary(of: task.encoding)
        var settings = task.settings
        settings.partitions = task.encoding.partitions
        let counts = vocabulary.counts.map { Double($0) }
        let made = TrainingPlan(
            settings, workers: task.workers, words: counts.reduce(0, +), rows: counts.count,
            rates: UpdateRates(counts: counts, of: settings),
            blocks: task.encoding.corpus.blockCount, vocabulary: task.encoding.vocabulary)
        guard made.rounds == task.rounds, made.partitions == task.encoding.partitions else {
            throw Fault(
                .internalError,
                "a training of \(task.rounds) rounds of \(task.encoding.partitions) "
                    + "partitions is planned as \(made.rounds) of \(made.partitions) here")
        }
        plan = (task.encoding, task.settings, task.workers, made)
        return made
    }
}
