// The job that trains word vectors: skip-gram or CBOW, words alone or with their subwords.

/// A model of the word2vec family over a corpus, averaged over partitions between rounds.
public struct TrainWords: Hashable, Sendable, Codable {
    /// What predicts what: a centre each of its context words, or all of these the centre.
    public enum Architecture: String, Sendable, Codable, CaseIterable {
        case skipGram = "skip-gram"
        case cbow
    }

    /// How a word is told from all others: by a few drawn ones, or by a path of decisions.
    public enum Loss: String, Sendable, Codable, CaseIterable {
        case negativeSampling = "negative-sampling"
        case hierarchicalSoftmax = "hierarchical-softmax"
    }

    /// Who averages what the partitions have learned.
    public enum Reduction: String, Sendable, Codable, CaseIterable {
        /// The coordinator.
        case hub
        /// The workers, each its part of the rows.
        case peer
        /// The coordinator where workers are few, or cannot fetch from each other.
        case auto
    }

    /// How the values of changes and steps are written on their way.
    public enum Deltas: String, Sendable, Codable, CaseIterable {
        /// Two bytes each.
        case bf16
        /// One byte each, and a scale for the row.
        case int8
    }

    /// Character n-grams that have vectors of their own, as in fastText.
    public struct Subwords: Hashable, Sendable, Codable {
        public var minimumLength = 3
        public var maximumLength = 6
        /// N-grams share the vectors of so many buckets.
        public var buckets = 2_000_000

        public init() {}
    }

    public var files: [InputFile]
    public var architecture = Architecture.skipGram
    public var loss = Loss.negativeSampling
    /// Nil if words are trained as wholes.
    public var subwords: Subwords?
    public var dimension = 300
    public var window = 5
    public var negative = 5
    public var sample = 1e-4
    public var minimumCount = 5
    /// 0 keeps every word that reaches `minimumCount`.
    public var vocabularyMax = 0
    public var epochs = 5
    public var alpha = 0.05
    public var seed: UInt64 = 1
    /// Parts of the corpus that are trained side by side from the same parameters; 0 lets the
    /// coordinator take one per worker.
    public var partitions = 0
    /// Words a partition trains between two averagings; 0 lets the coordinator choose.
    public var wordsPerRound = 0
    /// Outer Nesterov momentum; negative lets the coordinator choose 1 - 1/partitions.
    public var momentum = -1.0
    /// Nil stands for `.auto`.
    public var reduction: Reduction?
    /// Nil stands for `.bf16`.
    public var deltas: Deltas?
    /// One thread per partition and a fixed order everywhere: bit-identical vectors from the seed.
    public var deterministic = false
    /// Whether the output vectors are to be returned beside the input vectors.
    public var keepsOutputs = false
    /// Words whose neighbours are looked up now and then while the job trains; nil for none.
    public var probes: [String]?
    /// What an earlier training has left for this one to go on from; nil to begin anew.
    public var checkpoint: InputFile?

    public init(files: [InputFile]) { self.files = files }

    /// The first setting that is out of range, as a sentence; nil if all are sound.
    public var complaint: String? {
        files.corpusComplaint ?? checkpoint?.complaint ?? settingsComplaint ?? growthComplaint
    }

    /// Of a job that goes on from a checkpoint.
    private var growthComplaint: String? {
        guard checkpoint != nil else { return nil }
        if loss == .hierarchicalSoftmax {
            return "with --loss hierarchical-softmax a vocabulary cannot grow, because its tree "
                + "would be another one; leave out --continue-from"
        }
        if reduction == .peer {
            return "a job that goes on from a checkpoint is averaged by the coordinator; leave "
                + "out --reduction peer"
        }
        return nil
    }

    /// The same without the files.
    package var settingsComplaint: String? {
        let ranges: [(String, Int, ClosedRange<Int>)] = [
            ("--dim", dimension, 1...Limits.dimensionMax),
            ("--window", window, 1...Limits.windowMax),
            ("--negative", negative, 1...Limits.negativeMax),
            ("--min-count", minimumCount, 1...Int(Int32.max)),
            ("--max-vocabulary", vocabularyMax, 0...Int(Int32.max)),
            ("--epochs", epochs, 1...Limits.epochsMax),
            ("--partitions", partitions, 0...Limits.partitionsMax),
            ("--words-per-round", wordsPerRound, 0...(1 << 50)),
            ("--minn", subwords?.minimumLength ?? 1, 1...Limits.subwordLengthMax),
            ("--maxn", subwords?.maximumLength ?? 1, 1...Limits.subwordLengthMax),
            ("--buckets", subwords?.buckets ?? 1, 1...Limits.subwordBucketsMax),
        ]
        for (flag, value, allowed) in ranges where !allowed.contains(value) {
            return "\(flag) \(value) is out of range; it must lie in "
                + "\(allowed.lowerBound)...\(allowed.upperBound)"
        }
        if !(Float(alpha) > 0 && alpha <= 10) {
            return "--alpha \(alpha) is out of range; it must lie above 0 and be at most 10"
        }
        if !(sample >= 0 && sample <= 1) {
            return "--sample \(sample) is out of range; it must lie in 0...1"
        }
        if let subwords, subwords.minimumLength > subwords.maximumLength {
            return "--minn \(subwords.minimumLength) is above --maxn \(subwords.maximumLength); "
                + "n-grams have at least the first and at most the second number of characters"
        }
        if !(momentum.isFinite && Float(momentum) < 1) {
            return "--momentum \(momentum) is out of range; it must be below 1"
        }
        let probes = probes ?? []
        if probes.count > Limits.probesMax {
            return "\(probes.count) words after --probe exceed the limit of \(Limits.probesMax)"
        }
        if let long = probes.first(where: { $0.utf8.count > Limits.probeBytesMax }) {
            let shown = String(long.prefix(50)).debugDescription
            return "the word \(shown)… after --probe has more than \(Limits.probeBytesMax) bytes"
        }
        return nil
    }
}

extension TrainWords {
    static func knows(_ setting: String) -> Bool {
        CodingKeys(stringValue: setting) != nil
    }
}
