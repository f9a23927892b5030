// Work units, rounds and what comes back from them: the one shape that every job has.

/// What a worker is asked to do; a runner exists for each case.
public enum UnitTask: Hashable, Sendable {
    case countWords(CountWords)
    case encodeWords(EncodeWords)
    case trainWords(TrainWordsUnit)
    case reduceWords(ReduceWordsUnit)
    case countPairs(CountPairs)
    case trainGloVe(TrainGloVeUnit)
    case factorisePairs(FactorisePairs)
    case encodeChunk(EncodeChunk)
    case indexChunk(IndexChunk)
    case rerankChunk(RerankChunk)

    /// Kinds that only workers run that others can fetch from.
    public static let sharedTrainingKind = "train-words-peer"
    public static let reductionKind = "reduce-words"
    /// So that no worker gets it that would begin with what the seed says.
    public static let continuedTrainingKind = "train-words-continued"

    /// Names the runner; a worker lists the kinds it can run in HELLO.
    public var kind: String {
        switch self {
        case .countWords: "count-words"
        case .encodeWords: "encode-words"
        case .trainWords(let task):
            task.exchange != nil
                ? Self.sharedTrainingKind
                : task.settings.checkpoint == nil ? "train-words" : Self.continuedTrainingKind
        case .reduceWords: Self.reductionKind
        case .countPairs: "count-pairs"
        case .trainGloVe: "train-glove"
        case .factorisePairs: "factorise-pairs"
        case .encodeChunk: "encode-chunk"
        // Kinds of their own, so that no worker gets them that would pass over fields and filter.
        case .indexChunk(let task):
            task.metadataFields == nil ? "index-chunk" : "index-chunk-fields"
        case .rerankChunk(let task):
            task.filter == nil ? "rerank-chunk" : "rerank-chunk-filter"
        }
    }

    /// Outputs that a unit leaves when it is done.
    public var outputsCount: Int {
        switch self {
        case .countWords, .countPairs, .factorisePairs, .encodeChunk: 1
        case .encodeWords: 0
        case .trainWords(let task): task.exchange == nil ? 2 : 1
        case .reduceWords: 5
        case .trainGloVe, .rerankChunk: 2
        case .indexChunk(let task): task.codebook == nil ? 1 : 2
        }
    }
}

/// The corpus as a sequence of blocks; docs/formats.md has the rule of their boundaries.
///
/// A worker reads file `index` in place where its machine sees the same file, else it fetches
/// ranges of the payload `payload(of: index)`.
public struct Corpus: Hashable, Sendable, Codable {
    /// Unique in the cluster: the files as they were when the job was submitted.
    public let id: String
    public let files: [InputFile]
    public let blockBytes: Int

    public init(id: String, files: [InputFile], blockBytes: Int) {
        self.id = id
        self.files = files
        self.blockBytes = blockBytes
    }

    /// Served by the coordinator without a checksum: only ranges of it ever travel.
    public func payload(of index: Int) -> PayloadReference {
        PayloadReference(id: "\(id)/\(index)", size: files[index].size, checksum: 0)
    }
}

/// Count the words of the blocks `blocks`; the output is one table of counts.
public struct CountWords: Hashable, Sendable, Codable {
    public let corpus: Corpus
    public let blocks: Range<Int>
    /// Nil where words alone are counted.
    public let pairs: PairCounting?

    public init(corpus: Corpus, blocks: Range<Int>, pairs: PairCounting? = nil) {
        self.corpus = corpus
        self.blocks = blocks
        self.pairs = pairs
    }
}

/// Encode partition `partition` of `partitions` to ids and keep it for the rounds that follow.
public struct EncodeWords: Hashable, Sendable, Codable {
    public let corpus: Corpus
    public let partition: Int
    public let partitions: Int
    public let seed: UInt64
    public let vocabulary: PayloadReference

    public init(
        corpus: Corpus, partition: Int, partitions: Int, seed: UInt64,
        vocabulary: PayloadReference
    ) {
        self.corpus = corpus
        self.partition = partition
        self.partitions = partitions
        self.seed = seed
        self.vocabulary = vocabulary
    }
}

/// Train one slice of a partition from parameters of version `round`; the output is a row delta of
/// each matrix, or where reductions are shared the `ShardPieces` that say where they are.
public struct TrainWordsUnit: Hashable, Sendable, Codable {
    public let encoding: EncodeWords
    public let settings: TrainWords
    /// Position of the slice in all of training, in steps as `TrainingCourse` has them.
    public let round: Int
    public let rounds: Int
    /// Names the parameters among those of other jobs.
    public let model: String
    /// Only the first so many rows are averaged after this round. The others go on from where this
    /// partition left them, so that rare words are not averaged more often than they are trained.
    public let rowsDue: Int
    /// The same for the round before.
    public let rowsDueBefore: Int
    /// The step from version `round - 1` to `round`; nil in round 0.
    public let step: ModelPayloads?
    /// The whole parameters of version `round`, for a worker that does not hold the version before;
    /// nil in round 0 where the seed says all.
    public let whole: ModelPayloads?
    /// Where reductions are shared; nil where the coordinator makes them.
    public let exchange: Exchange?

