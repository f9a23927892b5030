// What brings a model's token vectors to the size that an index has, learned from a sample of them.

import Tensors

/// A matrix of an index: its documents and its queries are made with it.
public struct TokenProjection: Sendable, Equatable {
    /// Numbers of a vector before and behind it.
    public let inputs: Int
    public let dimension: Int
    /// `[dimension, inputs]`, row-major.
    public let values: [Float]
    /// So many tokens tell the components well enough, at a cost that does not grow.
    private static let tokensMax = 1 << 16

    /// Nil for numbers that are no such matrix.
    init?(checking values: [Float], dimension: Int, inputs: Int) {
        guard (1...TokenMatrix.dimensionMax).contains(inputs), (1...inputs).contains(dimension),
            values.count == dimension * inputs, values.allSatisfy(\.isFinite)
        else { return nil }
        self.values = values
        self.dimension = dimension
        self.inputs = inputs
    }

    /// The principal components of the directions of up to 65,536 tokens.
    ///
    /// - Parameters:
    ///   - sample: of at most `PrincipalComponents.widthMax` numbers each.
    ///   - dimension: not above that of the sample.
    public init(learnedFrom sample: TokenSample, dimension: Int, threads: Int) {
        precondition((1...sample.dimension).contains(dimension), "\(dimension) components")
        self.dimension = dimension
        inputs = sample.dimension
        values = PrincipalComponents.find(
            sample.tokens(limit: Self.tokensMax).normalised().values, width: inputs,
            rows: dimension, threads: threads)
    }

    func project(_ row: ArraySlice<Float>) -> [Float] {
        (0..<dimension).map { component in
            var sum: Float = 0
            for (place, value) in row.enumerated() {
                sum += values[component * inputs + place] * value
            }
            return sum
        }
    }
}

extension TokenSample {
    /// The same tokens as they are behind `projection`.
    public func projected(by projection: TokenProjection) -> TokenSample {
        replacing(dimension: projection.dimension) { projection.project($0) }
    }
}
