// The parsers that take bytes from strangers, each behind one entry: bytes in, verdict out.

import WordVectors

/// One parser under fuzzing. The raw value names its directory of seeds.
public enum FuzzTarget: String, CaseIterable, Sendable {
    case wire
    case address
    case jobSpec = "job-spec"
    case npy
    case safetensors
    case countTable = "count-table"
    case rowDelta = "row-delta"
    case pairs
    case vectorsBinary = "vectors-binary"
    case vectorsText = "vectors-text"
    case vectorsAny = "vectors-any"
    case fastText = "fasttext"
    case wordCheckpoint = "word-checkpoint"
    case idStream = "id-stream"
    case tokens
    case corpus
    case compressed
    case documents
    case encodedDocuments = "encoded-documents"
    case questions
    case journal
    case keyFile = "key-file"
    case authorizedKeys = "authorized-keys"
    case http
    case tokenizerJSON = "tokenizer-json"
    case modelFolder = "model-folder"
    case filter
    case fields
    case indexManifest = "index-manifest"
    case centroids
    case segment
    case run
    case judgments = "qrels"
    case queries
    case invertedFile = "inverted-file"
    case shardQuery = "shard-query"

    /// Feeds `bytes` to the parser.
    ///
    /// - Returns: true if it accepted them, false if it refused them with an error of its own.
    ///   Whatever else happens (a trap, a sanitizer's report, a broken promise) ends the process.
    public func accepts(_ bytes: UnsafeRawBufferPointer) -> Bool {
        switch self {
        case .wire: WireTargets.message(bytes)
        case .address: WireTargets.address(bytes)
        case .jobSpec: WireTargets.jobSpec(bytes)
        case .npy: TensorTargets.npy(bytes)
        case .safetensors: TensorTargets.safetensors(bytes)
        case .countTable: TensorTargets.countTable(bytes)
        case .rowDelta: TensorTargets.rowDelta(bytes)
        case .pairs: TensorTargets.pairs(bytes)
        case .vectorsBinary: VectorTargets.vectors(bytes, .word2vecBinary)
        case .vectorsText: VectorTargets.vectors(bytes, .word2vecText)
        case .vectorsAny: VectorTargets.anyVectors(bytes)
        case .fastText: VectorTargets.fastText(bytes)
        case .wordCheckpoint: VectorTargets.checkpoint(bytes)
        case .idStream: VectorTargets.idStream(bytes)
        case .tokens: TextTargets.tokens(bytes)
        case .corpus: TextTargets.corpus(bytes)
        case .compressed: TextTargets.compressed(bytes)
        case .documents: DocumentTargets.documents(bytes)
        case .encodedDocuments: DocumentTargets.encoded(bytes)
        case .questions: VectorTargets.questions(bytes)
        case .journal: JournalTargets.entries(bytes)
        case .keyFile: KeyTargets.keyFile(bytes)
        case .http: WireTargets.http(bytes)
        case .tokenizerJSON: TokenizerTargets.file(bytes)
        case .modelFolder: ModelTargets.folder(bytes)
        case .filter: FilterTargets.filter(bytes)
        case .fields: FilterTargets.fields(bytes)
        case .authorizedKeys: KeyTargets.authorized(bytes)
        case .indexManifest: IndexTargets.manifest(bytes)
        case .centroids: IndexTargets.centroids(bytes)
        case .segment: IndexTargets.segment(bytes)
        case .run: RankingTargets.run(bytes)
        case .judgments: RankingTargets.judgments(bytes)
        case .queries: RankingTargets.queries(bytes)
        case .invertedFile: RankingTargets.words(bytes)
        case .shardQuery: RankingTargets.question(bytes)
        }
    }
}

/// What a parser promises beyond an error of its own; broken, it is a finding.
func promise(_ condition: Bool, _ what: @autoclosure () -> String) {
    // A precondition would keep its sentence to itself in release.
    if !condition { fatalError(what()) }
}
