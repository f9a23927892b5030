// Fewer tokens for a passage: those that the others stand for are dropped.

/// Keeps the tokens that the kept ones represent least, one after the other: each time the one that
/// is farthest from all kept ones (Gonzalez 1985). What MaxSim loses of a query token of length 1
/// is at most the distance of a dropped token to the nearest kept one, and this choice is within
/// twice the best of that.
public enum TokenPruning {
    /// At most `limit` tokens in their order, the first `protected` always among them.
    ///
    /// - Parameter tokens: of length 1.
    public static func prune(
        _ tokens: TokenMatrix, limit: Int, protected: Int = 1
    ) -> TokenMatrix {
        precondition(limit >= 1 && protected >= 0, "\(limit) tokens, \(protected) protected")
        guard tokens.count > limit else { return tokens }
        let kept = farthest(tokens, limit, first: min(protected, limit))
        return TokenMatrix(checked: tokens.dimension, kept.flatMap { tokens[$0] })
    }

    private static func farthest(_ tokens: TokenMatrix, _ limit: Int, first: Int) -> [Int] {
        let (count, dimension) = (tokens.count, tokens.dimension)
        var isKept = [Bool](repeating: false, count: count)
        // The greatest product with a kept token.
        var nearness = [Float](repeating: -.infinity, count: count)
        tokens.values.withUnsafeBufferPointer { rows in
            guard let rows = rows.baseAddress else { return }
            func keep(_ token: Int) {
                isKept[token] = true
                for other in 0..<count where !isKept[other] {
                    let cosine = product(
                        rows + token * dimension, rows + other * dimension, dimension)
                    nearness[other] = max(nearness[other], cosine)
                }
            }
            for token in 0..<first { keep(token) }
            for _ in first..<limit {
                var next = -1
                for token in 0..<count where !isKept[token] {
                    if next < 0 || nearness[token] < nearness[next] { next = token }
                }
                keep(next)
            }
        }
        return isKept.indices.filter { isKept[$0] }
    }
}
