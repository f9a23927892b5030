// The models that the stages of a pipeline need for queries, and what they make of one.

import Models
import Protocol
import Retrieval
import Tensors

/// What the models make of a query, once whatever stages ask for it.
struct QueryVectors: Sendable {
    /// For maxsim; nil where no stage is.
    var tokens: ShardQuery?
    /// For dense; nil where no stage is.
    var text: ShardQuery?
    /// Whether the query has more tokens than maxsim takes.
    var isTruncated = false
}

struct QueryModels: Sendable {
    let tokens: LateInteractionModel?
    /// By the model's own pooling.
    private let texts: EmbeddingModel?
    /// Both in one pass, where they read queries as the same tokens.
    private let joint: JointEncoding?

    /// Of a pipeline that needs none.
    init() {
        tokens = nil
        texts = nil
        joint = nil
    }

    /// - Parameter learned: the projection of the index, if it has one.
    init(
        _ folder: String, _ settings: [String: String], _ learned: TokenProjection?,
        for pipeline: SearchPipeline
    ) throws(ModelError) {
        let tokens =
            pipeline.has(.maxsim) ? try Self.tokenModel(folder, settings, learned) : nil
        let texts = pipeline.has(.dense) ? try Self.embedding(folder, settings, tokens) : nil
        self.tokens = tokens
        self.texts = texts
        if let tokens, let texts {
            joint = JointEncoding(queriesOf: tokens, texts)
        } else {
            joint = nil
        }
    }

    private static func tokenModel(
        _ folder: String, _ settings: [String: String], _ learned: TokenProjection?
    ) throws(ModelError) -> LateInteractionModel {
        var options = try LateInteractionOptions(settings: settings)
        if let learned {
            options.projection = .matrix(learned.values, dimension: learned.dimension)
        }
        return try LateInteractionModel(directory: folder, options: options)
    }

    /// With the prompt for queries, if the folder has one, and the weights of `tokens`.
    private static func embedding(
        _ folder: String, _ settings: [String: String], _ tokens: LateInteractionModel?
    ) throws(ModelError) -> EmbeddingModel {
        var options = EncodingOptions()
        options.precision = settings["precision"].flatMap { Precision(rawValue: $0) } ?? .f32
        options.layer = settings["layer"].flatMap { Int($0) }
        let model = try EmbeddingModel(directory: folder, options: options, beside: tokens)
        guard model.prompts["query"] != nil else { return model }
        options.promptName = "query"
        return try EmbeddingModel(directory: folder, options: options, beside: tokens)
    }

    /// - Throws: a `Fault` with code `data` if nothing of the query is searched for.
    func vectors(of text: String) throws(Fault) -> QueryVectors {
        let encoded: Encoded
        do throws(ModelError) { encoded = try encode(text) } catch { throw Fault(model: error) }
        var vectors = QueryVectors()
        if let tokens = encoded.tokens {
            let rows = Int(tokens.rowCounts.first ?? 0)
            guard rows > 0 else {
                throw Fault(.data, "the query has no token that is searched for")
            }
            vectors.tokens = tokens.question(.maxSim, rows: rows)
            vectors.isTruncated = tokens.truncatedCount > 0
        }
        vectors.text = encoded.texts?.question(.dense, rows: 1)
        return vectors
    }

    private typealias Encoded = (tokens: EncodedTexts?, texts: EncodedTexts?)

    private func encode(_ text: String) throws(ModelError) -> Encoded {
        let bytes = Array(text.utf8)
        let encoded = bytes.withUnsafeBytes { raw in
            Result { () throws(ModelError) in try encode([raw]) }
        }
        return try encoded.get()
    }

    private func encode(_ query: [UnsafeRawBufferPointer]) throws(ModelError) -> Encoded {
        let progress = EncodingProgress()
        if let joint {
            let both = try joint.encode(query, threads: 1, progress: progress)
            return (both.tokens, both.texts)
        }
        return (
            try tokens?.encodeQueries(query, threads: 1, progress: progress),
            try texts?.encode(query, threads: 1, progress: progress)
        )
    }
}

extension EncodedTexts {
    fileprivate func question(_ kind: ShardQuery.Kind, rows: Int) -> ShardQuery {
        var question = ShardQuery(kind)
        question.dimension = dimension
        let base = vectors.baseAddress.assumingMemoryBound(to: Float.self)
        question.vectors = Array(UnsafeBufferPointer(start: base, count: rows * dimension))
        return question
    }
}
