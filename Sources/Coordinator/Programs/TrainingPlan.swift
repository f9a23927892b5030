// How a training job is cut into partitions and rounds.

import Protocol

/// Pure arithmetic from a job's settings and the size of its corpus and model.
struct TrainingPlan {
    let partitions: Int
    let rounds: Int
    let momentum: Double
    /// Words that one partition trains in one round.
    let wordsPerUnit: Double
    let settings: TrainWords
    let vocabulary: PayloadReference

    static let empty = TrainingPlan(
        partitions: 0, rounds: 0, momentum: 0, wordsPerUnit: 0, settings: TrainWords(files: []),
        vocabulary: PayloadReference(id: "", size: 0, checksum: 0))

    private init(
        partitions: Int, rounds: Int, momentum: Double, wordsPerUnit: Double,
        settings: TrainWords, vocabulary: PayloadReference
    ) {
        self.partitions = partitions
        self.rounds = rounds
        self.momentum = momentum
        self.wordsPerUnit = wordsPerUnit
        self.settings = settings
        self.vocabulary = vocabulary
    }

    /// - Parameters:
    ///   - words: occurrences of the words that were kept, in one epoch.
    ///   - rows: words that were kept.
    init(
        _ spec: TrainWords, workers: Int, words: Double, rows: Int, blocks: Int,
        vocabulary: PayloadReference
    ) {
        let wanted = spec.partitions > 0 ? spec.partitions : spec.deterministic ? 4 : workers
        let partitions = max(1, min(wanted, blocks, Limits.partitionsMax))
        let total = words * Double(spec.epochs) / Double(partitions)
        let perRound =
            spec.wordsPerRound > 0
            ? Double(spec.wordsPerRound)
            : Self.wordsPerRound(rows: rows, dimension: spec.dimension, partitions: partitions)
        let rounds = Int(min(max(1, (total / perRound).rounded()), 1e6))
        var settings = spec
        // Units carry the layout beside the settings; the list of files need not travel twice.
        settings.files = []
        self.init(
            partitions: partitions, rounds: rounds,
            momentum: spec.momentum >= 0 ? spec.momentum : 1 - 1 / Double(partitions),
            wordsPerUnit: total / Double(rounds), settings: settings, vocabulary: vocabulary)
    }

    /// Averaging costs as many bytes as the model has, training as many operations as there are
    /// words: their ratio is kept, so that averaging takes the same share of every job. With one
    /// partition nothing is averaged and a round is only a checkpoint.
    private static func wordsPerRound(rows: Int, dimension: Int, partitions: Int) -> Double {
        let perRow = partitions == 1 ? 150.0 : 15.0
        return max(50_000, perRow * Double(rows))
    }

    func encoding(_ partition: Int, of corpus: Corpus) -> EncodeWords {
        EncodeWords(
            corpus: corpus, partition: partition, partitions: partitions, seed: settings.seed,
            vocabulary: vocabulary)
    }
}

extension Corpus {
    var byteCount: Int { files.reduce(0) { $0 + $1.size } }

    /// Every file begins a new block.
    var blockCount: Int {
        files.reduce(0) { $0 + ($1.size + blockBytes - 1) / blockBytes }
    }

    /// Consecutive blocks of about equal size: enough ranges that a slow worker holds nobody up,
    /// few enough that merging their tables stays cheap.
    func countingRanges(workers: Int) -> [Range<Int>] {
        let blocks = blockCount
        guard blocks > 0 else { return [] }
        let rangeBytes = 64 << 20
        let wanted = max(workers, (byteCount + rangeBytes - 1) / rangeBytes)
        let count = min(blocks, wanted, Limits.unitsPerRoundMax)
        return (0..<count).map { blocks * $0 / count..<blocks * ($0 + 1) / count }
    }
}
