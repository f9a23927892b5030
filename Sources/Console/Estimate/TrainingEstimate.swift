// The arithmetic of an estimate: from settings, a sample and speeds to memory, disk, traffic, time.

import Protocol
import WordVectors

/// The rows of the model and the words that train them.
struct ModelSize {
    let rows: Int
    let keptWords: Double
    let blocks: Int

    /// - Throws: a `Fault` if no word of the corpus would be kept.
    init(_ spec: TrainWords, _ sample: CorpusSample, blocks: Int) throws(Fault) {
        let all = sample.vocabulary(minimum: spec.minimumCount)
        var rows = Int(min(all.rounded(), Double(Int32.max)))
        if spec.vocabularyMax > 0 { rows = min(rows, spec.vocabularyMax) }
        guard rows > 0 else {
            throw Fault(
                .data,
                "no word of the sample occurs \(spec.minimumCount) times; lower --min-count "
                    + "or use a larger corpus")
        }
        self.rows = rows
        keptWords = max(1, sample.occurrences(minimum: spec.minimumCount))
        self.blocks = blocks
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
            spec, workers: workers, words: size.keptWords, rows: size.rows,
            rates: UpdateRates(rows: size.rows, words: size.keptWords, of: spec),
            blocks: size.blocks, vocabulary: PayloadReference(id: "", size: 0, checksum: 0))
        let trained = size.keptWords * Double(spec.epochs)
        corpusBytes = sample.corpusBytes
        sampledBytes = sample.sampledBytes
        exponent = sample.exponent
        corpusWords = sample.words
        keptWords = size.keptWords
        vocabulary = size.rows
        dimension = spec.dimension
        epochs = spec.epochs
        partitions = plan.partitions
        rounds = plan.rounds
        wordsPerRound = plan.wordsPerUnit

        let traffic = Self.traffic(plan, spec, workers: workers)
        bytesSent = traffic.sent
        bytesReceived = traffic.received
        bytesSentPerWord = traffic.sent / trained
        bytesReceivedPerWord = traffic.received / trained

        let memory = ModelMemory(spec, size, sample)
        workerBytes = memory.ofWorker(plan, workers: workers)
        coordinatorBytes = memory.ofCoordinator(plan, workers: workers)
        let results = memory.matrix * (spec.keepsOutputs ? 2 : 1) + memory.words
        diskBytes = memory.ids + Double(expandedBytes) + results
        checkpointBytes = 2 * memory.state(plan)
        outputBytes = Double(size.rows) * (4 * Double(spec.dimension) + sample.wordBytes + 2)

        wordsPerSecond = speeds.words
        secondsCounting = Double(corpusBytes) / speeds.bytesCounted
        secondsEncoding = Double(corpusBytes) / speeds.bytesEncoded
        secondsTraining = trained / speeds.words
        seconds = secondsCounting + secondsEncoding + secondsTraining
    }

    /// What the plan's rounds move if every row that is due has changed.
    private static func traffic(
        _ plan: TrainingPlan, _ spec: TrainWords, workers: Int
    ) -> (sent: Double, received: Double) {
        var sent = 0.0
        var received = 0.0
        for round in 0..<plan.rounds {
            if round > 0 { received = sent }
            sent += ModelMemory.change(plan.rowsDue(round, workers: workers), spec)
        }
        return (sent * Double(plan.partitions), received * Double(plan.partitions))
    }
}

extension TrainingEstimate {
    func show(asJSON: Bool) throws(Fault) {
        if asJSON { return try Terminal.outputJSON(self) }
        lines.forEach(Terminal.output)
    }

    private var lines: [String] {
        let share = 100 * Double(sampledBytes) / Double(max(corpusBytes, 1))
        return Table.lines([
            [
                "looked at",
                "\(sampledBytes.asBytes) of \(corpusBytes.asBytes) (\(share.fixed(1)) %)",
            ],
            [
                "vocabulary",
                "about \(Double(vocabulary).grouped) words of "
                    + "\(corpusWords.grouped) (Heaps' exponent \(exponent.fixed(2)))",
            ],
            [
                "plan",
                "\(partitions) partition\(partitions == 1 ? "" : "s"), \(rounds) "
                    + "round\(rounds == 1 ? "" : "s") of \(wordsPerRound.grouped) words",
            ],
            ["memory", "\(workerBytes.asBytes) a worker, \(coordinatorBytes.asBytes) coordinator"],
            [
                "disk",
                "\(diskBytes.asBytes) while it runs, \(outputBytes.asBytes) of vectors; "
                    + "\(checkpointBytes.asBytes) of checkpoints on a cluster that stays",
            ],
            [
                "traffic",
                "at most \((bytesSent + bytesReceived).asBytes): "
                    + "\(bytesSentPerWord.fixed(1)) bytes a word up, "
                    + "\(bytesReceivedPerWord.fixed(1)) down",
            ],
            [
                "time",
                "\(seconds.clock) (counting \(secondsCounting.fixed(1)) s, encoding "
                    + "\(secondsEncoding.fixed(1)) s, training \(secondsTraining.fixed(1)) s at "
                    + "\(wordsPerSecond.grouped) words/s), without waiting for averages",
            ],
        ])
    }
}

extension Int {
    fileprivate var asBytes: String { Double(self).asBytes }
}

extension Double {
    fileprivate var asBytes: String { compact + (compact.contains(" ") ? "B" : " B") }
}
