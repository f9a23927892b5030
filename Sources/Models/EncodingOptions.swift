// What a caller may choose about encoding; what is left out is as the model's folder says.

public struct EncodingOptions: Sendable, Hashable, Codable {
    public var precision = Precision.f32
    /// Tokens of a document, special tokens included.
    public var maxLength: Int?
    /// The first so many values of each vector (Matryoshka, Kusupati et al. 2022), then normalised
    /// anew where the folder normalises.
    public var dimension: Int?
    /// Text in front of every document; "" for none.
    public var prompt: String?
    /// The prompt of this name in the folder.
    public var promptName: String?
    /// Hidden states after this many layers.
    public var layer: Int?
    public var pooling: Pooling?
    public var normalizes: Bool?
    /// A vector for each token instead of one for the document.
    public var isTokenLevel = false
    /// Of vectors of tokens, behind what the folder itself has for them.
    public var projection: LateInteractionOptions.Projection?

    public init() {}
}
