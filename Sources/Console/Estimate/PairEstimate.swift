// Estimates of models that are made of pairs of words, and how they are shown.

import Protocol
import WordVectors

/// What GloVe and mutual information have in common.
struct PairEstimate: Encodable {
    let corpusBytes: Int
    let sampledBytes: Int
    /// Exponents of the growth of the vocabulary and of the pairs.
    let exponent: Double
    let pairExponent: Double
    let corpusWords: Double
    let keptWords: Double
    let vocabulary: Int
    let dimension: Int
    /// Different pairs of words; two words in both orders are one.
    let pairs: Double
    var partitions = 1
    var rounds = 1
    /// Updates of GloVe, or positive cells of the matrix that is decomposed.
    var updates: Double?
    var cells: Double?
    var workerBytes = 0.0
    var coordinatorBytes = 0.0
    /// While the job runs: encoded corpus, pairs, expanded files, result in the coordinator's
    /// directory.
    var diskBytes: Double
    /// Of a cluster that stays, for checkpoints.
    var checkpointBytes = 0.0
    var outputBytes: Double
    /// By all workers, the vectors' last journey to the client not included.
    var bytesSent: Double
    var bytesReceived = 0.0
    let secondsCounting: Double
    let secondsEncoding: Double
    let secondsPairing: Double
    /// Or of the decomposition.
    var secondsTraining = 0.0
    var seconds: Double
    /// Of a worker, without what it takes to make vectors.
    private let pairingBytes: Double

    private enum CodingKeys: CodingKey {
        case corpusBytes, sampledBytes, exponent, pairExponent, corpusWords, keptWords, vocabulary
        case dimension, pairs, partitions, rounds, updates, cells, workerBytes, coordinatorBytes
        case diskBytes, checkpointBytes, outputBytes, bytesSent, bytesReceived
        case secondsCounting, secondsEncoding, secondsPairing, secondsTraining, seconds
    }

    /// Looks at the pairs of the sample; what making vectors takes is still to be added.
    static func beginning(
        _ look: Estimation.Look, _ settings: CooccurrenceSettings, minimumCount: Int,
        vocabularyMax: Int, dimension: Int, workers: Int
    ) throws -> (estimate: PairEstimate, sample: PairSample, counting: PairCounting) {
        let words = try look.sample.words(minimumCount: minimumCount, limit: vocabularyMax)
        let sample = try PairSample(look, settings, minimumCount: minimumCount, limit: words)
        let kept = max(1, look.sample.occurrences(minimum: minimumCount))
        let counting = PairCounting(
            sample, keptWords: kept,
            pieces: GloVePlan.pieces(
                workers: workers, corpusBytes: look.sample.corpusBytes,
                blocks: look.layout.blockCount),
            threads: max(1, look.threads / workers), memoryBytes: settings.memoryBytes)
        let estimate = PairEstimate(
            look, sample, counting, vocabulary: words, keptWords: kept, dimension: dimension,
            workers: workers)
        return (estimate, sample, counting)
    }

    private init(
        _ look: Estimation.Look, _ sample: PairSample, _ counting: PairCounting, vocabulary: Int,
        keptWords: Double, dimension: Int, workers: Int
    ) {
        let text = look.sample
        corpusBytes = text.corpusBytes
        sampledBytes = text.sampledBytes
        exponent = text.exponent
        pairExponent = sample.exponent
        corpusWords = text.words
        self.keptWords = keptWords
        self.vocabulary = vocabulary
        self.dimension = dimension
        pairs = counting.pairs
        let ids = 4 * (keptWords + text.sentences)
        let row = 4 * Double((dimension + 15) / 16 * 16)
        let words = text.tableBytes(of: Double(vocabulary))
        diskBytes =
            ids + Double(look.input.expandedBytes) + counting.sentBytes + counting.pairBytes
            + row * Double(vocabulary) + words
        outputBytes = Double(vocabulary) * (4 * Double(dimension) + text.wordBytes + 2)
        bytesSent = counting.sentBytes
        secondsCounting = Double(corpusBytes) / sample.text.bytesCountedPerSecond
        secondsEncoding = Double(corpusBytes) / sample.text.bytesEncodedPerSecond
        secondsPairing = counting.seconds
        seconds = secondsCounting + secondsEncoding + secondsPairing
        let different = text.tableBytes(of: text.different(text.words))
        pairingBytes = max(
            2 * different, 2 * words + (ids + counting.sentBytes) / Double(workers)
                + counting.tableBytes)
        coordinatorBytes =
            ModelMemory.coordinator
            + max(different * Double(workers + 1), counting.sentBytes + counting.pairBytes)
    }

    /// - Parameters:
    ///   - training: bytes of a worker that makes vectors.
    ///   - reducing: bytes of the coordinator meanwhile.
    mutating func add(training: Double, reducing: Double, seconds: Double) {
        workerBytes = ModelMemory.worker + max(pairingBytes, training)
        coordinatorBytes = max(coordinatorBytes, ModelMemory.coordinator + reducing)
        secondsTraining = seconds
        self.seconds += seconds
    }

    func show(asJSON: Bool) throws(Fault) {
        if asJSON { return try Terminal.outputJSON(self) }
        lines.forEach(Terminal.output)
    }

    private var lines: [String] {
        let share = 100 * Double(sampledBytes) / Double(max(corpusBytes, 1))
        let plan = updates.map {
            "\(partitions) partition\(partitions == 1 ? "" : "s"), \(rounds) "
                + "round\(rounds == 1 ? "" : "s"), \($0.grouped) updates"
        }
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
            ["pairs", "about \(pairs.grouped) (exponent \(pairExponent.fixed(2)))"],
            ["plan", plan ?? "one matrix of \((cells ?? 0).grouped) cells"],
            ["memory", "\(workerBytes.asBytes) a worker, \(coordinatorBytes.asBytes) coordinator"],
            [
                "disk",
                "\(diskBytes.asBytes) while it runs, \(outputBytes.asBytes) of vectors; "
                    + "\(checkpointBytes.asBytes) of checkpoints on a cluster that stays",
            ],
            ["traffic", "\(bytesSent.asBytes) up, \(bytesReceived.asBytes) down"],
            [
                "time",
                "\(seconds.clock) (counting \(secondsCounting.fixed(1)) s, encoding "
                    + "\(secondsEncoding.fixed(1)) s, pairing \(secondsPairing.fixed(1)) s, then "
                    + "\(secondsTraining.fixed(1)) s)",
            ],
        ])
    }
}
