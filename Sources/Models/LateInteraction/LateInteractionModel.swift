// A model's folder as something that makes a vector of each token of queries and of documents.

public import Tokenizers

/// ColBERT (Khattab and Zaharia 2020) in checkpoints of PyLate, of Stanford and of
/// sentence-transformers, and any encoder by its hidden states. Immutable and shared by threads.
public final class LateInteractionModel: Sendable {
    public let directory: String
    public let options: LateInteractionOptions
    /// Prompts of the folder by name.
    public let prompts: [String: String]
    /// Whose settings the folder has: "PyLate", "Stanford ColBERT", "sentence-transformers", or
    /// "encoder" for none of these.
    public let origin: String

    let queries: TokenEncoding
    let documents: TokenEncoding

    public var tokenizer: Tokenizer { documents.checkpoint.tokenizer }
    /// `model_type` of config.json.
    public var architecture: String { documents.checkpoint.architecture }
    /// Of a token's vector.
    public var dimension: Int { documents.dimension }
    /// Whether the vectors have length 1.
    public var isNormalized: Bool { documents.steps.isNormalized }
    /// Tokens of a query, special tokens included; what is longer is cut.
    public var queryLength: Int { queries.maxLength }
    /// Tokens of a document, special tokens included; what is longer is cut.
    public var documentLength: Int { documents.maxLength }
    /// Whether short queries are lengthened.
    public var expandsQueries: Bool { queries.expansion != nil }

    /// - Throws: whatever of the folder is missing, damaged or not supported, by name.
    public init(
        directory: String, options: LateInteractionOptions
    ) throws(ModelError) {
        guard isDirectory(directory) else { throw .noDirectory(directory) }
        self.directory = directory
        self.options = options
        let folder = try SentenceFolder(directory)
        let settings = try LateInteractionFolder(directory, folder)
        let weights = try Weights(directory: folder.checkpoint)
        // Taken before the transformer looks for tensors that nobody needs.
        let linear =
            settings.origin == .stanford ? try Self.linear(settings, weights, options) : nil
        let checkpoint = try Checkpoint(
            folder.checkpoint, weights, lowercases: folder.lowercases, precision: options.precision)
        try checkpoint.checkTypes()
        let steps = try Self.steps(checkpoint, folder, linear, options)
        queries = try TokenEncoding(
            .query, settings, checkpoint, steps, folder, options)
        documents = try TokenEncoding(
            .document, settings, checkpoint, steps, folder, options)
        prompts = folder.prompts
        origin = settings.origin.rawValue
    }

    /// Vectors of the tokens of `texts` (UTF-8), computed on `threads` threads: a row for each
    /// token but those of the skip list, the same to the last bit whatever texts are beside it.
    public func encodeDocuments(
        _ texts: [UnsafeRawBufferPointer], threads: Int, progress: EncodingProgress
    ) throws(ModelError) -> EncodedTexts {
        try documents.run(texts, threads: threads, progress: progress)
    }

    /// Vectors of the tokens of queries, expansion tokens included.
    public func encodeQueries(
        _ texts: [UnsafeRawBufferPointer], threads: Int, progress: EncodingProgress
    ) throws(ModelError) -> EncodedTexts {
        try queries.run(texts, threads: threads, progress: progress)
    }

    /// Of a few documents, on this thread.
    public func encodeDocuments(_ texts: [String]) throws(ModelError) -> EncodedTexts {
        try texts.withBytes { spans throws(ModelError) in
            try encodeDocuments(spans, threads: 1, progress: EncodingProgress())
        }
    }

    /// Of a few queries, on this thread.
    public func encodeQueries(_ texts: [String]) throws(ModelError) -> EncodedTexts {
        try texts.withBytes { spans throws(ModelError) in
            try encodeQueries(spans, threads: 1, progress: EncodingProgress())
        }
    }
}
