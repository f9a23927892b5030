// The course of a training job, round by round, as it is published beside the vectors.

/// A bounded record: when it is full, neighbouring points become one, so that a job of a million
/// rounds leaves as much as one of a few hundred.
public struct TrainingHistory: Hashable, Sendable, Codable {
    /// How far partitions are apart is told from every fourth of the 1,024 most frequent rows: they
    /// are averaged after every round, and few enough to cost nothing.
    package static let sampledRowsEnd = 1_024
    package static let sampledRowsStep = 4

    /// One round, or several that follow each other.
    public struct Point: Hashable, Sendable, Codable {
        /// The last round that is in it, from 0.
        public var round: Int
        /// How many rounds are in it.
        public var rounds = 1
        /// Occurrences of words trained.
        public var words: Double
        /// Wall time from the start of the first round to the end of the last reduction.
        public var seconds: Double
        /// Of these, the time in which no worker trained: from the end of the last unit to that of
        /// the reduction. Nil in what was written before this was measured.
        public var secondsReducing: Double?
        /// Bytes that workers sent and received, without those of the vocabulary and the corpus.
        public var bytesSent: Double
        public var bytesReceived: Double
        /// Mean negative log-likelihood of a sample of windows, in nats.
        public var loss: Double?
        /// At the start of the last round.
        public var learningRate: Double
        /// 1 less the mean cosine between the changes that two partitions made; 0 when they agree.
        public var divergence: Double?

        public init(
            round: Int, words: Double, seconds: Double, bytesSent: Double, bytesReceived: Double,
            loss: Double?, learningRate: Double, divergence: Double?,
            secondsReducing: Double? = nil
        ) {
            self.round = round
            self.words = words
            self.seconds = seconds
            self.bytesSent = bytesSent
            self.bytesReceived = bytesReceived
            self.loss = loss
            self.learningRate = learningRate
            self.divergence = divergence
            self.secondsReducing = secondsReducing
        }

        public var wordsPerSecond: Double? { seconds > 0 ? words / seconds : nil }
        public var bytesPerWord: Double? {
            words > 0 ? (bytesSent + bytesReceived) / words : nil
        }
    }

    /// The words nearest to a word when `round` began.
    public struct Probe: Hashable, Sendable, Codable {
        public struct Neighbour: Hashable, Sendable, Codable {
            public var word: String
            public var cosine: Double

            public init(word: String, cosine: Double) {
                self.word = word
                self.cosine = cosine
            }
        }

        public var round: Int
        public var word: String
        /// Nearest first.
        public var neighbours: [Neighbour]

        public init(round: Int, word: String, neighbours: [Neighbour]) {
            self.round = round
            self.word = word
            self.neighbours = neighbours
        }
    }

    /// There are never more points.
    public static let pointsMax = 400
    /// Times at which probe words are looked at, over the whole training.
    public static let probeTimes = 20
    public static let probeNeighbours = 8

    public private(set) var points: [Point] = []
    public private(set) var probes: [Probe] = []
    /// Words that were asked about and are not in the vocabulary.
    public var unknownProbes: [String] = []

    public init() {}

    public mutating func add(_ point: Point) {
        points.append(point)
        guard points.count > Self.pointsMax else { return }
        let last = points.count % 2 == 1 ? points.last : nil
        points = stride(from: 0, to: points.count - 1, by: 2).map {
            points[$0].followed(by: points[$0 + 1])
        }
        if let last { points.append(last) }
    }

    public mutating func add(_ found: [Probe]) { probes += found }

    /// Of all rounds.
    public var secondsReducing: Double { points.reduce(0) { $0 + ($1.secondsReducing ?? 0) } }

    /// Forgets what came from `round` on: a job goes on from a checkpoint that is older.
    public mutating func forget(from round: Int) {
        points.removeAll { $0.round >= round }
        probes.removeAll { $0.round >= round }
    }

    /// Whether probe words are to be looked at when `round` begins. `rounds` stands for the end.
    public static func isProbed(_ round: Int, of rounds: Int) -> Bool {
        guard round > 0 else { return false }
        return round == rounds || round % max(1, rounds / probeTimes) == 0
    }
}

extension TrainingHistory.Point {
    fileprivate func followed(by next: Self) -> Self {
        var both = next
        both.rounds += rounds
        both.words += words
        both.seconds += seconds
        if let secondsReducing {
            both.secondsReducing = secondsReducing + (next.secondsReducing ?? 0)
        }
        both.bytesSent += bytesSent
        both.bytesReceived += bytesReceived
        both.loss = Self.mean(loss, words, next.loss, next.words)
        both.divergence = Self.mean(
            divergence, Double(rounds), next.divergence, Double(next.rounds))
        return both
    }

    private static func mean(
        _ first: Double?, _ weight: Double, _ second: Double?, _ other: Double
    ) -> Double? {
        guard let first, let second else { return first ?? second }
        return weight + other > 0 ? (first * weight + second * other) / (weight + other) : second
    }
}
