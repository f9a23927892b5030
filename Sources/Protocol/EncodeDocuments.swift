// The job that turns documents into vectors: which files, which model, and how.

/// A model's folder as it was when the job was submitted. Workers that see the same files under
/// the same path read them in place, others fetch them.
public struct ModelFolder: Hashable, Sendable, Codable {
    /// A file of the folder: its name there, and what is found under that name, links resolved.
    public struct Entry: Hashable, Sendable, Codable {
        /// `config.json`, `1_Pooling/config.json`.
        public var name: String
        public var file: InputFile

        public init(name: String, file: InputFile) {
            self.name = name
            self.file = file
        }
    }

    /// Absolute.
    public var path: String
    public var entries: [Entry]

    public init(path: String, entries: [Entry]) {
        self.path = path
        self.entries = entries
    }

    public var byteCount: Int { entries.reduce(0) { $0 + $1.file.size } }
}

/// Documents to vectors, by a transformer encoder. Settings of the model that are nil obey its
/// folder.
public struct EncodeDocuments: Hashable, Sendable, Codable {
    public var files: [InputFile]
    /// The path of the file, if there is one, that is a copy of the client's standard input.
    public var standardInput: String?
    public var model: ModelFolder
    /// jsonl, txt, tsv or csv; one for all files.
    public var format = "jsonl"
    public var idField: String?
    public var textFields: [String] = []
    /// The arithmetic of the model: f32, bf16, int8.
    public var precision = "f32"
    /// The stored type of the vectors: f32, f16, bf16, int8, binary.
    public var dtype = "f32"
    /// Tokens of a document, special ones included; what is longer is cut.
    public var maxLength: Int?
    public var dimension: Int?
    public var prompt: String?
    public var promptName: String?
    public var pooling: String?
    public var layer: Int?
    public var normalizes: Bool?
    /// A vector for each token instead of one for each document.
    public var tokenLevel = false
    /// Of vectors of tokens, what is stored of a document: see TokenSettings.swift.
    public var poolFactor: Int?
    public var keptTokens: Int?
    public var projection: Int?
    public var projectionSeed: UInt64?
    /// Documents that are malformed or empty are left out and listed; else they end the job.
    public var skipsMalformed = false
    /// A document longer than the model takes ends the job; else it is cut and listed.
    public var refusesTruncation = false
    /// Documents of a shard at most; 0 lets the coordinator choose about a gibibyte.
    public var shardRows = 0

    public init(files: [InputFile], model: ModelFolder) {
        self.files = files
        self.model = model
    }

    /// What people are told of a file that they gave.
    public func name(of file: InputFile) -> String {
        file.path == standardInput ? Self.standardInputName : file.path
    }

    /// False where documents have no ids but their numbers.
    public var idsMayRepeat: Bool { format != "txt" }

    /// No absolute path.
    public static let standardInputName = "standard input"

    public static let formats = ["jsonl", "txt", "tsv", "csv"]
    public static let precisions = ["f32", "bf16", "int8"]
    public static let storedTypes = ["f32", "f16", "bf16", "int8", "binary"]
    /// As sentence-transformers names them.
    public static let poolings = [
        "cls", "mean", "max", "mean_sqrt_len_tokens", "weightedmean", "lasttoken",
    ]

    /// The first setting that is out of range, as a sentence; nil if all are sound.
    public var complaint: String? {
        if files.isEmpty { return "no input file is named; pass --input FILE" }
        if files.count > Limits.inputFilesMax {
            return "\(files.count) input files exceed the limit of \(Limits.inputFilesMax); "
                + "concatenate some"
        }
        return files.lazy.compactMap(\.complaint).first ?? model.complaint ?? settingsComplaint
    }

    /// The same of everything but the files and the model.
    public var settingsComplaint: String? {
        choiceComplaint ?? numberComplaint ?? textComplaint ?? tokenComplaint
    }

