// Late chunking: vectors of passages that have seen the whole document.

import Tokenizers

extension EmbeddingModel {
    /// The mean of the states of each chunk's tokens in one pass over the whole document, then what
    /// the folder does behind pooling (Günther et al. 2024, Late Chunking, section 3.1).
    ///
    /// A token belongs to the chunk in which it ends. Tokens around the text belong to none; a
    /// chunk without any token has zeros. Where chunks end is found by tokenizing the document up
    /// to there, and the ids that both have in common.
    ///
    /// - Parameters:
    ///   - document: UTF-8.
    ///   - chunks: ranges of its bytes.
    ///   - progress: by which others may stop it.
    /// - Returns: Float32 [chunks, dimension], row-major.
    /// - Throws: `.tooLong` for a document of more than `maxLength` tokens: nothing is cut;
    ///   `.tooLarge` for one of more than 64 bytes for each of these, since what stands before the
    ///   end of a chunk is tokenized for every chunk; `.outside`; `.setting` if the model has not
    ///   one pooling; `.model`.
    public func lateChunkVectors(
        _ document: UnsafeRawBufferPointer, _ chunks: [Range<Int>],
        progress: EncodingProgress = EncodingProgress()
    ) throws(ChunkError) -> [Float] {
        guard poolings.count == 1 else {
            throw .setting("late chunking needs a model that pools tokens in one way")
        }
        if let chunk = chunks.first(where: { $0.lowerBound < 0 || $0.upperBound > document.count })
        {
            throw .outside(chunk, bytes: document.count)
        }
        let bytesMax = PassageCutter.bytesPerTokenMax * maxLength
        guard document.count <= bytesMax else {
            throw .tooLarge(bytes: document.count, limit: bytesMax)
        }
        var batch = TokenBatch()
        var buffers = TextBuffers()
        let tokens = add(document, to: &batch, &buffers)
        guard tokens <= maxLength else { throw .tooLong(tokens: tokens, limit: maxLength) }
        let rows = try rows(of: chunks, document, batch.ids, &buffers, progress)
        do throws(ModelError) {
            let workspace = Workspace()
            let width = checkpoint.transformer.width
            let states = try checkpoint.transformer.states(of: batch, layers: layers, workspace)
            let means = try [Pooling.mean].pool(states, rows, width: width, workspace)
            let vectors = try steps(means, count: rows.count, width: width, workspace)
            return Array(UnsafeBufferPointer(start: vectors, count: rows.count * dimension))
        } catch { throw .model(error) }
    }

    /// Which of the document's tokens are whose.
    private func rows(
        of chunks: [Range<Int>], _ document: UnsafeRawBufferPointer, _ ids: [Int32],
        _ buffers: inout TextBuffers, _ progress: EncodingProgress
    ) throws(ChunkError) -> [Range<Int>] {
        var known: [Int: Int] = [:]
        let around = tokenizer.specialTokensAround
        for place in Set(chunks.flatMap { [$0.lowerBound, $0.upperBound] }) {
            guard !progress.isCancelled else { throw .model(.cancelled) }
            var prefix: [Int32] = []
            _ = buffers.encode(
                UnsafeRawBufferPointer(rebasing: document[..<place]), behind: prompt, tokenizer,
                limit: nil, into: &prefix)
            let own = prefix.dropLast(around.after)
            let common = zip(own, ids).prefix { $0.0 == $0.1 }.count
            known[place] = min(max(common, around.before), max(ids.count - around.after, 0))
        }
        return chunks.map { chunk in
            let begin = known[chunk.lowerBound] ?? 0
            return begin..<max(begin, known[chunk.upperBound] ?? begin)
        }
    }
}
