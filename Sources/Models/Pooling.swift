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
    ///   - skipping: tokens at the beginning, of the prompt, that are left out; not all.
    ///   - vector: [width].
    func pool(
        _ states: UnsafePointer<Float>, tokens: Int, skipping: Int = 0, width: Int,
        into vector: UnsafeMutablePointer<Float>
    ) {
        switch self {
        case .cls: vector.update(from: states + skipping * width, count: width)
        case .lastToken: vector.update(from: states + (tokens - 1) * width, count: width)
        case .max:
            vector.update(from: states + skipping * width, count: width)
            for token in skipping + 1..<tokens {
                dense_maximum(vector, states + token * width, width)
            }
        case .mean: average(states, skipping..<tokens, width, into: vector)
        case .meanSqrt:
            average(states, skipping..<tokens, width, into: vector)
            dense_scale(vector, Float(tokens - skipping).squareRoot(), width)
        case .weightedMean:
            // Tokens keep the weights of their places in the whole text.
            average(states, skipping..<tokens, width, into: vector) { Float($0 + 1) }
        }
    }

    private func average(
        _ states: UnsafePointer<Float>, _ tokens: Range<Int>, _ width: Int,
        into vector: UnsafeMutablePointer<Float>, weight: (Int) -> Float = { _ in 1 }
    ) {
        vector.update(repeating: 0, count: width)
        var total: Float = 0
        for token in tokens {
            dense_add_scaled(vector, states + token * width, weight(token), width)
            total += weight(token)
        }
        dense_scale(vector, 1 / total, width)
    }
}

extension [Pooling] {
    /// Vectors [documents, width * count] of `documents`, their poolings side by side.
    ///
    /// - skipping: tokens at the beginning of each document that are left out, but for the last.
    func pool(
        _ states: UnsafePointer<Float>, _ documents: [Range<Int>], skipping: Int = 0, width: Int,
        _ workspace: Workspace
    ) throws(ModelError) -> UnsafeMutablePointer<Float> {
        let vectors = try workspace.floats(.result, documents.count * count * width)
        for (row, tokens) in documents.enumerated() {
            let vector = vectors + row * count * width
            // A document without any token, of a tokenizer that adds none.
            guard !tokens.isEmpty else {
                vector.update(repeating: 0, count: count * width)
                continue
            }
            for (index, pooling) in enumerated() {
                pooling.pool(
                    states + tokens.lowerBound * width, tokens: tokens.count,
                    skipping: Swift.min(skipping, tokens.count - 1), width: width,
                    into: vector + index * width)
            }
        }
        return vectors
    }
}
