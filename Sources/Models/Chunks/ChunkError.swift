// What can go wrong when a document is cut.

public enum ChunkError: Error, Sendable, CustomStringConvertible {
    case setting(String)
    /// One character has more tokens than a chunk may have.
    case unsplittable(byte: Int, tokens: Int, limit: Int)
    /// For one pass through the model.
    case tooLong(tokens: Int, limit: Int)
    /// For one pass, whatever its tokens.
    case tooLarge(bytes: Int, limit: Int)
    /// A chunk that is no range of the document.
    case outside(Range<Int>, bytes: Int)
    case model(ModelError)

    public var description: String {
        switch self {
        case .setting(let sentence): sentence
        case .unsplittable(let byte, let tokens, let limit):
            "the character at byte \(byte) has \(tokens) tokens with those around a text, more "
                + "than the \(limit) of a chunk; ask for longer chunks"
        case .tooLong(let tokens, let limit):
            "the document has \(tokens) tokens and the model takes \(limit) in one pass; cut it "
                + "into parts, or use a model for longer texts"
        case .tooLarge(let bytes, let limit):
            "the document has \(bytes) bytes, and at most \(limit) are taken in one pass of the "
                + "model; cut it into parts, or use a model for longer texts"
        case .outside(let range, let bytes):
            "the chunk \(range) is no part of a document of \(bytes) bytes"
        case .model(let error): error.description
        }
    }
}
