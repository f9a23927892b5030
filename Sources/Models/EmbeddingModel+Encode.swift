// Encoding texts: a row a document, pooled of its tokens, or a row a token.

import Tokenizers

extension EmbeddingModel: BatchEncoding {
    /// Vectors of `texts` (UTF-8), computed on `threads` threads.
    ///
    /// A document's vector is the same to the last bit, whatever texts are beside it and however
    /// many threads there are.
    public func encode(
        _ texts: [UnsafeRawBufferPointer], threads: Int, progress: EncodingProgress
    ) throws(ModelError) -> EncodedTexts {
        try run(texts, threads: threads, progress: progress)
    }

    func add(
        _ text: UnsafeRawBufferPointer, to batch: inout TokenBatch, _ buffers: inout TextBuffers
    ) -> Int {
        batch.add { ids in
            buffers.encode(text, behind: prompt, tokenizer, limit: maxLength, into: &ids)
        }
    }

    func rows(
        of batch: TokenBatch, _ workspace: Workspace, counts: inout [Int]
    ) throws(ModelError) -> UnsafePointer<Float> {
        let transformer = checkpoint.transformer
        let states = try transformer.states(of: batch, layers: layers, workspace)
        guard !poolings.isEmpty else {
            counts += batch.documents.map(\.count)
            let rows = try steps(
                states, count: batch.ids.count, width: transformer.width, workspace)
            return UnsafePointer(rows)
        }
        counts += repeatElement(1, count: batch.documents.count)
        return try pooled(states, of: batch, workspace)
    }

    /// A row for each document.
    func pooled(
        _ states: UnsafePointer<Float>, of batch: TokenBatch, _ workspace: Workspace
    ) throws(ModelError) -> UnsafePointer<Float> {
        let width = checkpoint.transformer.width
        let vectors = try poolings.pool(
            states, batch.documents, skipping: skippedTokens, width: width, workspace)
        let rows = try steps(
            vectors, count: batch.documents.count, width: width * poolings.count, workspace)
        return UnsafePointer(rows)
    }

    /// Tokens at the beginning of a document that pooling leaves out, as sentence-transformers
    /// counts them: of the prompt alone, less a special token at its end.
    static func tokens(ofPrompt prompt: String, _ tokenizer: Tokenizer) -> Int {
        let ids = tokenizer.ids(of: prompt)
        let specials = tokenizer.ids(of: "")
        let endsAlike = specials.last != nil && ids.last == specials.last
        return max(endsAlike ? ids.count - 1 : ids.count, 0)
    }
}

extension Tokenizer {
    /// With the special tokens around them.
    func ids(of text: String) -> [Int32] {
        var ids: [Int32] = []
        var scratch = Scratch()
        Array(text.utf8).withUnsafeBytes { bytes in
            _ = encode(bytes, limit: nil, into: &ids, using: &scratch)
        }
        return ids
    }
}
