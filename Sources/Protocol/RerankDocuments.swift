// The job that ranks candidates again: documents of a collection against the queries of a run.

/// Each document that a run names is encoded once, whatever number of queries it is a candidate of,
/// and scored against them: by MaxSim of token vectors, or by a cross-encoder.
public struct RerankDocuments: Hashable, Sendable, Codable {
    /// The collection, and the model.
    public var documents: EncodeDocuments
    /// .jsonl or .tsv of ids and texts.
    public var queries: InputFile
    /// TREC or MS MARCO.
    public var run: InputFile
    /// Documents that a query gets.
    public var top = 100
    /// Candidates of a query that are looked at, the first of the run; 0 takes all.
    public var depth = 0
    /// For late interaction: numbers of a projection, special tokens, as of an index.
    public var settings = IndexSettings()
    /// A document of the run that the collection lacks is passed over; else it ends the job.
    public var skipsUnknown = false
    /// Candidates that it does not let through are left out; about these fields of the documents.
    public var filter: String?
    public var metadataFields: [String]?

    public init(documents: EncodeDocuments, queries: InputFile, run: InputFile) {
        self.documents = documents
        self.queries = queries
        self.run = run
    }

    public var complaint: String? {
        let ranges: [(String, Int, ClosedRange<Int>)] = [
            ("--top", top, 1...Limits.hitsMax), ("--depth", depth, 0...Limits.candidatesMax),
        ]
        for (flag, value, allowed) in ranges where !allowed.contains(value) {
            return "\(flag) \(value) is out of range; it must lie in "
                + "\(allowed.lowerBound)...\(allowed.upperBound)"
        }
        if let filter, filter.utf8.count > Limits.filterBytesMax {
            return "--filter has \(filter.utf8.count) bytes; the limit is \(Limits.filterBytesMax)"
        }
        if settings.principalComponents != nil {
            return "principal components are learned by an index, and there is none"
        }
        if documents.poolFactor != nil || documents.keptTokens != nil {
            return "candidates are ranked by all of their tokens: there is no --pool-factor and no "
                + "--keep-tokens"
        }
        return documents.complaint ?? settings.complaint ?? queries.complaint ?? run.complaint
            ?? metadataFields?.fieldsComplaint
    }

    static func knows(_ setting: String) -> Bool { CodingKeys(stringValue: setting) != nil }
}

/// Score the candidates among some records. The outputs are what is known of those documents, and
/// their scores.
public struct RerankChunk: Hashable, Sendable, Codable {
    public let chunk: EncodeChunk
    public let settings: IndexSettings
    /// Read in place or fetched as the payloads.
    public let queries: InputFile
    public let queriesPayload: String
    public let run: InputFile
    public let runPayload: String
    public let depth: Int
    public let filter: String?
    public let metadataFields: [String]?

    public init(
        chunk: EncodeChunk, settings: IndexSettings, queries: InputFile, queriesPayload: String,
        run: InputFile, runPayload: String, depth: Int, filter: String? = nil,
        metadataFields: [String]? = nil
    ) {
        self.chunk = chunk
        self.settings = settings
        self.queries = queries
        self.queriesPayload = queriesPayload
        self.run = run
        self.runPayload = runPayload
        self.depth = depth
        self.filter = filter
        self.metadataFields = metadataFields
    }

    private func with(_ chunk: EncodeChunk) -> RerankChunk {
        RerankChunk(
            chunk: chunk, settings: settings, queries: queries, queriesPayload: queriesPayload,
            run: run, runPayload: runPayload, depth: depth, filter: filter,
            metadataFields: metadataFields)
    }

    var halves: (RerankChunk, RerankChunk)? {
        chunk.halves.map { (with($0.0), with($0.1)) }
    }
}

/// Scores as they cross the wire: little-endian, a query's number in the run (u32), a document's
/// among those of the unit (u32), a score (f32).
public struct CandidateScore: Hashable, Sendable {
    public static let byteCount = 12
    public var query: UInt32
    public var document: UInt32
    public var score: Float

    public init(query: UInt32, document: UInt32, score: Float) {
        self.query = query
        self.document = document
        self.score = score
    }

    public static func encode(_ scores: [CandidateScore]) -> Frame {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(scores.count * byteCount)
        for item in scores {
            for word in [item.query, item.document, item.score.bitPattern] {
                withUnsafeBytes(of: word.littleEndian) { bytes += $0 }
            }
        }
        return Frame(bytes)
    }

    /// - Throws: `.outOfBounds` for bytes that are no scores, or a score that is not finite.
    public static func decode(_ frame: Frame) throws(CodecError) -> [CandidateScore] {
        guard frame.count % byteCount == 0 else {
            throw .outOfBounds("\(frame.count) bytes of scores")
        }
        let scores = frame.withUnsafeBytes { bytes in
            stride(from: 0, to: bytes.count, by: byteCount).map { place in
                func word(_ index: Int) -> UInt32 {
                    UInt32(
                        littleEndian: bytes.loadUnaligned(
                            fromByteOffset: place + 4 * index, as: UInt32.self))
                }
                return CandidateScore(
                    query: word(0), document: word(1), score: Float(bitPattern: word(2)))
            }
        }
        guard scores.allSatisfy(\.score.isFinite) else {
            throw .outOfBounds("a score that is not finite")
        }
        return scores
    }
}