    private var choiceComplaint: String? {
        let choices: [(String, String?, [String])] = [
            ("--format", format, Self.formats), ("--precision", precision, Self.precisions),
            ("--dtype", dtype, Self.storedTypes), ("--pooling", pooling, Self.poolings),
        ]
        for (flag, value, known) in choices {
            guard let value, !known.contains(value) else { continue }
            return "\(flag) \(value.prefix(100).debugDescription) is not known; use "
                + known.dropLast().joined(separator: ", ") + " or \(known[known.count - 1])"
        }
        if tokenLevel, pooling != nil {
            return "--tokens keeps a vector for each token, so there is no --pooling"
        }
        if prompt != nil, promptName != nil {
            return "--prompt and --prompt-name exclude each other; name one"
        }
        return nil
    }

    private var numberComplaint: String? {
        let ranges: [(String, Int?, ClosedRange<Int>)] = [
            ("--max-length", maxLength, 1...Limits.tokensPerDocumentMax),
            ("--dimension", dimension, 1...Limits.embeddingDimensionMax),
            ("--layer", layer, -1_000...1_000), ("--shard-rows", shardRows, 0...(1 << 40)),
        ]
        for (flag, value, allowed) in ranges {
            guard let value, !allowed.contains(value) else { continue }
            return "\(flag) \(value) is out of range; it must lie in "
                + "\(allowed.lowerBound)...\(allowed.upperBound)"
        }
        return nil
    }

    private var textComplaint: String? {
        if textFields.count > Limits.textFieldsMax {
            return "\(textFields.count) text fields exceed the limit of \(Limits.textFieldsMax)"
        }
        let texts: [(String, String?, Int)] =
            [
                ("--id-field", idField, Limits.identifierBytesMax),
                ("--prompt-name", promptName, Limits.identifierBytesMax),
                ("--prompt", prompt, Limits.promptBytesMax),
            ] + textFields.map { ("--text-field", $0, Limits.identifierBytesMax) }
        for (flag, text, most) in texts {
            guard let count = text?.utf8.count, count > most else { continue }
            return "\(flag) has \(count) bytes; the limit is \(most)"
        }
        if format == "txt", idField != nil || !textFields.isEmpty {
            return "a .txt file has no fields: each line is a document, and its number the id; "
                + "leave out --id-field and --text-field"
        }
        return nil
    }
}

extension EncodeDocuments {
    static func knows(_ setting: String) -> Bool { CodingKeys(stringValue: setting) != nil }
}

extension ModelFolder {
    var complaint: String? {
        let place = InputFile(path: path, size: 0, modifiedNanoseconds: 0)
        if place.complaint != nil {
            return "--model \(path.prefix(100).debugDescription) is not named by its absolute path"
        }
        if !entries.contains(where: { $0.name == "config.json" }) {
            return "the model's folder \(path.prefix(100).debugDescription) has no config.json"
        }
        if entries.count > Limits.modelFilesMax {
            return "\(entries.count) files of a model exceed the limit of \(Limits.modelFilesMax)"
        }
        let bytes = entries.reduce(0) { $0 + $1.name.utf8.count + $1.file.path.utf8.count }
        if bytes > Limits.modelPathsBytesMax {
            return "the paths of the model's files have \(bytes) bytes; the limit is "
                + "\(Limits.modelPathsBytesMax)"
        }
        var names: Set<String> = []
        for entry in entries {
            if let complaint = entry.complaint { return complaint }
            guard names.insert(entry.name).inserted else {
                return "a model's file is named twice: \(entry.name.prefix(100).debugDescription)"
            }
        }
        return nil
    }
}

extension ModelFolder.Entry {
    /// A worker makes files of these names, so none may lead out of its folder.
    fileprivate var complaint: String? {
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), !name.utf8.contains(0),
            parts.allSatisfy({ !["", ".", ".."].contains($0) && $0.utf8.count <= 200 })
        else {
            return "a model's file has the name \(name.prefix(100).debugDescription), which is not "
                + "that of a file in its folder"
        }
        return file.complaint
    }
}
