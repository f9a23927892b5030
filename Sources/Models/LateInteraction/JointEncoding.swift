// Vectors of tokens and one of the whole text, in one pass of the transformer.

import Tensors

/// Two models of one folder that read documents, or queries, as the same tokens. What each makes of
/// them is the same to the last bit as what it makes alone.
public struct JointEncoding: Sendable {
    private let tokens: TokenEncoding
    private let texts: EmbeddingModel

    /// Of documents. Nil where the two would run the transformer on other tokens, or through other
    /// layers: with a mark of the role, a prompt or a length of one of them alone.
    public init?(_ tokens: LateInteractionModel, _ texts: EmbeddingModel) {
        guard texts.isBeside(tokens) else { return nil }
        self.init(tokens.documents, texts)
    }

    /// Of queries. Nil as for documents, and where queries are lengthened.
    public init?(queriesOf tokens: LateInteractionModel, _ texts: EmbeddingModel) {
        guard texts.isBeside(tokens) else { return nil }
        self.init(tokens.queries, texts)
    }

    private init?(_ tokens: TokenEncoding, _ texts: EmbeddingModel) {
        guard !texts.poolings.isEmpty, tokens.prefix == nil, tokens.expansion == nil,
            tokens.prompt == texts.prompt, tokens.maxLength == texts.maxLength,
            tokens.layers == texts.layers
        else { return nil }
        self.tokens = tokens
        self.texts = texts
    }

    /// - Returns: what `encodeDocuments` or `encodeQueries` of the one and `encode` of the other
    ///   return.
    public func encode(
        _ texts: [UnsafeRawBufferPointer], threads: Int, progress: EncodingProgress
    ) throws(ModelError) -> (tokens: EncodedTexts, texts: EncodedTexts) {
        let parts = try parts(texts, threads: threads, progress: progress)
        let rows = try gather(parts, count: texts.count)
        let vectors = try AlignedBuffer.floats(texts.count * secondDimension, doing: "vectors")
        for part in parts {
            for (row, text) in part.texts.enumerated() {
                for place in 0..<secondDimension {
                    vectors.floats[text.index * secondDimension + place] =
                        part.second[row * secondDimension + place]
                }
            }
        }
        let second = EncodedTexts(
            dimension: secondDimension, vectors: vectors,
            rowCounts: [Int32](repeating: 1, count: texts.count), tokenCounts: rows.tokenCounts,
            maxLength: maxLength)
        return (rows, second)
    }
}

extension JointEncoding: BatchEncoding {
    var dimension: Int { tokens.dimension }
    var secondDimension: Int { texts.dimension }
    var maxLength: Int { tokens.maxLength }

    func add(
        _ text: UnsafeRawBufferPointer, to batch: inout TokenBatch, _ buffers: inout TextBuffers
    ) -> Int {
        tokens.add(text, to: &batch, &buffers)
    }

    func rows(
        of batch: TokenBatch, _ workspace: Workspace, counts: inout [Int], second: inout [Float]
    ) throws(ModelError) -> UnsafePointer<Float> {
        let states = try tokens.checkpoint.transformer.states(
            of: batch, layers: tokens.layers, workspace)
        // In a room of its own: tokens change the states where they stand.
        let room = Workspace()
        let rows = try texts.pooled(states, of: batch, room)
        let count = batch.documents.count * texts.dimension
        withExtendedLifetime(room) {
            second.append(contentsOf: UnsafeBufferPointer(start: rows, count: count))
        }
        return try tokens.rows(of: states, batch, workspace, counts: &counts)
    }

    func rows(
        of batch: TokenBatch, _ workspace: Workspace, counts: inout [Int]
    ) throws(ModelError) -> UnsafePointer<Float> {
        try tokens.rows(of: batch, workspace, counts: &counts)
    }
}
