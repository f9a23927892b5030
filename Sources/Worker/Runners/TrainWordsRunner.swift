// Trains a slice of a partition from the parameters of its round, and gives back what changed.

import Protocol
import Transport
import WordJobs
import WordVectors

/// The delta of a unit depends on the parameters, the slice and the seed alone (and with several
/// threads on their race): any worker, any attempt makes an equally good one.
final class TrainWordsRunner: UnitRunner {
    static let kind = "train-words"
    private let partitions: Partitions
    private let bulk: BulkExchange
    private let threads: Int
    private var replica: ModelReplica?
    private var trainer: (task: EncodeWords, settings: TrainWords, trainer: WordTrainer)?

    init(partitions: Partitions, bulk: BulkExchange, threads: Int) {
        self.partitions = partitions
        self.bulk = bulk
        self.threads = threads
    }

    func run(_ assignment: Assign, control: RunControl) throws(Fault) -> UnitOutcome {
        guard case .trainWords(let task) = assignment.task else { throw assignment.misplaced }
        do {
            let stream = try partitions.stream(of: task.encoding, control)
            let trainer = try trainer(for: task)
            let replica = try replica(for: task, of: trainer)
            let began = monotonicMilliseconds()
            let arrivals = try advance(replica, to: task, control)
            let advanced = monotonicMilliseconds()
            let summary = try train(task, stream, trainer, replica, control)
            try control.check()
            let trained = monotonicMilliseconds()
            let outputs = try replica.offerDeltas(
                of: task, on: bulk, prefix: assignment.outputPrefix)
            var outcome = outcome(outputs, summary, received: arrivals.bytes)
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
        try replica.advance(to: task, from: bulk, counting: arrivals)
        try control.check()
        return arrivals
    }

    private func outcome(
        _ outputs: [PayloadReference], _ summary: TrainingSummary, received: Int
    ) -> UnitOutcome {
        UnitOutcome(
            outputs: outputs,
            measures: [
                "words": Double(summary.words), "tokens": Double(summary.trainedTokens),
                "lossSum": summary.lossSum, "lossCount": Double(summary.lossCount),
                "computeSeconds": summary.seconds,
                "bytesSent": Double(outputs.reduce(0) { $0 + $1.size }),
                "bytesReceived": Double(received),
            ])
    }

    private func trainer(for task: TrainWordsUnit) throws -> WordTrainer {
        if let trainer, trainer.task.vocabulary == task.encoding.vocabulary,
            trainer.settings == task.settings
        {
            return trainer.trainer
        }
        // The tables of another job go before those of this one come.
        trainer = nil
        let vocabulary = try partitions.vocabulary(of: task.encoding)
        let made = try WordTrainer(
            settings: task.settings.trainingSettings(),
            counts: vocabulary.counts.map { Int($0) },
            subwords: task.settings.subwordTable(of: vocabulary))
        trainer = (task.encoding, task.settings, made)
        return made
    }

    private func replica(for task: TrainWordsUnit, of trainer: WordTrainer) throws -> ModelReplica {
        if let replica, replica.model == task.model { return replica }
        // The matrices of another job go before those of this one come.
        replica = nil
        let settings = trainer.settings
        let hasSubwords = trainer.subwords != nil
        let base = try WordParameters(
            settings: settings, vocabulary: trainer.vocabulary, subwords: trainer.subwords,
            threads: threads)
        let made = try ModelReplica(
            model: task.model, beginning: base, threads: threads
        ) { [threads] base in
            base.begin(settings: settings, hasSubwords: hasSubwords, threads: threads)
        }
        replica = made
        return made
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
