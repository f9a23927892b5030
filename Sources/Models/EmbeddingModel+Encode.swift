// Encoding texts: threads take documents one after the other and run them in packed batches.

import CKernels
import Synchronization
import Tensors
import Tokenizers

extension EmbeddingModel {
    /// Tokens of a batch: enough that weights are read seldom, so few that its rows stay in the
    /// second-level cache.
    private static let batchTokens = 384

    /// Vectors of `texts` (UTF-8), computed on `threads` threads.
    ///
    /// A document's vector is the same to the last bit, whatever texts are beside it and however
    /// many threads there are.
    public func encode(
        _ texts: [UnsafeRawBufferPointer], threads: Int, progress: EncodingProgress
    ) throws(ModelError) -> EncodedTexts {
        let next = Atomic<Int>(0)
        let count = max(1, min(threads, texts.count))
        let parts = try Parallel.map(Array(0..<count)) { (_, _) throws(ModelError) in
            var part = Part()
            let worker = EncodingThread(self)
            while !progress.isCancelled {
                let tokens = try worker.fill(upTo: Self.batchTokens, into: &part) {
                    let index = next.add(1, ordering: .relaxed).oldValue
                    return index < texts.count ? (index, texts[index]) : nil
                }
                if worker.isEmpty { return part }
                try worker.run(into: &part)
                progress.add(documents: worker.documentCount, tokens: tokens)
            }
            throw ModelError.cancelled
        }
        return try gather(parts, count: texts.count)
    }

    /// Rows that one thread made, and which text each run of them is of.
    struct Part: Sendable {
        var vectors: [Float] = []
        var texts: [(index: Int, rows: Int, tokens: Int)] = []
    }

    private func gather(_ parts: [Part], count: Int) throws(ModelError) -> EncodedTexts {
        var rows = [Int32](repeating: 0, count: count)
        var tokens = rows
        for text in parts.lazy.flatMap(\.texts) {
            rows[text.index] = Int32(text.rows)
            tokens[text.index] = Int32(clamping: text.tokens)
        }
        var places: [Int] = []
        var total = 0
        for count in rows {
            places.append(total)
            total += Int(count)
        }
        let buffer = try AlignedBuffer.floats(total * dimension, doing: "vectors")
        for part in parts {
            part.vectors.withUnsafeBufferPointer { vectors in
                var from = 0
                for text in part.texts where text.rows > 0 {
                    let values = UnsafeBufferPointer(
                        rebasing: vectors[from..<from + text.rows * dimension])
                    guard let base = values.baseAddress else { continue }
                    (buffer.floats + places[text.index] * dimension).update(
                        from: base, count: values.count)
                    from += values.count
                }
            }
        }
        return EncodedTexts(
            dimension: dimension, vectors: buffer, rowCounts: rows, tokenCounts: tokens,
            maxLength: maxLength)
    }
}
