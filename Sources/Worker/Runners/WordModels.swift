// The trainer and the parameters of the word vectors that this worker trains, for all runners.

import Protocol
import Transport
import WordJobs
import WordVectors

/// Of one job at a time: what another one left goes before this one's comes. Used by the compute
/// thread alone.
final class WordModels {
    let partitions: Partitions
    let threads: Int
    private var replica: ModelReplica?
    private var trainer: (task: EncodeWords, settings: TrainWords, trainer: WordTrainer)?

    init(partitions: Partitions, threads: Int) {
        self.partitions = partitions
        self.threads = threads
    }

    func trainer(of encoding: EncodeWords, _ settings: TrainWords) throws -> WordTrainer {
        if let trainer, trainer.task.vocabulary == encoding.vocabulary,
            trainer.settings == settings
        {
            return trainer.trainer
        }
        // The tables of another job go before those of this one come.
        trainer = nil
        let vocabulary = try partitions.vocabulary(of: encoding)
        let made = try WordTrainer(
            settings: settings.trainingSettings(),
            counts: vocabulary.counts.map { Int($0) },
            subwords: settings.subwordTable(of: vocabulary))
        trainer = (encoding, settings, made)
        return made
    }

    func replica(of model: String, _ trainer: WordTrainer) throws -> ModelReplica {
        if let replica, replica.model == model { return replica }
        // The matrices of another job go before those of this one come.
        replica = nil
        let settings = trainer.settings
        let hasSubwords = trainer.subwords != nil
        let base = try WordParameters(
            settings: settings, vocabulary: trainer.vocabulary, subwords: trainer.subwords,
            threads: threads)
        let made = try ModelReplica(
            model: model, beginning: base, threads: threads
        ) { [threads] base in
            base.begin(settings: settings, hasSubwords: hasSubwords, threads: threads)
        }
        replica = made
        return made
    }
}
