// Trains a slice of a partition from the parameters of its round, and gives back what changed.

import Protocol
import Transport
import WordJobs
import WordVectors

/// The delta of a unit depends on the parameters, the slice and the seed alone (and with several
/// threads on their race): any worker, any attempt makes an equally good one.
final class TrainWordsRunner: UnitRunner {
    static let kind = "train-words"
    static let kinds = [
        kind, UnitTask.sharedTrainingKind, UnitTask.continuedTrainingKind,
    ]
    private let models: WordModels
    private let bulk: BulkExchange
    /// Nil where other workers cannot fetch from this one.
    private let peers: PeerPlane?
    private var threads: Int { models.threads }

    init(models: WordModels, bulk: BulkExchange, peers: PeerPlane?) {
        self.models = models
        self.bulk = bulk
        self.peers = peers
    }

    func run(_ assignment: Assign, control: RunControl) throws(Fault) -> UnitOutcome {
        guard case .trainWords(let task) = assignment.task else { throw assignment.misplaced }
        do {
            let peers = try peers(for: task)
            let stream = try models.partitions.stream(of: task.encoding, control)
            let trainer = try models.trainer(of: task.encoding, task.settings)
            let replica = try models.replica(of: task.model, trainer)
            let began = monotonicMilliseconds()
            let arrivals = try advance(replica, to: task, control)
            let advanced = monotonicMilliseconds()
            let summary = try train(task, stream, trainer, replica, control)
            try control.check()
            let trained = monotonicMilliseconds()
            let (outputs, sent) = try offer(replica, of: assignment, task, to: peers)
            var outcome = outcome(outputs, summary, sent: sent, received: arrivals.bytes)
            outcome.measures["advanceSeconds"] = Double(advanced - began) / 1_000
            outcome.measures["deltaSeconds"] = Double(monotonicMilliseconds() - trained) / 1_000
            return outcome
        } catch { throw Fault(running: error) }
    }

    private func advance(
        _ replica: ModelReplica, to task: TrainWordsUnit, _ control: RunControl
    ) throws -> Arrivals {
        let arrivals = Arrivals()
        // Renews the lease, and is no visible part of the unit's work.
        control.follow(
            total: Double(Limits.payloadBytesMax), done: { Double(arrivals.bytes) }, halt: {})
        try replica.advance(to: task, from: bulk, peers, counting: arrivals)
        try control.check()
        return arrivals
    }

    /// Nil where the coordinator reduces.
    private func peers(for task: TrainWordsUnit) throws(Fault) -> PeerPlane? {
        guard let exchange = task.exchange else { return nil }
        guard let peers else {
            throw Fault(.usage, "no worker can fetch from this one; start it with --peer")
        }
        try exchange.check()
        try peers.admit(exchange.key)
        peers.forget(before: task.round, of: task.model)
        return peers
    }

    /// What changed: to the coordinator, or in pieces to the workers that reduce their part of it.
    private func offer(
        _ replica: ModelReplica, of assignment: Assign, _ task: TrainWordsUnit,
        to peers: PeerPlane?
    ) throws -> (outputs: [PayloadReference], bytes: Int) {
        guard let peers, let exchange = task.exchange else {
            let outputs = try replica.offerDeltas(
                of: task, on: bulk, prefix: assignment.outputPrefix)
            return (outputs, outputs.reduce(0) { $0 + $1.size })
        }
        let pieces = try replica.offerPieces(
            of: task, shards: exchange.shards, on: peers,
            prefix: peers.prefix(task.model, task.round, assignment))
        let output = try bulk.offer(
            id: assignment.outputPrefix + "/pieces", encoding: pieces)
        return ([output], (pieces.inputSizes + pieces.outputSizes).reduce(output.size, +))
    }

    private func outcome(
        _ outputs: [PayloadReference], _ summary: TrainingSummary, sent: Int, received: Int
    ) -> UnitOutcome {
        UnitOutcome(
            outputs: outputs,
            measures: [
                "words": Double(summary.words), "tokens": Double(summary.trainedTokens),
                "lossSum": summary.lossSum, "lossCount": Double(summary.lossCount),
                "computeSeconds": summary.seconds,
                "bytesSent": Double(sent),
                "bytesReceived": Double(received),
            ])
    }

    private func train(
        _ task: TrainWordsUnit, _ stream: IdStream, _ trainer: WordTrainer,
        _ replica: ModelReplica, _ control: RunControl
    ) throws -> TrainingSummary {
        let passes = TrainingSlice.passes(
            ids: stream.ids.count, epochs: task.settings.epochs, round: task.round,
            of: task.course)
        let training = TrainingControl()
        control.follow(
            total: stream.words(in: task), done: { Double(training.wordsDone) },
            halt: { training.stop() })
        var summary = TrainingSummary()
        for (index, pass) in passes.enumerated() {
            let slices = WordTrainer.slices(
                of: pass.ids, in: stream.ids,
                count: task.settings.deterministic ? 1 : threads)
            let number =
                UInt64(task.round) &* UInt64(Limits.partitionsMax)
                &+ UInt64(task.encoding.partition)
            let part = try trainer.train(
                replica.live, ids: stream.ids, slices: slices, progress: pass.progress,
                stream: number &* 2 &+ UInt64(index), control: training)
            summary.add(part)
        }
        return summary
    }
}

extension IdStream {
    /// Words of one round of `task`, about.
    fileprivate func words(in task: TrainWordsUnit) -> Double {
        Double(wordCount) * Double(task.settings.epochs) * task.course.share(of: task.round)
    }
}

extension TrainWordsUnit {
    fileprivate var course: TrainingCourse {
        TrainingCourse(count: max(rounds, 1), partitions: encoding.partitions)
    }
}

extension TrainingSummary {
    fileprivate mutating func add(_ other: TrainingSummary) {
        words += other.words
        trainedTokens += other.trainedTokens
        lossSum += other.lossSum
        lossCount += other.lossCount
        seconds += other.seconds
    }
}
