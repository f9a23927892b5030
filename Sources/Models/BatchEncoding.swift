// Encoding: threads take inputs one after the other and run them in packed batches.

import Synchronization
import Tensors
import Tokenizers

/// What a kind of model does besides running its transformer.
protocol BatchEncoding: Sendable {
    /// A text, or a pair of texts.
    associatedtype Input
    /// Of a row.
    var dimension: Int { get }
    /// Tokens of an input, special tokens included; what is longer is cut.
    var maxLength: Int { get }

    /// Adds the tokens of an input to the batch.
    /// - Returns: how many they were before they were cut.
    func add(_ input: Input, to batch: inout TokenBatch, _ buffers: inout TextBuffers) -> Int

    /// Rows [_, dimension] of the documents of a batch, one behind the other, valid until the
    /// workspace is used again.
    /// - Parameter counts: how many rows each document has.
    func rows(
        of batch: TokenBatch, _ workspace: Workspace, counts: inout [Int]
    ) throws(ModelError) -> UnsafePointer<Float>

    /// Of a second row, one for each input, that is made of the same states; 0 for none.
    var secondDimension: Int { get }

    /// The same, and appends the second rows [documents, secondDimension] to `second`.
    func rows(
        of batch: TokenBatch, _ workspace: Workspace, counts: inout [Int], second: inout [Float]
    ) throws(ModelError) -> UnsafePointer<Float>
}

extension BatchEncoding {
    var secondDimension: Int { 0 }

    func rows(
        of batch: TokenBatch, _ workspace: Workspace, counts: inout [Int], second: inout [Float]
    ) throws(ModelError) -> UnsafePointer<Float> {
        try rows(of: batch, workspace, counts: &counts)
    }
}

/// What a thread keeps between texts.
struct TextBuffers {
    var scratch = Tokenizer.Scratch()
    private var text: [UInt8] = []

    /// Appends the ids of `prompt` and `text` together.
    /// - Returns: how many they were before they were cut at `limit`.
    mutating func encode(
        _ text: UnsafeRawBufferPointer, behind prompt: String, _ tokenizer: Tokenizer,
        limit: Int?, into ids: inout [Int32]
    ) -> Int {
        guard !prompt.isEmpty else {
            return tokenizer.encode(text, limit: limit, into: &ids, using: &scratch)
        }
        self.text.removeAll(keepingCapacity: true)
        self.text.append(contentsOf: prompt.utf8)
        self.text.append(contentsOf: text)
        return self.text.withUnsafeBytes { bytes in
            tokenizer.encode(bytes, limit: limit, into: &ids, using: &scratch)
        }
    }
}

/// Tokens of a batch: enough that weights are read seldom, so few that its rows stay in the
/// second-level cache.
private let batchTokens = 384

extension BatchEncoding {
    /// Rows of `inputs`, computed on `threads` threads: the same to the last bit, whatever inputs
    /// are beside each other and however many threads there are.
    func run(
        _ inputs: [Input], threads: Int, progress: EncodingProgress
    ) throws(ModelError) -> EncodedTexts {
        try gather(parts(inputs, threads: threads, progress: progress), count: inputs.count)
    }

    /// What each thread made.
    func parts(
        _ inputs: [Input], threads: Int, progress: EncodingProgress
    ) throws(ModelError) -> [EncodedPart] {
        let next = Atomic<Int>(0)
        let count = max(1, min(threads, inputs.count))
        return try Parallel.map(Array(0..<count)) { (_, _) throws(ModelError) in
            var part = EncodedPart()
            let worker = EncodingThread(self)
            while !progress.isCancelled {
                let tokens = worker.fill(upTo: batchTokens) {
                    let index = next.add(1, ordering: .relaxed).oldValue
                    return index < inputs.count ? (index, inputs[index]) : nil
                }
                if worker.isEmpty { return part }
                try worker.run(into: &part)
                progress.add(documents: worker.documentCount, tokens: tokens)
            }
            throw ModelError.cancelled
        }
    }

    /// Rows in the order of the inputs.
    func gather(_ parts: [EncodedPart], count: Int) throws(ModelError) -> EncodedTexts {
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
