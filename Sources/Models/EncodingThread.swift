// One thread's share of encoding: tokens of a few documents, their hidden states, their vectors.

import CKernels
import Tensors
import Tokenizers

/// Used by one thread.
final class EncodingThread {
    private let model: EmbeddingModel
    private let workspace = Workspace()
    private var scratch = Tokenizer.Scratch()
    private var batch = TokenBatch()
    private var text: [UInt8] = []
    /// Tokens at the beginning of a document that pooling leaves out.
    private let promptTokens: Int

    init(_ model: EmbeddingModel) {
        self.model = model
        promptTokens = Self.promptTokens(model, &scratch)
    }

    var isEmpty: Bool { batch.documents.isEmpty }
    var documentCount: Int { batch.documents.count }

    /// As sentence-transformers counts them: of the prompt alone, less a special token at its end.
    private static func promptTokens(
        _ model: EmbeddingModel, _ scratch: inout Tokenizer.Scratch
    ) -> Int {
        guard !model.prompt.isEmpty, !model.poolsPrompt else { return 0 }
        let prompt = ids(of: model.prompt, model, &scratch)
        let specials = ids(of: "", model, &scratch)
        let endsAlike = specials.last != nil && prompt.last == specials.last
        return max(endsAlike ? prompt.count - 1 : prompt.count, 0)
    }

    private static func ids(
        of text: String, _ model: EmbeddingModel, _ scratch: inout Tokenizer.Scratch
    ) -> [Int32] {
        var ids: [Int32] = []
        Array(text.utf8).withUnsafeBytes { bytes in
            _ = model.tokenizer.encode(bytes, limit: nil, into: &ids, using: &scratch)
        }
        return ids
    }

    /// Takes documents until the batch is full or there are no more.
    /// - Returns: tokens of the batch.
    func fill(
        upTo tokens: Int, into part: inout EmbeddingModel.Part,
        _ next: () -> (index: Int, text: UnsafeRawBufferPointer)?
    ) throws(ModelError) -> Int {
        batch.removeAll()
        while batch.ids.count < tokens, let (index, text) = next() {
            let total = batch.add { ids in append(text, to: &ids) }
            let kept = batch.documents[batch.documents.count - 1].count
            part.texts.append((index, model.poolings.isEmpty ? kept : 1, total))
        }
        return batch.ids.count
    }

    private func append(_ document: UnsafeRawBufferPointer, to ids: inout [Int32]) -> Int {
        guard !model.prompt.isEmpty else {
            return model.tokenizer.encode(
                document, limit: model.maxLength, into: &ids, using: &scratch)
        }
        text.removeAll(keepingCapacity: true)
        text.append(contentsOf: model.prompt.utf8)
        text.append(contentsOf: document)
        return text.withUnsafeBytes { bytes in
            model.tokenizer.encode(bytes, limit: model.maxLength, into: &ids, using: &scratch)
        }
    }

    /// Computes the batch and appends its rows.
    func run(into part: inout EmbeddingModel.Part) throws(ModelError) {
        let width = model.transformer.width
        let states = try model.transformer.states(of: batch, layers: model.layers, workspace)
        var rows = batch.ids.count
        var vectors = states
        var current = width
        if !model.poolings.isEmpty {
            rows = batch.documents.count
            current = width * model.poolings.count
            vectors = try workspace.floats(.result, rows * current)
            for (row, tokens) in batch.documents.enumerated() {
                pool(states, tokens, width, into: vectors + row * current)
            }
        }
        for step in model.steps { try apply(step, &vectors, rows: rows, &current) }
        part.vectors.append(contentsOf: UnsafeBufferPointer(start: vectors, count: rows * current))
    }

    private func pool(
        _ states: UnsafePointer<Float>, _ tokens: Range<Int>, _ width: Int,
        into vector: UnsafeMutablePointer<Float>
    ) {
        // A document without any token, of a tokenizer that adds none.
        guard !tokens.isEmpty else {
            return vector.update(repeating: 0, count: width * model.poolings.count)
        }
        let skipped = min(promptTokens, tokens.count - 1)
        for (index, pooling) in model.poolings.enumerated() {
            pooling.pool(
                states + tokens.lowerBound * width, tokens: tokens.count, skipping: skipped,
                width: width, into: vector + index * width)
        }
    }

    private func apply(
        _ step: EmbeddingModel.Step, _ vectors: inout UnsafeMutablePointer<Float>, rows: Int,
        _ width: inout Int
    ) throws(ModelError) {
        switch step {
        case .dense(let module):
            // Behind two Dense modules the buffers take turns.
            let slot: Workspace.Slot = vectors == workspace.current(.inner) ? .context : .inner
            let to = try workspace.floats(slot, rows * module.linear.outputs)
            try module(vectors, rows: rows, into: to, workspace)
            vectors = to
            width = module.linear.outputs
        case .truncate(let kept):
            for row in 1..<max(rows, 1) {
                (vectors + row * kept).update(from: vectors + row * width, count: kept)
            }
            width = kept
        case .normalize:
            for row in 0..<rows { _ = kernel_normalise_row(vectors + row * width, width) }
        }
    }
}
