// What a client asks for: one case per kind of job, each with its own checked settings.

/// A job as its client describes it. A new kind of job is a new case here, a program in the
/// coordinator and a runner in the worker.
public enum JobSpec: Hashable, Sendable {
    case trainWords(TrainWords)
    case encodeDocuments(EncodeDocuments)
    case buildIndex(BuildIndex)
    case rerank(RerankDocuments)

    public var kind: String {
        switch self {
        case .trainWords: "train-words"
        case .encodeDocuments: "encode"
        case .buildIndex: "index"
        case .rerank: "rerank"
        }
    }

    /// The first setting that is out of range, as a sentence; nil if all are sound.
    public var complaint: String? {
        switch self {
        case .trainWords(let spec): spec.complaint
        case .encodeDocuments(let spec): spec.complaint
        case .buildIndex(let spec): spec.complaint
        case .rerank(let spec): spec.complaint
        }
    }
}

/// A file of a corpus, as it was when the job was submitted: later changes are detected.
public struct InputFile: Hashable, Sendable, Codable {
    /// Absolute, so that it means the same to every process that can see it.
    public let path: String
    public let size: Int
    public let modifiedNanoseconds: Int64

    public init(path: String, size: Int, modifiedNanoseconds: Int64) {
        self.path = path
        self.size = size
        self.modifiedNanoseconds = modifiedNanoseconds
    }
}

/// Skip-gram with negative sampling over a corpus, averaged over partitions between rounds.
public struct TrainWords: Hashable, Sendable, Codable {
    public var files: [InputFile]
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
    /// One thread per partition and a fixed order everywhere: bit-identical vectors from the seed.
    public var deterministic = false
    /// Whether the output vectors are to be returned beside the input vectors.
    public var keepsOutputs = false

    public init(files: [InputFile]) { self.files = files }

    /// The first setting that is out of range, as a sentence; nil if all are sound.
    public var complaint: String? {
        if files.isEmpty { return "no input file is named; pass --input FILE" }
        if files.count > Limits.inputFilesMax {
            return "\(files.count) input files exceed the limit of \(Limits.inputFilesMax); "
                + "concatenate some"
        }
        if let complaint = files.lazy.compactMap(\.complaint).first { return complaint }
        let ranges: [(String, Int, ClosedRange<Int>)] = [
            ("--dim", dimension, 1...Limits.dimensionMax),
            ("--window", window, 1...Limits.windowMax),
            ("--negative", negative, 1...Limits.negativeMax),
            ("--min-count", minimumCount, 1...Int(Int32.max)),
            ("--max-vocabulary", vocabularyMax, 0...Int(Int32.max)),
            ("--epochs", epochs, 1...Limits.epochsMax),
            ("--partitions", partitions, 0...Limits.partitionsMax),
            ("--words-per-round", wordsPerRound, 0...(1 << 50)),
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
        if !(Float(momentum) < 1) {
            return "--momentum \(momentum) is out of range; it must be below 1"
        }
        return nil
    }
}

extension InputFile {
    /// What is wrong with it, as a sentence; nil if it may be looked for. Whether it is there, and
    /// a file, is another question.
    var complaint: String? {
        let name = "input file \(String(path.prefix(100)).debugDescription)"
        guard path.utf8.count <= Limits.pathBytesMax else {
            return "\(name)… has a path of more than \(Limits.pathBytesMax) bytes"
        }
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count > 1, parts[0].isEmpty, !path.utf8.contains(0),
            parts.dropFirst().allSatisfy({ !["", ".", ".."].contains($0) })
        else {
            return "\(name) is not named by its absolute path, without links, . and .."
        }
        guard (0...Limits.payloadBytesMax).contains(size) else {
            return "\(name) of \(size) bytes is out of range; a file has at most "
                + "\(Limits.payloadBytesMax) bytes"
        }
        return nil
    }
}

extension Submit {
    private enum Field: String, CodingKey { case key, spec }

    private struct Name: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    /// - Throws: also for a setting that is not known. Left out, it would make another result than
    ///   was asked for.
    public init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: Field.self)
        let spec = try fields.decode(JobSpec.self, forKey: .spec)
        let names = try fields.nestedContainer(keyedBy: Name.self, forKey: .spec).allKeys
        if let unknown = names.map(\.stringValue).filter({ !spec.knows($0) }).min() {
            throw DecodingError.dataCorruptedError(
                forKey: .spec, in: fields,
                debugDescription: "unknown setting \(unknown) of a \(spec.kind) job")
        }
        self.init(key: try fields.decode(String.self, forKey: .key), spec: spec)
    }
}

extension TrainWords {
    fileprivate static func knows(_ setting: String) -> Bool {
        CodingKeys(stringValue: setting) != nil
    }
}

extension JobSpec: Codable {
    private enum CodingKeys: String, CodingKey { case kind }

    fileprivate func knows(_ setting: String) -> Bool {
        switch self {
        case .trainWords: setting == "kind" || TrainWords.knows(setting)
        case .encodeDocuments: setting == "kind" || EncodeDocuments.knows(setting)
        case .buildIndex: setting == "kind" || BuildIndex.knows(setting)
        case .rerank: setting == "kind" || RerankDocuments.knows(setting)
        }
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        switch try container.decode(String.self, forKey: .kind) {
        case "train-words": self = .trainWords(try TrainWords(from: decoder))
        case "encode": self = .encodeDocuments(try EncodeDocuments(from: decoder))
        case "index": self = .buildIndex(try BuildIndex(from: decoder))
        case "rerank": self = .rerank(try RerankDocuments(from: decoder))
        case let kind:
            throw DecodingError.dataCorruptedError(
                forKey: .kind, in: container, debugDescription: "unknown kind of job \(kind)")
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(kind, forKey: .kind)
        switch self {
        case .trainWords(let spec): try spec.encode(to: encoder)
        case .encodeDocuments(let spec): try spec.encode(to: encoder)
        case .buildIndex(let spec): try spec.encode(to: encoder)
        case .rerank(let spec): try spec.encode(to: encoder)
        }
    }
}
