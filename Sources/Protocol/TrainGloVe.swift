// GloVe: what a client asks for, and the units that count pairs and train on them.

/// Vectors fitted to the logarithms of counts of pairs (Pennington et al. 2014). Units of a round
/// train blocks of the matrix of counts that have no row and no column in common.
public struct TrainGloVe: Hashable, Sendable, Codable {
    /// What is returned as the vectors.
    public enum Vectors: String, Hashable, Sendable, Codable, CaseIterable {
        /// Word and context vectors added up, which the authors found best.
        case sum
        case words
    }

    public var files: [InputFile]
    public var dimension = 100
    public var window = 15
    /// Whether both sides of a word are its context; if not, what stands left of it.
    public var symmetric = true
    public var xMax = 100.0
    public var power = 0.75
    public var minimumCount = 5
    /// 0 keeps every word that reaches `minimumCount`.
    public var vocabularyMax = 0
    /// Passes over the pairs.
    public var epochs = 25
    public var eta = 0.05
    public var seed: UInt64 = 1
    /// Blocks of words that are trained side by side; 0 lets the coordinator take one per worker.
    public var partitions = 0
    /// Mebibytes that a worker counts pairs in; what does not fit goes through its cache directory.
    public var memoryMebibytes = 512
    /// One thread per partition and a fixed order everywhere: bit-identical vectors from the seed.
    public var deterministic = false
    public var vectors = Vectors.sum
    /// Whether the context vectors are to be returned as well.
    public var keepsOutputs = false

    public init(files: [InputFile]) { self.files = files }

    /// The first setting that is out of range, as a sentence; nil if all are sound.
    public var complaint: String? {
        if let complaint = files.corpusComplaint { return complaint }
        let ranges: [(String, Int, ClosedRange<Int>)] = [
            ("--dim", dimension, 1...Limits.dimensionMax),
            ("--window", window, 1...Limits.windowMax),
            ("--min-count", minimumCount, 1...Int(Int32.max)),
            ("--max-vocabulary", vocabularyMax, 0...Int(Int32.max)),
            ("--epochs", epochs, 1...Limits.epochsMax),
            ("--partitions", partitions, 0...Limits.blocksMax),
            ("--memory", memoryMebibytes, 16...(1 << 20)),
        ]
        for (flag, value, allowed) in ranges where !allowed.contains(value) {
            return "\(flag) \(value) is out of range; it must lie in "
                + "\(allowed.lowerBound)...\(allowed.upperBound)"
        }
        if !(Float(xMax) > 0 && xMax <= 1e9) {
            return "--x-max \(xMax) is out of range; it must lie above 0 and be at most 1e9"
        }
        if !(power >= 0 && power <= 4) {
            return "--power \(power) is out of range; it must lie in 0...4"
        }
        if !(Float(eta) > 0 && eta <= 1) {
            return "--eta \(eta) is out of range; it must lie above 0 and be at most 1"
        }
        return nil
    }

    static func knows(_ setting: String) -> Bool { CodingKeys(stringValue: setting) != nil }
}

/// Count the pairs of one piece of the corpus; the output is one table of pairs, a part for every
/// two of `blocks` blocks of words.
public struct CountPairs: Hashable, Sendable, Codable {
    /// The piece: pieces are cut and encoded like partitions, but are not those that are trained.
    public let encoding: EncodeWords
    public let window: Int
    public let symmetric: Bool
    public let blocks: Int
    public let memoryMebibytes: Int

    public init(
        encoding: EncodeWords, window: Int, symmetric: Bool, blocks: Int, memoryMebibytes: Int
    ) {
        self.encoding = encoding
        self.window = window
        self.symmetric = symmetric
        self.blocks = blocks
        self.memoryMebibytes = memoryMebibytes
    }
}

/// Train one slice of a block of cells from parameters of version `round`; the outputs are row
/// deltas of both matrices.
public struct TrainGloVeUnit: Hashable, Sendable, Codable {
    /// A table of pairs with one part: those of the two blocks, in either order.
    public let pairs: PayloadReference
    /// The block of the words, and that of the contexts.
    public let partition: Int
    public let contexts: Int
    public let partitions: Int
    /// Rows of each matrix.
    public let vocabulary: Int
    public let settings: TrainGloVe
    /// Of the cells of the block: part `slice` of `slices` equal ones.
    public let slice: Int
    public let slices: Int
    public let round: Int
    public let rounds: Int
    /// Names the parameters among those of other jobs.
    public let model: String
    /// The step from version `round - 1` to `round`; nil in round 0, where the seed says all.
    public let step: ModelPayloads?
    /// The whole parameters of version `round`, for a worker that does not hold the version before.
    public let whole: ModelPayloads?

    public init(
        pairs: PayloadReference, partition: Int, contexts: Int, partitions: Int, vocabulary: Int,
        settings: TrainGloVe, slice: Int, slices: Int, round: Int, rounds: Int, model: String,
        step: ModelPayloads?,
        whole: ModelPayloads?
    ) {
        self.pairs = pairs
        self.partition = partition
        self.contexts = contexts
        self.partitions = partitions
        self.vocabulary = vocabulary
        self.settings = settings
        self.slice = slice
        self.slices = slices
        self.round = round
        self.rounds = rounds
        self.model = model
        self.step = step
        self.whole = whole
    }
}
