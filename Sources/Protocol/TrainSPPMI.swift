// Vectors from mutual information: what a client asks for, and the unit that makes them of pairs.

/// The best approximation of low rank of the shifted positive pointwise mutual information of words
/// (Levy and Goldberg 2014; Levy, Goldberg and Dagan 2015).
public struct TrainSPPMI: Hashable, Sendable, Codable {
    public var files: [InputFile]
    public var dimension = 300
    /// Words to each side; at distance d they weigh 1/d.
    public var window = 5
    /// k: log k is taken off the mutual information.
    public var negative = 1
    public var minimumCount = 5
    /// 0 keeps every word that reaches `minimumCount`.
    public var vocabularyMax = 0
    /// The power of context counts in the distribution of contexts.
    public var contextPower = 0.75
    /// p in U S^p.
    public var eigenvalueWeight = 0.5
    /// Power iterations of the decomposition.
    public var iterations = 3
    public var seed: UInt64 = 1
    /// Mebibytes that a worker counts pairs in; what does not fit goes through its cache directory.
    public var memoryMebibytes = 512

    public init(files: [InputFile]) { self.files = files }

    /// The first setting that is out of range, as a sentence; nil if all are sound.
    public var complaint: String? { files.corpusComplaint ?? settingsComplaint }

    /// The same without the files, which units do not carry.
    public var settingsComplaint: String? {
        let ranges: [(String, Int, ClosedRange<Int>)] = [
            ("--dim", dimension, 1...Limits.decompositionRankMax),
            ("--window", window, 1...Limits.windowMax),
            ("--negative", negative, 1...1_000),
            ("--min-count", minimumCount, 1...Int(Int32.max)),
            ("--max-vocabulary", vocabularyMax, 0...Int(Int32.max)),
            ("--iterations", iterations, 0...100),
            ("--memory", memoryMebibytes, 16...(1 << 20)),
        ]
        for (flag, value, allowed) in ranges where !allowed.contains(value) {
            return "\(flag) \(value) is out of range; it must lie in "
                + "\(allowed.lowerBound)...\(allowed.upperBound)"
        }
        for (flag, value) in [
            ("--context-power", contextPower), ("--eigenvalue-weight", eigenvalueWeight),
        ] where !(value >= 0 && value <= 1) {
            return "\(flag) \(value) is out of range; it must lie in 0...1"
        }
        return nil
    }

    static func knows(_ setting: String) -> Bool { CodingKeys(stringValue: setting) != nil }
}

/// Make vectors of a table of pairs; the output is `[vocabulary, dimension]`, as results are.
public struct FactorisePairs: Hashable, Sendable, Codable {
    /// A table of pairs with one part.
    public let pairs: PayloadReference
    public let vocabulary: Int
    public let settings: TrainSPPMI

    public init(pairs: PayloadReference, vocabulary: Int, settings: TrainSPPMI) {
        self.pairs = pairs
        self.vocabulary = vocabulary
        self.settings = settings
    }
}
