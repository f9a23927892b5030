// What a client asks for: one case per kind of job, each with its own checked settings.

/// A job as its client describes it. A new kind of job is a new case here, a program in the
/// coordinator and a runner in the worker.
public enum JobSpec: Hashable, Sendable {
    case trainWords(TrainWords)
    case trainGloVe(TrainGloVe)
    case encodeDocuments(EncodeDocuments)
    case buildIndex(BuildIndex)
    case rerank(RerankDocuments)
    case trainSPPMI(TrainSPPMI)
    case findPhrases(FindPhrases)

    public var kind: String {
        switch self {
        case .trainWords: "train-words"
        case .trainGloVe: "train-glove"
        case .encodeDocuments: "encode"
        case .buildIndex: "index"
        case .rerank: "rerank"
        case .trainSPPMI: "train-sppmi"
        case .findPhrases: "phrases"
        }
    }

    /// The first setting that is out of range, as a sentence; nil if all are sound.
    public var complaint: String? {
        switch self {
        case .trainWords(let spec): spec.complaint
        case .trainGloVe(let spec): spec.complaint
        case .encodeDocuments(let spec): spec.complaint
        case .buildIndex(let spec): spec.complaint
        case .rerank(let spec): spec.complaint
        case .trainSPPMI(let spec): spec.complaint
        case .findPhrases(let spec): spec.complaint
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

extension [InputFile] {
    /// What is wrong with them as a corpus, as a sentence; nil if they may be looked for.
    var corpusComplaint: String? {
        if isEmpty { return "no input file is named; pass --input FILE" }
        if count > Limits.inputFilesMax {
            return "\(count) input files exceed the limit of \(Limits.inputFilesMax); "
                + "concatenate some"
        }
        return lazy.compactMap(\.complaint).first
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

extension JobSpec: Codable {
    private enum CodingKeys: String, CodingKey { case kind }

    fileprivate func knows(_ setting: String) -> Bool {
        switch self {
        case .trainWords: setting == "kind" || TrainWords.knows(setting)
        case .trainGloVe: setting == "kind" || TrainGloVe.knows(setting)
        case .encodeDocuments: setting == "kind" || EncodeDocuments.knows(setting)
        case .buildIndex: setting == "kind" || BuildIndex.knows(setting)
        case .rerank: setting == "kind" || RerankDocuments.knows(setting)
        case .trainSPPMI: setting == "kind" || TrainSPPMI.knows(setting)
        case .findPhrases: setting == "kind" || FindPhrases.knows(setting)
        }
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        switch try container.decode(String.self, forKey: .kind) {
        case "train-words": self = .trainWords(try TrainWords(from: decoder))
        case "train-glove": self = .trainGloVe(try TrainGloVe(from: decoder))
        case "encode": self = .encodeDocuments(try EncodeDocuments(from: decoder))
        case "index": self = .buildIndex(try BuildIndex(from: decoder))
        case "rerank": self = .rerank(try RerankDocuments(from: decoder))
        case "train-sppmi": self = .trainSPPMI(try TrainSPPMI(from: decoder))
        case "phrases": self = .findPhrases(try FindPhrases(from: decoder))
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
        case .trainGloVe(let spec): try spec.encode(to: encoder)
        case .encodeDocuments(let spec): try spec.encode(to: encoder)
        case .buildIndex(let spec): try spec.encode(to: encoder)
        case .rerank(let spec): try spec.encode(to: encoder)
        case .trainSPPMI(let spec): try spec.encode(to: encoder)
        case .findPhrases(let spec): try spec.encode(to: encoder)
        }
    }
}
