// manifest.json of an encoded collection: what was encoded, how, and into which files.

/// docs/formats.md says what each member means. It does not say when or by whom, so that the same
/// job always leaves the same bytes.
public struct CollectionManifest: Codable, Sendable, Equatable {
    public static let fileName = "manifest.json"
    public static let currentFormat = "sounder-vectors-1"
    /// Documents listed as truncated, and as skipped.
    public static let listedMax = 1_000

    public struct File: Codable, Sendable, Equatable {
        public var name: String
        public var bytes: Int
        public var sha256: String

        public init(name: String, bytes: Int, sha256: String) {
            self.name = name
            self.bytes = bytes
            self.sha256 = sha256
        }
    }

    public struct Model: Codable, Sendable, Equatable {
        public var name: String
        public var sha256: String
        public var files: [File]

        public init(name: String, sha256: String, files: [File]) {
            self.name = name
            self.sha256 = sha256
            self.files = files
        }
    }

    public struct Settings: Codable, Sendable, Equatable {
        public var precision = ""
        public var maxLength: Int?
        public var dimension: Int?
        public var prompt: String?
        public var promptName: String?
        public var pooling: String?
        public var layer: Int?
        public var normalizes: Bool?
        public var tokenLevel = false
        public var poolFactor: Int?
        public var keptTokens: Int?
        public var projection: Int?
        public var projectionSeed: UInt64?
        /// Whether documents are passages whose vectors were pooled of a whole document's tokens.
        public var lateChunks: Bool?
        public var format = ""
        public var idField: String?
        public var textFields: [String] = []
        public var skipsMalformed = false
        public var refusesTruncation = false
        public var shardRows = 0

        public init() {}
    }

    public struct Input: Codable, Sendable, Equatable {
        /// `-` for standard input, which has no time of change: 0.
        public var path: String
        public var bytes: Int
        public var modifiedNanoseconds: Int64

        public init(path: String, bytes: Int, modifiedNanoseconds: Int64) {
            self.path = path
            self.bytes = bytes
            self.modifiedNanoseconds = modifiedNanoseconds
        }
    }

    public struct Truncated: Codable, Sendable, Equatable {
        public var id: String
        public var tokens: Int

        public init(id: String, tokens: Int) {
            self.id = id
            self.tokens = tokens
        }
    }

    public struct Skipped: Codable, Sendable, Equatable {
        public var file: String
        public var line: Int
        public var id: String
        public var reason: String

        public init(file: String, line: Int, id: String, reason: String) {
            self.file = file
            self.line = line
            self.id = id
            self.reason = reason
        }
    }

    public struct Shard: Codable, Sendable, Equatable {
        public var documents: Int
        public var rows: Int
        public var vectors: File
        public var ids: File
        /// Rows of each document, where there is a vector for each token.
        public var lengths: File?

        public init(documents: Int, rows: Int, vectors: File, ids: File, lengths: File?) {
            self.documents = documents
            self.rows = rows
            self.vectors = vectors
            self.ids = ids
            self.lengths = lengths
        }

        public var files: [File] { [vectors, ids] + (lengths.map { [$0] } ?? []) }
    }

    public var format = CollectionManifest.currentFormat
    public var model: Model
    public var settings: Settings
    public var inputs: [Input]
    /// f32, f16, bf16, int8 or binary.
    public var dtype = ""
    /// numpy's type of the vectors' files, and how to read it where numpy has no such type.
    public var npyType = ""
    public var note: String?
    /// By which stored numbers are multiplied.
    public var scale: Double?
    public var dimension = 0
    /// Tokens that the model takes of a document.
    public var maxLength = 0
    public var documents = 0
    public var rows = 0
    /// Of all documents, as far as they were encoded.
    public var tokens = 0
    public var truncated = 0
    public var skipped = 0
    /// Of those skipped: documents with the id of an earlier one. Nil in manifests of before.
    public var duplicates: Int? = 0
    public var repaired = 0
    public var truncatedDocuments: [Truncated] = []
    public var skippedDocuments: [Skipped] = []
    public var shards: [Shard] = []

    public init(model: Model, settings: Settings, inputs: [Input]) {
        self.model = model
        self.settings = settings
        self.inputs = inputs
    }

    /// Whether both are of the same documents, encoded by the same model in the same way.
    ///
    /// The model is compared by the names and sizes of its files, which is what a client knows of
    /// it before the job has run.
    public func isOfSameJob(as other: CollectionManifest) -> Bool {
        model.name == other.model.name && settings == other.settings && inputs == other.inputs
            && dtype == other.dtype
            && model.files.map { "\($0.name) \($0.bytes)" }
                == other.model.files.map { "\($0.name) \($0.bytes)" }
    }
}

extension CollectionManifest {
    /// What is known before the job has run: everything but digests, figures and shards.
    public init(of spec: EncodeDocuments) {
        let files = spec.model.entries.map { File(name: $0.name, bytes: $0.file.size, sha256: "") }
        let name = spec.model.path.split(separator: "/").last.map(String.init) ?? ""
        var settings = Settings()
        settings.precision = spec.precision
        settings.maxLength = spec.maxLength
        settings.dimension = spec.dimension
        settings.prompt = spec.prompt
        settings.promptName = spec.promptName
        settings.pooling = spec.pooling
        settings.layer = spec.layer
        settings.normalizes = spec.normalizes
        settings.tokenLevel = spec.tokenLevel
        settings.poolFactor = spec.poolFactor
        settings.keptTokens = spec.keptTokens
        settings.projection = spec.projection
        settings.projectionSeed = spec.projectionSeed
        settings.format = spec.format
        settings.idField = spec.idField
        settings.textFields = spec.textFields
        settings.skipsMalformed = spec.skipsMalformed
        settings.refusesTruncation = spec.refusesTruncation
        settings.shardRows = spec.shardRows
        self.init(
            model: Model(name: name, sha256: "", files: files), settings: settings,
            inputs: spec.files.map { file in
                let isStandard = file.path == spec.standardInput
                return Input(
                    path: isStandard ? "-" : file.path, bytes: file.size,
                    modifiedNanoseconds: isStandard ? 0 : file.modifiedNanoseconds)
            })
        dtype = spec.dtype
    }
}
