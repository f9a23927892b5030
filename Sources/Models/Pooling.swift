// From hidden states of tokens to one vector of a document.

import CKernels

/// As `1_Pooling/config.json` of sentence-transformers names them.
public enum Pooling: String, Sendable, CaseIterable, Codable {
    case cls
    case max
    case mean
    /// The sum divided by the square root of the number of tokens.
    case meanSqrt = "mean_sqrt_len_tokens"
    /// Token i of n weighs i (Muennighoff 2022).
    case weightedMean = "weightedmean"
    case lastToken = "lasttoken"

    /// - Parameters:
    ///   - states: [tokens, width] of one document, at least one token.
    ///   - vector: [width].
    func pool(
        _ states: UnsafePointer<Float>, tokens: Int, width: Int,
        into vector: UnsafeMutablePointer<Float>
    ) {
        switch self {
        case .cls: vector.update(from: states, count: width)
        case .lastToken: vector.update(from: states + (tokens - 1) * width, count: width)
        case .max:
            vector.update(from: states, count: width)
            for token in 1..<tokens { dense_maximum(vector, states + token * width, width) }
        case .mean, .meanSqrt:
            sum(states, tokens, width, into: vector) { _ in 1 }
            let count = Float(tokens)
            dense_scale(vector, 1 / (self == .mean ? count : count.squareRoot()), width)
        case .weightedMean:
            sum(states, tokens, width, into: vector) { Float($0 + 1) }
            dense_scale(vector, 2 / (Float(tokens) * Float(tokens + 1)), width)
        }
    }

    private func sum(
        _ states: UnsafePointer<Float>, _ tokens: Int, _ width: Int,
        into vector: UnsafeMutablePointer<Float>, weight: (Int) -> Float
    ) {
        vector.update(repeating: 0, count: width)
        for token in 0..<tokens {
            dense_add_scaled(vector, states + token * width, weight(token), width)
        }
    }
}
