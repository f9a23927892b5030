// How a training job is cut into partitions and rounds: for the coordinator, and for estimates.

/// Pure arithmetic from a job's settings and the size of its corpus and model.
package struct TrainingPlan {
    package var partitions = 0
    package var rounds = 0
    package var momentum = 0.0
    /// Words that one partition trains in the average round.
    package var wordsPerUnit = 0.0
    package var settings = TrainWords(files: [])
    package var vocabulary = PayloadReference(id: "", size: 0, checksum: 0)
    /// Words kept, and how many of the most frequent ones are averaged in every round.
    private var rows = 0
    private var hotRows = 0
    /// How often each row is updated; nil where that does not follow from the counts of words.
    package private(set) var rates: UpdateRates?
    /// Of each row, the binary logarithm of the rounds from one averaging to the next, rising;
    /// empty without rates.
    private var doublings: [UInt8] = []

    /// Averaging as docs/averaging.md found it best: rounds of a training for each partition, words
    /// of a partition's round, at least; updates of a row by eight or more partitions together from
    /// one averaging to the next, and the binary logarithm of the rounds that it waits at most.
    private static let roundsPerPartition = 26.0
    private static let wordsPerRoundMin = 10_000.0
    private static let updatesWanted = 32.0
    private static let doublingsMax: UInt8 = 5
    /// What one update contracts, as a multiple of the learning rate.
    private static let curvature = 2.0

    package static let empty = TrainingPlan()

    private init() {}

    /// - Parameters:
    ///   - workers: slots that are connected now.
    ///   - words: occurrences of the words that were kept, in one epoch.
    ///   - rows: of the input vectors: words that were kept, and buckets of n-grams.
    ///   - rates: of the rows of both matrices, if each row is a word's.
    package init(
        _ spec: TrainWords, workers: Int, words: Double, rows: Int, rates: UpdateRates?,
        blocks: Int, vocabulary: PayloadReference
    ) {
        let wanted = spec.partitions > 0 ? spec.partitions : spec.deterministic ? 4 : workers
        partitions = max(1, min(wanted, blocks, Limits.partitionsMax))
        self.rows = rows
        self.rates = rates
        self.vocabulary = vocabulary
        // Two partitions differ less than many, and can wait longer.
        hotRows = max(1_024, min(rows * partitions / 32, rows / 8))
        let total = words * Double(spec.epochs) / Double(partitions)
        let perRound =
            spec.wordsPerRound > 0
            ? Double(spec.wordsPerRound)
            : Self.wordsPerRound(total: total, rows: rows, partitions: partitions)
        rounds = Int(min(max(1, (total / perRound).rounded()), 1e6))
        wordsPerUnit = total / Double(rounds)
        if let rates, partitions > 1 {
            doublings = Self.doublings(rates, partitions: partitions, wordsPerUnit: wordsPerUnit)
        }
        momentum = spec.momentum >= 0 ? spec.momentum : 1 - 1 / Double(partitions)
        settings = spec
        // Units carry the corpus beside the settings; the list of files need not travel twice.
        settings.files = []
        settings.probes = nil
    }

    /// What a round brings to a hot row is whole only after about N rounds, the time of its
    /// momentum: of R rounds of N partitions that is the share N / R of the training, so R is a
    /// multiple of N, whatever the size of the corpus. With one partition nothing is averaged and a
    /// round is only the time between two checkpoints: half a minute or so.
    private static func wordsPerRound(total: Double, rows: Int, partitions: Int) -> Double {
        if partitions == 1 { return min(max(50_000, 3_000 * Double(rows)), 2e8) }
        return max(wordsPerRoundMin, total / (roundsPerPartition * Double(partitions)))
    }

    /// How many of the most frequent rows are averaged after a round: all of them after the last,
    /// else those whose turn it is. A row's turn comes after every round, or every second, fourth
    /// and so on, so that rare words are not sent more often than they are trained.
    ///
    /// A worker that trains several partitions by turns cannot keep what each left: then, and where
    /// a unit's result must depend on the parameters alone, all rows are due. They are with
    /// n-grams, too, whose rows come after those of all words however frequent they are.
    package func rowsDue(_ round: Int, workers: Int) -> Int {
        guard round < rounds - 1, hasTurns(workers: workers) else { return rows }
        let zeros = (round + 1).trailingZeroBitCount
        guard !doublings.isEmpty else {
            return zeros >= 40 ? rows : min(rows, hotRows << zeros)
        }
        var (low, high) = (0, doublings.count)
        while low < high {
            let middle = (low + high) / 2
            if Int(doublings[middle]) <= zeros { low = middle + 1 } else { high = middle }
        }
        return low
    }

    private func hasTurns(workers: Int) -> Bool {
        partitions > 1 && workers >= partitions && !settings.deterministic
            && settings.subwords == nil
    }

    private static func doublings(
        _ rates: UpdateRates, partitions: Int, wordsPerUnit: Double
    ) -> [UInt8] {
        let words = wordsPerUnit * Double(partitions)
        // Two partitions differ less than many, and can wait longer.
        let few = max(1, 8 / Double(partitions))
        let wanted = updatesWanted * few
        var least: UInt8 = 0
        return (0..<rates.rows).map { row in
            let updates = rates.mean(row) * words
            // Rising, so that the rows that are due are always the first so many.
            while least < doublingsMax, updates * Double(2 << Int(least)) <= wanted { least += 1 }
            return least
        }
    }

    /// Updates of a row by one partition from the averaging before to that after `round`, when it
    /// has `rate` for each word.
    package func updates(_ row: Int, rate: Float, round: Int, workers: Int) -> Float {
        let turns = hasTurns(workers: workers) ? Float(1 << Int(doublings[row])) : 1
        return rate * Float(words(of: round)) * turns
    }

    /// What one update contracts in `round`: a multiple of the learning rate.
    package func contraction(_ round: Int) -> Double {
        Self.curvature * settings.alpha * max(1e-4, 1 - course.done(after: round + 1))
    }

    /// Words that one partition trains in `round`.
    package func words(of round: Int) -> Double {
        wordsPerUnit * Double(rounds) * course.share(of: round)
    }

    private var course: TrainingCourse { TrainingCourse(count: rounds, partitions: partitions) }

    package func encoding(_ partition: Int, of corpus: Corpus) -> EncodeWords {
        EncodeWords(
            corpus: corpus, partition: partition, partitions: partitions, seed: settings.seed,
            vocabulary: vocabulary)
    }
}

