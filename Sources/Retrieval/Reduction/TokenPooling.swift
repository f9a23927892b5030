// Fewer tokens for a passage: neighbours in the space of vectors become one.

/// Token pooling by Ward's hierarchical clustering on cosine distance (Clavié, Chaffin and Adams
/// 2024, section 2), as PyLate and sentence-transformers have it.
public enum TokenPooling {
    /// Memory and time go with the square of the tokens: what is longer is pooled in parts of so
    /// many, each by itself, which takes 128 MiB.
    public static let tokensMax = 8192

    /// The first `protected` tokens as they are, then the mean of each cluster at length 1, in the
    /// order of the clusters' first tokens. There are as many clusters as the other tokens divided
    /// by `factor`, rounded down, 1 at least; fewer where tokens are equal.
    ///
    /// - Parameters:
    ///   - tokens: of length 1.
    ///   - factor: 1 pools nothing.
    public static func pool(_ tokens: TokenMatrix, factor: Int, protected: Int = 1) -> TokenMatrix {
        pool(tokens, factor: factor, protected: protected, inPartsOf: tokensMax)
    }

    static func pool(
        _ tokens: TokenMatrix, factor: Int, protected: Int, inPartsOf tokensMax: Int
    ) -> TokenMatrix {
        precondition(factor >= 1 && protected >= 0, "factor \(factor), \(protected) protected")
        let dimension = tokens.dimension
        let kept = min(protected, tokens.count)
        guard factor > 1, tokens.count - kept > 1 else { return tokens }
        var values = Array(tokens.values[..<(kept * dimension)])
        for first in stride(from: kept, to: tokens.count, by: tokensMax) {
            let part = first..<min(first + tokensMax, tokens.count)
            values += means(
                TokenMatrix(
                    checked: dimension,
                    Array(tokens.values[part.lowerBound * dimension..<part.upperBound * dimension])
                ), factor: factor)
        }
        return TokenMatrix(checked: dimension, values)
    }

    private static func means(_ tokens: TokenMatrix, factor: Int) -> [Float] {
        let dimension = tokens.dimension
        let clusters = WardClustering(tokens).clusters(max(1, tokens.count / factor))
        var sums = [Float](repeating: 0, count: ((clusters.max() ?? 0) + 1) * dimension)
        // The direction of the sum is that of the mean.
        for (token, cluster) in clusters.enumerated() {
            for (index, value) in tokens[token].enumerated() {
                sums[cluster * dimension + index] += value
            }
        }
        return TokenMatrix(checked: dimension, sums).normalised().values
    }
}
