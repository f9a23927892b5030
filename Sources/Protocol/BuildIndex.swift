// The job that turns documents into an index for late interaction, dense vectors and words.

/// What an index keeps of each passage, and how it is made.
public struct IndexSettings: Hashable, Sendable, Codable {
    /// How token vectors are stored: residual2, residual4, residual8, int8, bf16 or f32.
    public var form = "residual4"
    /// Numbers of a token vector: a random orthogonal projection of the model's, the same for a
    /// seed everywhere. Nil keeps those of the model.
    public var projection: Int?
    /// The same by a projection that is learned from the sample. A setting of its own: who does not
    /// know it codes vectors of another size, which is refused, and not those of another matrix.
    public var principalComponents: Int?
    public var seed: UInt64 = 1
    /// Whether [CLS], [SEP] and their like have vectors.
    public var keepsSpecialTokens = true
    /// Whether punctuation has no vectors in documents; nil obeys the model's folder.
    public var skipsPunctuation: Bool?
    /// 0 takes as many as suit the number of tokens.
    public var centroids = 0
    /// Whether words are indexed for BM25.
    public var words = true
    /// Language whose endings are cut off; nil keeps words as they are.
    public var stemming: String?
    public var dropsStopWords = false
    /// Whether a vector of each passage is kept, made by the model's own pooling.
    public var dense = false
    /// Whether the text is kept, for answers and for models that read it again.
    public var keepsText = true
    /// Of a segment at most; 0 lets the coordinator choose.
    public var segmentPassages = 0

    public init() {}

    public static let forms = ["residual2", "residual4", "residual8", "int8", "bf16", "f32"]

    /// The first setting that is out of range, as a sentence.
    public var complaint: String? {
        guard Self.forms.contains(form) else {
            return "the form \(form.prefix(100).debugDescription) is not known; use "
                + Self.forms.joined(separator: ", ")
        }
        let ranges: [(String, Int?, ClosedRange<Int>)] = [
            ("--projection", projection, 1...Limits.tokenDimensionMax),
            ("--principal-components", principalComponents, 1...Limits.tokenDimensionMax),
            ("--centroids", centroids, 0...Limits.centroidsMax),
            ("--segment-passages", segmentPassages, 0...(1 << 31) - 1),
        ]
        for (flag, value, allowed) in ranges {
            guard let value, !allowed.contains(value) else { continue }
            return "\(flag) \(value) is out of range; it must lie in "
                + "\(allowed.lowerBound)...\(allowed.upperBound)"
        }
        if projection != nil, principalComponents != nil {
            return "--projection and --principal-components exclude each other; name one"
        }
        if let stemming, stemming.utf8.count > Limits.identifierBytesMax {
            return "--stemming has \(stemming.utf8.count) bytes"
        }
        return nil
    }
}

/// Documents to an index. Two rounds: a sample gives the centroids, then chunks are encoded and
/// coded; the reduction merges what they leave into segments.
public struct BuildIndex: Hashable, Sendable, Codable {
    /// Which files, and which model.
    public var documents: EncodeDocuments
    public var settings: IndexSettings
    /// Centroids of the index that the documents are added to; nil makes new ones.
    public var codebook: InputFile?
    /// Fields that are kept beside the text, each as `--metadata-field` has it.
    public var metadataFields: [String]?

    public init(
        documents: EncodeDocuments, settings: IndexSettings, codebook: InputFile? = nil
    ) {
        self.documents = documents
        self.settings = settings
        self.codebook = codebook
    }

    public var complaint: String? {
        if documents.pooling != nil {
            return "an index keeps token vectors: there is no --pooling"
        }
        if settings.projection != nil, documents.dimension != nil {
            return "--projection and --dimension exclude each other; name one"
        }
        if settings.principalComponents != nil, documents.dimension != nil {
            return "--principal-components and --dimension exclude each other; name one"
        }
        if documents.projection != nil {
            return "the projection of an index stands in the settings of the index"
        }
        return documents.complaint ?? settings.complaint ?? codebook?.complaint
            ?? metadataFields?.fieldsComplaint
    }
}

extension BuildIndex {
    static func knows(_ setting: String) -> Bool { CodingKeys(stringValue: setting) != nil }
}