    public init(
        encoding: EncodeWords, settings: TrainWords, round: Int, rounds: Int, model: String,
        rowsDue: Int, rowsDueBefore: Int, step: ModelPayloads?, whole: ModelPayloads?,
        exchange: Exchange? = nil
    ) {
        self.encoding = encoding
        self.settings = settings
        self.round = round
        self.rounds = rounds
        self.model = model
        self.rowsDue = rowsDue
        self.rowsDueBefore = rowsDueBefore
        self.step = step
        self.whole = whole
        self.exchange = exchange
    }
}

/// Both matrices of a word-vector model, or a change of both.
public struct ModelPayloads: Hashable, Sendable, Codable {
    public let input: PayloadReference
    public let output: PayloadReference

    public init(input: PayloadReference, output: PayloadReference) {
        self.input = input
        self.output = output
    }
}

/// One unit of a round as the job's program planned it.
public struct WorkUnit: Hashable, Sendable, Codable {
    public let task: UnitTask
    /// Units of different rounds with the same key share cached data: they go to the same worker
    /// when it is free.
    public let affinity: Int
    /// Expected work, in the unit of the round's progress (words, documents, bytes).
    public let work: Double

    public init(task: UnitTask, affinity: Int, work: Double) {
        self.task = task
        self.affinity = affinity
        self.work = work
    }
}

/// One round: units that may run side by side, then one reduction.
public struct Round: Hashable, Sendable, Codable {
    /// What people are told is happening: counting, encoding, training.
    public let stage: String
    /// Position among the rounds of its stage, from 0.
    public let index: Int
    public let count: Int
    public var units: [WorkUnit]
    /// Whether outputs of its units are kept on the coordinator's disk until they are reduced, so
    /// that no unit runs again after a restart, and memory need not hold them. Not worth its price
    /// where a round takes a second.
    public let keepsOutputs: Bool

    public init(
        stage: String, index: Int, count: Int, units: [WorkUnit], keepsOutputs: Bool = false
    ) {
        self.stage = stage
        self.index = index
        self.count = count
        self.units = units
        self.keepsOutputs = keepsOutputs
    }
}

/// What a finished unit leaves: payloads held by its worker, and figures by name.
public struct UnitOutcome: Hashable, Sendable, Codable {
    public var outputs: [PayloadReference]
    public var measures: [String: Double]

    public init(outputs: [PayloadReference], measures: [String: Double]) {
        self.outputs = outputs
        self.measures = measures
    }
}

extension UnitTask: Codable {
    private enum CodingKeys: String, CodingKey { case kind }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        switch try container.decode(String.self, forKey: .kind) {
        case "count-words": self = .countWords(try CountWords(from: decoder))
        case "encode-words": self = .encodeWords(try EncodeWords(from: decoder))
        case "train-words", Self.sharedTrainingKind, Self.continuedTrainingKind:
            self = .trainWords(try TrainWordsUnit(from: decoder))
        case Self.reductionKind: self = .reduceWords(try ReduceWordsUnit(from: decoder))
        case "count-pairs": self = .countPairs(try CountPairs(from: decoder))
        case "factorise-pairs": self = .factorisePairs(try FactorisePairs(from: decoder))
        case "train-glove": self = .trainGloVe(try TrainGloVeUnit(from: decoder))
        case "encode-chunk": self = .encodeChunk(try EncodeChunk(from: decoder))
        case "index-chunk", "index-chunk-fields": self = .indexChunk(try IndexChunk(from: decoder))
        case "rerank-chunk", "rerank-chunk-filter":
            self = .rerankChunk(try RerankChunk(from: decoder))
        case let kind:
            throw DecodingError.dataCorruptedError(
                forKey: .kind, in: container, debugDescription: "unknown kind of unit \(kind)")
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(kind, forKey: .kind)
        switch self {
        case .countWords(let task): try task.encode(to: encoder)
        case .encodeWords(let task): try task.encode(to: encoder)
        case .trainWords(let task): try task.encode(to: encoder)
        case .reduceWords(let task): try task.encode(to: encoder)
        case .countPairs(let task): try task.encode(to: encoder)
        case .factorisePairs(let task): try task.encode(to: encoder)
        case .trainGloVe(let task): try task.encode(to: encoder)
        case .encodeChunk(let task): try task.encode(to: encoder)
        case .indexChunk(let task): try task.encode(to: encoder)
        case .rerankChunk(let task): try task.encode(to: encoder)
        }
    }
}
