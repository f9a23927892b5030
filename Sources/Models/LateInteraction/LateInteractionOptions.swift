// What a caller may choose about late interaction; what is left out is as the folder says.

public struct LateInteractionOptions: Sendable, Hashable, Codable {
    /// Brings token vectors to another number of values, behind what the folder itself has for it.
    public enum Projection: Sendable, Hashable, Codable {
        /// A matrix [to, from], of a .npy file or alone in a safetensors file.
        case file(path: String)
        /// Rows of a random orthogonal matrix, the same for a seed everywhere.
        case random(dimension: Int, seed: UInt64)
        /// The matrix [dimension, from] itself, row-major.
        case matrix([Float], dimension: Int)
    }

    public var precision = Precision.f32
    /// Tokens of a query, special and expansion tokens included.
    public var queryLength: Int?
    /// Tokens of a document, special tokens included.
    public var documentLength: Int?
    /// Text in front of every query; "" for none.
    public var queryPrompt: String?
    /// Text in front of every document; "" for none.
    public var documentPrompt: String?
    /// The first so many values of each vector (Matryoshka), before a projection.
    public var dimension: Int?
    public var projection: Projection?
    /// Whether the tokens that the tokenizer puts around a text, and the mark of its role, have
    /// vectors, too.
    public var keepsSpecialTokens = true
    /// Whether punctuation has no vectors in documents.
    public var skipsPunctuation: Bool?
    public var normalizes = true
    /// Hidden states after this many layers.
    public var layer: Int?

    public init() {}
}
