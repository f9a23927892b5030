// How a training job is cut into partitions and rounds.

import Protocol

/// Pure arithmetic from a job's settings and the size of its corpus and model.
struct TrainingPlan {
    var partitions = 0
    var rounds = 0
    var momentum = 0.0
    /// Words that one partition trains in one round.
    var wordsPerUnit = 0.0
    var settings = TrainWords(files: [])
    var vocabulary = PayloadReference(id: "", size: 0, checksum: 0)
    /// Words kept, and how many of the most frequent ones are averaged in every round.
    private var rows = 0
    private var hotRows = 0

    static let empty = TrainingPlan()

    private init() {}

    /// - Parameters:
    ///   - workers: slots that are connected now.
    ///   - words: occurrences of the words that were kept, in one epoch.
    ///   - rows: words that were kept.
    init(
        _ spec: TrainWords, workers: Int, words: Double, rows: Int, blocks: Int,
        vocabulary: PayloadReference
    ) {
        let wanted = spec.partitions > 0 ? spec.partitions : spec.deterministic ? 4 : workers
        partitions = max(1, min(wanted, blocks, Limits.partitionsMax))
        self.rows = rows
        self.vocabulary = vocabulary
        // Two partitions differ less than many, and can wait longer.
        hotRows = max(1_024, min(rows * partitions / 32, rows / 8))
        let total = words * Double(spec.epochs) / Double(partitions)
        let perRound =
            spec.wordsPerRound > 0
            ? Double(spec.wordsPerRound)
            : Self.wordsPerRound(rows: rows, partitions: partitions)
        rounds = Int(min(max(1, (total / perRound).rounded()), 1e6))
        wordsPerUnit = total / Double(rounds)
        momentum = spec.momentum >= 0 ? spec.momentum : 1 - 1 / Double(partitions)
        settings = spec
        // Units carry the corpus beside the settings; the list of files need not travel twice.
        settings.files = []
    }

    /// Averaging costs as much as the model is large, training as much as there are words: their
    /// ratio is kept, so that averaging takes the same share of every job. The more partitions,
    /// the sooner they must meet. With one partition nothing is averaged and a round is only the
    /// time between two checkpoints: half a minute or so.
    private static func wordsPerRound(rows: Int, partitions: Int) -> Double {
        if partitions == 1 { return min(max(50_000, 3_000 * Double(rows)), 2e8) }
        return max(50_000, 30 * Double(rows) / Double(partitions))
    }

    /// How many of the most frequent rows are averaged after a round: all of them after the last,
    /// else twice as many after every second round, four times as many after every fourth, and so
    /// on. A word's row is averaged about as often as the word is trained, and the average round
    /// costs a quarter of one that averages everything.
    ///
    /// A worker that trains several partitions by turns cannot keep what each left: then, and where
    /// a unit's result must depend on the parameters alone, all rows are due.
    func rowsDue(_ round: Int, workers: Int) -> Int {
        guard round < rounds - 1, partitions > 1, workers >= partitions, !settings.deterministic
        else { return rows }
        let doublings = (round + 1).trailingZeroBitCount
        return doublings >= 40 ? rows : min(rows, hotRows << doublings)
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
        let rangeBytes = 256 << 20
        let wanted = max(workers, (byteCount + rangeBytes - 1) / rangeBytes)
        let count = min(blocks, wanted, Limits.unitsPerRoundMax)
        return (0..<count).map { blocks * $0 / count..<blocks * ($0 + 1) / count }
    }
}
