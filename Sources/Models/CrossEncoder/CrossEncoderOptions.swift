// What a caller may choose about cross-encoders, and what they return.

public struct CrossEncoderOptions: Sendable, Hashable, Codable {
    public var precision = Precision.f32
    /// Tokens of a pair, special tokens included.
    public var maxLength: Int?
    /// Scores as the head computes them, without the activation behind it.
    public var givesLogits = false

    public init() {}
}

/// Scores in the order of the pairs.
public struct PairScores: Sendable {
    /// Scores of a pair.
    public let labels: Int
    /// [pairs, labels], row-major.
    public let values: [Float]
    /// Tokens of each pair before it was cut, special tokens included.
    public let tokenCounts: [Int32]
    public let maxLength: Int

    public var truncatedCount: Int { tokenCounts.count { $0 > maxLength } }
}
