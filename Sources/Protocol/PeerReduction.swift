// A reduction that workers share among themselves: who holds which part, and what is asked of whom.

/// Where one worker lets others fetch from it. The coordinator passes on what the worker says of
/// itself over the connection that its key has opened.
public struct PeerEndpoint: Hashable, Sendable, Codable {
    /// An address, as text.
    public let address: String
    /// The public key of whoever listens there; nil on Unix sockets and without keys.
    public let key: String?

    public init(address: String, key: String?) {
        self.address = address
        self.key = key
    }
}

/// What a unit of a training needs to know where reductions are shared.
public struct Exchange: Hashable, Sendable, Codable {
    /// Parts into which the rows of both matrices are dealt: row r belongs to part r mod `shards`.
    public let shards: Int
    /// The secret key under which workers of this job fetch from each other; nil without keys.
    public let key: String?
    /// A `PeerSources` of all parts of the step from version `round - 1` to `round`.
    public let steps: PayloadReference?
    /// What the ids of the same parts begin with at the coordinator, which has them, too.
    public let stepsPrefix: String?

    public init(shards: Int, key: String?, steps: PayloadReference?, stepsPrefix: String?) {
        self.shards = shards
        self.key = key
        self.steps = steps
        self.stepsPrefix = stepsPrefix
    }
}

/// Payloads of both matrices, one for each part: what a worker offers to others.
public struct ShardPieces: Hashable, Sendable, Codable {
    public let endpoint: PeerEndpoint
    /// What their ids begin with.
    public let prefix: String
    /// The part that the first of them is of.
    public let first: Int
    public private(set) var inputSizes: [Int] = []
    public private(set) var inputChecksums: [UInt64] = []
    public private(set) var outputSizes: [Int] = []
    public private(set) var outputChecksums: [UInt64] = []

    public init(endpoint: PeerEndpoint, prefix: String, first: Int = 0) {
        self.endpoint = endpoint
        self.prefix = prefix
        self.first = first
    }

    /// The id of a piece of part `shard`.
    public static func id(_ prefix: String, _ matrix: String, _ shard: Int) -> String {
        "\(prefix)/\(matrix)/\(shard)"
    }

    /// The pieces of the next part.
    public mutating func add(input: PayloadReference, output: PayloadReference) {
        inputSizes.append(input.size)
        inputChecksums.append(input.checksum)
        outputSizes.append(output.size)
        outputChecksums.append(output.checksum)
    }

    /// Both pieces of a part, where they are.
    public func source(of part: Int) -> PeerSources.Source {
        let shard = part - first
        return PeerSources.Source(
            endpoint: endpoint,
            input: PayloadReference(
                id: Self.id(prefix, "input", part), size: inputSizes[shard],
                checksum: inputChecksums[shard]),
            output: PayloadReference(
                id: Self.id(prefix, "output", part), size: outputSizes[shard],
                checksum: outputChecksums[shard]))
    }

    /// The first thing that is wrong with it, as a phrase; nil if it can be used.
    public func complaint(first: Int = 0, shards: Int) -> String? {
        let lists = [
            inputSizes.count, inputChecksums.count, outputSizes.count, outputChecksums.count,
        ]
        guard self.first == first, lists.allSatisfy({ $0 == shards }) else {
            return "it is not of \(shards) parts"
        }
        guard (inputSizes + outputSizes).allSatisfy((0...Limits.payloadBytesMax).contains) else {
            return "it has a piece of a size beyond the limits"
        }
        guard (1...Limits.identifierBytesMax - 20).contains(prefix.utf8.count),
            (1...Limits.identifierBytesMax).contains(endpoint.address.utf8.count),
            endpoint.key?.utf8.count ?? 0 <= Limits.identifierBytesMax
        else { return "it has a name beyond the limits" }
        return nil
    }
}

/// Where the payloads are that a unit fetches from other workers: one pair of each partition, or of
/// each part of the rows, in order.
public struct PeerSources: Hashable, Sendable, Codable {
    public struct Source: Hashable, Sendable, Codable {
        public let endpoint: PeerEndpoint
        public let input: PayloadReference
        public let output: PayloadReference

        public init(endpoint: PeerEndpoint, input: PayloadReference, output: PayloadReference) {
            self.endpoint = endpoint
            self.input = input
            self.output = output
        }
    }

    public let sources: [Source]

    public init(_ sources: [Source]) { self.sources = sources }
}

/// Reduces one part of the rows: fetches every partition's changes of them and takes the step from
/// version `round` to the next. Leaves a `ShardResult`, the step of both matrices, and the
/// velocities of both; all but the first are empty where changes cannot be had any more.
public struct ReduceWordsUnit: Hashable, Sendable, Codable {
    public let encoding: EncodeWords
    public let settings: TrainWords
    public let round: Int
    public let rounds: Int
    public let model: String
    public let rowsDue: Int
    /// Slots for which the round was planned.
    public let workers: Int
    public let shard: Int
    public let exchange: Exchange
    /// A `PeerSources` of the changes of this part, by partition.
    public let sources: PayloadReference
    /// What the ids of this part's step to version `round` begin with, if workers made it: who made
    /// that very one still holds the part.
    public let former: String?
    /// The parameters and velocities of version `round`, for a worker that does not hold its part;
    /// nil in round 0. Velocities are nil without momentum, too.
    public let whole: ModelPayloads?
    public let velocities: ModelPayloads?

    public init(
        encoding: EncodeWords, settings: TrainWords, round: Int, rounds: Int, model: String,
        rowsDue: Int, workers: Int, shard: Int, exchange: Exchange, sources: PayloadReference,
        former: String?, whole: ModelPayloads?, velocities: ModelPayloads?
    ) {
        self.encoding = encoding
        self.settings = settings
        self.round = round
        self.rounds = rounds
        self.model = model
        self.rowsDue = rowsDue
        self.workers = workers
        self.shard = shard
        self.exchange = exchange
        self.sources = sources
        self.former = former
        self.whole = whole
        self.velocities = velocities
    }
}

/// What became of one part of a reduction: where the others find the step, or what was missing.
public struct ShardResult: Hashable, Sendable, Codable {
    /// Of this part alone.
    public let pieces: ShardPieces?
    /// Partitions of which the changes are gone with their worker, and why, of the first.
    public let missing: [Int]
    public let reason: String?

    public init(pieces: ShardPieces) {
        self.pieces = pieces
        missing = []
        reason = nil
    }

    public init(missing: [Int], reason: String) {
        pieces = nil
        self.missing = missing
        self.reason = reason
    }
}