/// Some records for an index. Without a codebook the output is a sample of their token vectors,
/// with one it is a segment.
public struct IndexChunk: Hashable, Sendable, Codable {
    public let chunk: EncodeChunk
    public let settings: IndexSettings
    public let codebook: PayloadReference?
    public let metadataFields: [String]?

    public init(
        chunk: EncodeChunk, settings: IndexSettings, codebook: PayloadReference?,
        metadataFields: [String]? = nil
    ) {
        self.chunk = chunk
        self.settings = settings
        self.codebook = codebook
        self.metadataFields = metadataFields
    }

    private func with(_ chunk: EncodeChunk) -> IndexChunk {
        IndexChunk(
            chunk: chunk, settings: settings, codebook: codebook, metadataFields: metadataFields)
    }

    var halves: (IndexChunk, IndexChunk)? {
        chunk.halves.map { (with($0.0), with($0.1)) }
    }
}

extension [String] {
    /// What is wrong with them as fields that are kept, as a sentence.
    var fieldsComplaint: String? {
        if count > Limits.metadataFieldsMax {
            return "\(count) fields exceed the limit of \(Limits.metadataFieldsMax)"
        }
        for text in self where text.utf8.count > Limits.metadataFieldBytesMax {
            return "--metadata-field has \(text.utf8.count) bytes; the limit is "
                + "\(Limits.metadataFieldBytesMax)"
        }
        return nil
    }
}

extension IndexSettings {
    /// What documents that are added later must have in common with those that are there.
    public var buildingSettings: [String: String] {
        var texts = [
            "form": form, "seed": "\(seed)", "keepsSpecialTokens": "\(keepsSpecialTokens)",
            "words": "\(words)", "dropsStopWords": "\(dropsStopWords)",
            "keepsText": "\(keepsText)", "dense": "\(dense)",
        ]
        texts["projection"] = projection.map { "\($0)" }
        texts["principalComponents"] = principalComponents.map { "\($0)" }
        texts["skipsPunctuation"] = skipsPunctuation.map { "\($0)" }
        texts["stemming"] = stemming
        return texts
    }

    /// - Parameter building: what `buildingSettings` gave; what is missing is as by default.
    public init(building: [String: String]) {
        self.init()
        form = building["form"] ?? form
        seed = building["seed"].flatMap { UInt64($0) } ?? seed
        keepsSpecialTokens =
            building["keepsSpecialTokens"].flatMap { Bool($0) } ?? keepsSpecialTokens
        words = building["words"].flatMap { Bool($0) } ?? words
        dropsStopWords = building["dropsStopWords"].flatMap { Bool($0) } ?? dropsStopWords
        keepsText = building["keepsText"].flatMap { Bool($0) } ?? keepsText
        dense = building["dense"].flatMap { Bool($0) } ?? dense
        projection = building["projection"].flatMap { Int($0) }
        principalComponents = building["principalComponents"].flatMap { Int($0) }
        skipsPunctuation = building["skipsPunctuation"].flatMap { Bool($0) }
        stemming = building["stemming"]
    }

    /// What decides the token vectors besides the model itself, by name: an index keeps it, and
    /// queries are made by it.
    public func vectorSettings(_ documents: EncodeDocuments) -> [String: String] {
        var texts = [
            "precision": documents.precision, "keepsSpecialTokens": "\(keepsSpecialTokens)",
            "path": documents.model.path,
        ]
        texts["layer"] = documents.layer.map { "\($0)" }
        texts["documentLength"] = documents.maxLength.map { "\($0)" }
        texts["documentPrompt"] = documents.prompt
        texts["normalizes"] = documents.normalizes.map { "\($0)" }
        texts["skipsPunctuation"] = skipsPunctuation.map { "\($0)" }
        texts["dimension"] = documents.dimension.map { "\($0)" }
        // These are of documents alone: queries keep every token.
        texts["poolFactor"] = documents.poolFactor.map { "\($0)" }
        texts["keptTokens"] = documents.keptTokens.map { "\($0)" }
        if let projection {
            texts["projection"] = "\(projection)"
            texts["seed"] = "\(seed)"
        }
        texts["principalComponents"] = principalComponents.map { "\($0)" }
        return texts
    }
}