extension Corpus {
    package var byteCount: Int { files.reduce(0) { $0 + $1.size } }

    /// Every file begins a new block.
    package var blockCount: Int {
        files.reduce(0) { $0 + ($1.size + blockBytes - 1) / blockBytes }
    }

    /// The round that counts the words of all blocks.
    package func counting(workers: Int) -> Round {
        let units = countingRanges(workers: workers).enumerated().map { index, blocks in
            WorkUnit(
                task: .countWords(CountWords(corpus: self, blocks: blocks)),
                affinity: index, work: Double(blocks.count * blockBytes))
        }
        return Round(stage: "counting", index: 0, count: 1, units: units, keepsOutputs: true)
    }

    /// Consecutive blocks of about equal size: enough ranges that a slow worker holds nobody up,
    /// few enough that merging their tables stays cheap.
    ///
    /// - Parameter rangeBytes: bounds the memory that a range takes to count.
    package func countingRanges(workers: Int, rangeBytes: Int = 256 << 20) -> [Range<Int>] {
        let blocks = blockCount
        guard blocks > 0 else { return [] }
        let wanted = max(workers, (byteCount + rangeBytes - 1) / rangeBytes)
        let count = min(blocks, wanted, Limits.unitsPerRoundMax)
        return (0..<count).map { blocks * $0 / count..<blocks * ($0 + 1) / count }
    }
}
