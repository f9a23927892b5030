// How long a passage is for an encoder: its tokenizer, its prompt and the tokens it adds.

public import Tokenizers

/// Counts as the model does that it was taken of, so that a passage within the limit is not cut
/// when it is encoded.
public struct TokenMeasure: Sendable {
    public let tokenizer: Tokenizer
    /// In front of every text.
    public let prompt: String
    /// Tokens that the model adds besides those of the tokenizer.
    let marks: Int
    /// Tokens that the model takes of a text.
    public let maxLength: Int

    public init(of model: EmbeddingModel) {
        tokenizer = model.tokenizer
        prompt = model.prompt
        marks = 0
        maxLength = model.maxLength
    }

    /// Of documents.
    public init(of model: LateInteractionModel) {
        tokenizer = model.tokenizer
        prompt = model.documents.prompt
        marks = model.documents.prefix == nil ? 0 : 1
        maxLength = model.documentLength
    }

    func count(_ text: UnsafeRawBufferPointer, _ buffers: inout TextBuffers) -> Int {
        var none: [Int32] = []
        return marks
            + buffers.encode(text, behind: prompt, tokenizer, limit: 0, into: &none)
    }
}
