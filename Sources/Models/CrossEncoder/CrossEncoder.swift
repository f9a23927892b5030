// A model's folder as something that scores pairs of a query and a document.

public import Tokenizers

/// Both texts are read together (Nogueira and Cho 2019): checkpoints of transformers'
/// `…ForSequenceClassification` and of sentence-transformers' CrossEncoder. Immutable and shared by
/// threads.
public final class CrossEncoder: Sendable {
    public let directory: String
    public let options: CrossEncoderOptions
    /// Tokens of a pair, special tokens included; of what is longer, the longer text is cut first.
    public let maxLength: Int

    let checkpoint: Checkpoint
    let pooling: Pooling
    let steps: RowSteps
    /// Whether the model tells the second text of a pair from the first.
    let hasTypes: Bool
    /// The token that is no part of a pair where it stands at the end.
    let padding: Int32?

    public var tokenizer: Tokenizer { checkpoint.tokenizer }
    /// `model_type` of config.json.
    public var architecture: String { checkpoint.architecture }
    /// Scores of a pair.
    public var labels: Int { steps.dimension }

    /// - Throws: whatever of the folder is missing, damaged or not supported, by name.
    public init(directory: String, options: CrossEncoderOptions) throws(ModelError) {
        guard isDirectory(directory) else { throw .noDirectory(directory) }
        self.directory = directory
        self.options = options
        let folder = try SentenceFolder(directory)
        let (config, activation) = try CrossEncoderFolder.read(directory, folder)
        let weights = try Weights(directory: folder.checkpoint)
        // Taken before the transformer looks for tensors that nobody needs.
        let head = try ClassificationHead(
            config, CheckpointFolder(path: folder.checkpoint), weights)
        checkpoint = try Checkpoint(
            folder.checkpoint, weights, lowercases: folder.lowercases, precision: options.precision)
        (pooling, padding) = (head.pooling, head.padding)
        steps = try head.steps(
            width: checkpoint.transformer.width, activation, givesLogits: options.givesLogits,
            path: weights.path)
        maxLength = try checkpoint.length(
            options.maxLength, option: "--max-length", said: folder.maxLength,
            specials: checkpoint.tokenizer.pairSpecialTokensCount)
        hasTypes = try Self.hasTypes(checkpoint)
    }

    /// Types are for models that have more than one, by tokenizers that give them.
    private static func hasTypes(_ checkpoint: Checkpoint) throws(ModelError) -> Bool {
        let known = checkpoint.transformer.typeCount
        let inputs = try SpecialTokens.read(checkpoint.path).modelInputNames
        guard known > 1, inputs?.contains("token_type_ids") ?? true else { return false }
        let highest = checkpoint.tokenizer.pairTypeMax
        guard highest < known else {
            throw .configuration(
                path: "\(checkpoint.path)/tokenizer.json",
                reason: "a pair has tokens of the type \(highest), the model knows only "
                    + "\(known) types")
        }
        return true
    }

    /// A query and a document, UTF-8.
    public typealias Pair = (query: UnsafeRawBufferPointer, document: UnsafeRawBufferPointer)

    /// Scores of `pairs`, computed on `threads` threads: the same to the last bit, whatever pairs
    /// are beside each other and however many threads there are.
    public func score(
        _ pairs: [Pair], threads: Int, progress: EncodingProgress
    ) throws(ModelError) -> PairScores {
        let rows = try run(pairs, threads: threads, progress: progress)
        let values = UnsafeBufferPointer(start: rows.vectors.floats, count: pairs.count * labels)
        return withExtendedLifetime(rows) {
            PairScores(
                labels: labels, values: Array(values), tokenCounts: rows.tokenCounts,
                maxLength: maxLength)
        }
    }

    /// The same of strings.
    public func score(
        _ pairs: [(query: String, document: String)], threads: Int = 1
    ) throws(ModelError) -> PairScores {
        try pairs.flatMap { [$0.query, $0.document] }.withBytes { spans throws(ModelError) in
            let pairs = stride(from: 0, to: spans.count, by: 2).map { (spans[$0], spans[$0 + 1]) }
            return try score(pairs, threads: threads, progress: EncodingProgress())
        }
    }
}

extension CrossEncoder: BatchEncoding {
    var dimension: Int { labels }

    func add(
        _ pair: Pair, to batch: inout TokenBatch, _ buffers: inout TextBuffers
    ) -> Int {
        batch.addTyped { (ids, types) in
            let begin = types.count
            let total = tokenizer.encodePair(
                pair.query, pair.document, limit: maxLength, into: &ids, types: &types,
                using: &buffers.scratch)
            if !hasTypes { for place in begin..<types.count { types[place] = 0 } }
            return total
        }
    }

    func rows(
        of batch: TokenBatch, _ workspace: Workspace, counts: inout [Int]
    ) throws(ModelError) -> UnsafePointer<Float> {
        let transformer = checkpoint.transformer
        let states = try transformer.states(
            of: batch, layers: transformer.layerCount, workspace)
        let pairs = batch.documents.map { trimmed($0, batch.ids) }
        counts += repeatElement(1, count: pairs.count)
        let pooled = try [pooling].pool(states, pairs, width: transformer.width, workspace)
        return UnsafePointer(
            try steps(pooled, count: pairs.count, width: transformer.width, workspace))
    }

    /// Without padding that the tokenizer itself, or a text, put at the end; of a pair of nothing
    /// else the first token stays, as transformers has it.
    private func trimmed(_ pair: Range<Int>, _ ids: [Int32]) -> Range<Int> {
        guard let padding, !pair.isEmpty else { return pair }
        let last = pair.last { ids[$0] != padding } ?? pair.lowerBound
        return pair.lowerBound..<last + 1
    }
}
