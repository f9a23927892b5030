// What a shard is asked: one stage of a search, as it travels to the workers.

import FoundationEssentials

/// A stage of a search: the best passages by one kind of score, of all passages or of some.
public struct ShardQuery: Sendable, Equatable {
    public enum Kind: String, Sendable, Codable {
        /// BM25 of `terms`.
        case words
        /// Dot product of one vector with that of each passage.
        case dense
        /// Sum over query tokens of the largest dot product with a token of the passage.
        case maxSim
        /// What a model says of the query and the text of each passage that is named.
        case pairs
    }

    /// A word of the query with what the whole index knows of it.
    public struct Term: Sendable, Equatable, Codable {
        public var text: String
        /// Times that the query has it.
        public var count: Int
        /// Passages of the whole index that have it.
        public var passages: Int

        public init(text: String, count: Int, passages: Int) {
            self.text = text
            self.count = count
            self.passages = passages
        }
    }

    public var kind: Kind
    /// Of `words`, in the order of their text.
    public var terms: [Term] = []
    /// Of the whole index: passages, and words of all of them.
    public var passageCount = 0
    public var wordCount = 0
    /// Of `dense` and `maxSim`: `[rows, dimension]`, row-major.
    public var vectors: [Float] = []
    public var dimension = 0
    /// Of `pairs`: the query as a text.
    public var query = ""
    /// Centroids of each query token, or lists of dense vectors of each segment, whose passages are
    /// looked at; nil looks at all passages.
    public var probes: Int?
    /// Passages of each shard whose exact score is computed, among those that the centroids give.
    public var candidates = 0
    /// Only these are looked at, in any order; unknown ones are passed over. Nil for all.
    public var ids: [String]?
    /// Only passages that this filter lets through are looked at. Nil for all.
    public var filter: String?
    /// Of these fields each hit gets the values.
    public var fields: [String] = []
    public var wantsText = false
    /// Of `maxSim`: for each query token the best token of the passage, and its score.
    public var wantsExplanation = false

    public init(_ kind: Kind) { self.kind = kind }

    /// Whether passages are wanted with their texts.
    var readsText: Bool { wantsText || kind == .pairs }
    public var rows: Int { dimension > 0 ? vectors.count / dimension : 0 }
}

// MARK: - As bytes

/// Little-endian: bytes of the JSON (u32), the JSON, the vectors (f32).
extension ShardQuery {
    public static let rowsMax = 10_000
    public static let candidatesMax = 1 << 20

    public static let fieldsMax = 64

    private struct Fields: Codable {
        var kind: String
        var filteredKind: Kind?
        var filter: String?
        var fields: [String]?
        var terms: [Term]?
        var passageCount: Int?
        var wordCount: Int?
        var dimension: Int?
        var query: String?
        var probes: Int?
        var candidates: Int?
        var ids: [String]?
        var wantsText: Bool?
        var wantsExplanation: Bool?
    }

    /// In the place of the kind where a question asks for fields: workers that know none refuse it,
    /// and do not answer it without its filter.
    private static let withFields = "withFields"

    public func encoded() throws(RetrievalError) -> [UInt8] {
        let hasFields = filter != nil || !fields.isEmpty
        let fields = Fields(
            kind: hasFields ? Self.withFields : kind.rawValue,
            filteredKind: hasFields ? kind : nil, filter: filter,
            fields: fields.isEmpty ? nil : fields, terms: terms.isEmpty ? nil : terms,
            passageCount: passageCount,
            wordCount: wordCount, dimension: dimension,
            query: query.isEmpty ? nil : query, probes: probes, candidates: candidates, ids: ids,
            wantsText: wantsText, wantsExplanation: wantsExplanation)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        guard let json = try? encoder.encode(fields), json.count <= UInt32.max else {
            throw .badQuery("it cannot be written")
        }
        var bytes: [UInt8] = []
        withUnsafeBytes(of: UInt32(json.count).littleEndian) { bytes += $0 }
        bytes += json
        vectors.withUnsafeBytes { bytes += $0 }
        return bytes
    }

    /// - Throws: `.badQuery` that says what is wrong.
    public init(_ bytes: UnsafeRawBufferPointer) throws(RetrievalError) {
        guard bytes.count >= 4 else { throw .badQuery("it ends early") }
        let count = Int(UInt32(littleEndian: bytes.loadUnaligned(as: UInt32.self)))
        guard count <= bytes.count - 4, (bytes.count - 4 - count) % 4 == 0 else {
            throw .badQuery("\(count) bytes of JSON in \(bytes.count) bytes")
        }
        let json = Data(UnsafeRawBufferPointer(rebasing: bytes[4..<4 + count]))
        guard let fields = try? JSONDecoder().decode(Fields.self, from: json) else {
            throw .badQuery("its fields cannot be read")
        }
        let isWithFields = fields.kind == Self.withFields
        guard let kind = isWithFields ? fields.filteredKind : Kind(rawValue: fields.kind) else {
            throw .badQuery("its kind is not known")
        }
        self.init(kind)
        filter = fields.filter
        self.fields = fields.fields ?? []
        terms = fields.terms ?? []
        passageCount = fields.passageCount ?? 0
        wordCount = fields.wordCount ?? 0
        dimension = fields.dimension ?? 0
        query = fields.query ?? ""
        probes = fields.probes
        candidates = fields.candidates ?? 0
        ids = fields.ids
        wantsText = fields.wantsText ?? false
        wantsExplanation = fields.wantsExplanation ?? false
        vectors = [Float](unsafeUninitializedCapacity: (bytes.count - 4 - count) / 4) { to, size in
            size = to.count
            UnsafeMutableRawBufferPointer(to).copyMemory(
                from: UnsafeRawBufferPointer(rebasing: bytes[(4 + count)...]))
        }
        try check()
    }

    private func check() throws(RetrievalError) {
        guard vectors.allSatisfy(\.isFinite) else {
            throw .badQuery("a number of its vectors is not finite")
        }
        guard (filter ?? "").utf8.count <= Filter.bytesMax, fields.count <= Self.fieldsMax else {
            throw .badQuery("its filter or its fields are more than the limit")
        }
        switch kind {
        case .words:
            guard terms.count <= BM25Query.termsMax, passageCount >= 0, wordCount >= 0,
                terms.allSatisfy({ $0.count > 0 && $0.passages >= 0 })
            else { throw .badQuery("its words are out of range") }
        case .dense, .maxSim:
            guard (1...Self.rowsMax).contains(dimension), !vectors.isEmpty,
                vectors.count % dimension == 0, rows <= Self.rowsMax, kind == .maxSim || rows == 1
            else {
                throw .badQuery("\(vectors.count) numbers of vectors of \(dimension)")
            }
            guard (0...Self.candidatesMax).contains(candidates), probes ?? 1 >= 1 else {
                throw .badQuery(
                    "\(candidates) candidates; at most \(Self.candidatesMax) are allowed")
            }
        case .pairs:
            guard ids != nil, !query.isEmpty else {
                throw .badQuery("it names no query, or no passages")
            }
        }
    }
}
