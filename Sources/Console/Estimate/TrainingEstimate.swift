// The arithmetic of an estimate: from settings, a sample and speeds to memory, disk, traffic, time.

import Protocol
import Tensors
import WordJobs
import WordVectors

/// The rows of the model and the words that train them.
struct ModelSize {
    /// Words that are kept.
    let words: Int
    /// Nil if words are trained as wholes.
    let subwords: SubwordSample?
    /// Rows of n-grams, behind those of the words.
    let buckets: Int
    let keptWords: Double
    let blocks: Int
    /// Of a row in a change: its number and its values.
    let rowBytes: Double

    var inputRows: Int { words + buckets }

    /// - Throws: a `Fault` if no word of the corpus would be kept.
    init(_ spec: TrainWords, _ sample: CorpusSample, blocks: Int) throws {
        words = try sample.words(minimumCount: spec.minimumCount, limit: spec.vocabularyMax)
        keptWords = max(1, sample.occurrences(minimum: spec.minimumCount))
        self.blocks = blocks
        rowBytes = Double(spec.deltaFormat.rowBytes(spec.dimension))
        subwords = try SubwordSample(spec, sample, words: words)
        buckets = subwords?.buckets(words: words) ?? 0
    }

    /// Bytes of the changes of the first `due` rows of both matrices.
    func change(due: Int = .max) -> Double {
        Double(min(due, inputRows) + min(due, words)) * rowBytes
    }
}

extension CorpusSample {
    /// Words that a vocabulary of the whole corpus has.
    ///
    /// - Throws: a `Fault` if no word of the corpus would be kept.
    func words(minimumCount: Int, limit: Int) throws(Fault) -> Int {
        let all = Int(min(vocabulary(minimum: minimumCount).rounded(), Double(Int32.max)))
        let words = limit > 0 ? min(all, limit) : all
        guard words > 0 else {
            throw Fault(
                .data,
                "no word of the sample occurs \(minimumCount) times; lower --min-count "
                    + "or use a larger corpus")
        }
        return words
    }
}

struct TrainingEstimate: Encodable {
    /// Of this machine, with all threads that the job would use on it.
    struct Speeds {
        var bytesCounted: Double
        var bytesEncoded: Double
        var words: Double
    }

    let corpusBytes: Int
    let sampledBytes: Int
    /// Exponent of the growth of the vocabulary, by Heaps' law.
    let exponent: Double
    let corpusWords: Double
    let keptWords: Double
    let vocabulary: Int
    /// Rows of n-grams; 0 without them.
    let buckets: Int
    let dimension: Int
    let epochs: Int
    let partitions: Int
    let rounds: Int
    let wordsPerRound: Double
    let workerBytes: Double
    let coordinatorBytes: Double
    /// While the job runs: encoded corpus, expanded files, result in the coordinator's directory.
    let diskBytes: Double
    /// Of a cluster that stays, for checkpoints.
    let checkpointBytes: Double
    let outputBytes: Double
    /// By all workers, the vectors' last journey to the client not included.
    let bytesSent: Double
    let bytesReceived: Double
    let bytesSentPerWord: Double
    let bytesReceivedPerWord: Double
    let wordsPerSecond: Double
    let secondsCounting: Double
    let secondsEncoding: Double
    let secondsTraining: Double
    let seconds: Double

    init(
        _ spec: TrainWords, _ size: ModelSize, _ sample: CorpusSample, workers: Int,
        speeds: Speeds, expandedBytes: Int
    ) {
        let plan = TrainingPlan(
            spec, workers: workers, words: size.keptWords, rows: size.inputRows,
            rates: UpdateRates(rows: size.words, words: size.keptWords, of: spec),
            blocks: size.blocks, vocabulary: PayloadReference(id: "", size: 0, checksum: 0))
        let trained = size.keptWords * Double(spec.epochs)
        corpusBytes = sample.corpusBytes
        sampledBytes = sample.sampledBytes
        exponent = sample.exponent
        corpusWords = sample.words
        keptWords = size.keptWords
        vocabulary = size.words
        buckets = size.buckets
        dimension = spec.dimension
        epochs = spec.epochs
        partitions = plan.partitions
        rounds = plan.rounds
        wordsPerRound = plan.wordsPerUnit

        let traffic = Self.traffic(plan, size, workers: workers)
        bytesSent = traffic.sent
        bytesReceived = traffic.received
        bytesSentPerWord = traffic.sent / trained
        bytesReceivedPerWord = traffic.received / trained

        let memory = ModelMemory(spec, size, sample)
        workerBytes = memory.ofWorker(plan, workers: workers)
        coordinatorBytes = memory.ofCoordinator(plan, workers: workers)
        let results = memory.input + (spec.keepsOutputs ? memory.output : 0) + memory.words
        diskBytes = memory.ids + Double(expandedBytes) + results
        checkpointBytes = 2 * memory.state(plan)
        // A fastText .bin has a row for every bucket, and the outputs.
        let rows = size.words + (spec.subwords.map { $0.buckets + size.words } ?? 0)
        outputBytes =
            4 * Double(spec.dimension) * Double(rows) + Double(size.words) * (sample.wordBytes + 2)

        wordsPerSecond = speeds.words
        secondsCounting = Double(corpusBytes) / speeds.bytesCounted
        secondsEncoding = Double(corpusBytes) / speeds.bytesEncoded
        secondsTraining = trained / speeds.words
        seconds = secondsCounting + secondsEncoding + secondsTraining
    }

    /// What the plan's rounds move if every row that is due has changed; of n-grams, those that
    /// occur in a round.
    private static func traffic(
        _ plan: TrainingPlan, _ size: ModelSize, workers: Int
    ) -> (sent: Double, received: Double) {
        var sent = 0.0
        var received = 0.0
        let parts = Double(plan.partitions)
        for round in 0..<plan.rounds {
            let all = size.change(due: plan.rowsDue(round, workers: workers))
            let words = plan.words(of: round)
            sent += all - size.unchanged(after: words) * size.rowBytes
            // No step follows the last round.
            guard round < plan.rounds - 1 else { continue }
            received += all - size.unchanged(after: words * parts) * size.rowBytes
        }
        return (sent * parts, received * parts)
    }
}
