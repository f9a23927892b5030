// Fewer tokens for a passage: neighbours in the space of vectors become one.

/// Token pooling by Ward's hierarchical clustering (Clavié, Chaffin and Adams 2024, section 2).
public enum TokenPooling {
    /// Memory and time go with the square of the tokens: 2,048 take 16 MiB.
    public static let tokensMax = 2048

    /// The first `protected` tokens as they are, then the mean of each cluster at length 1, in the
    /// order of the clusters' first tokens. There are as many clusters as the other tokens divided
    /// by `factor`, rounded down, 1 at least.
    ///
    /// - Parameters:
    ///   - tokens: of length 1.
    ///   - factor: 1 pools nothing.
    /// - Throws: `.tooManyTokens`.
    public static func pool(
        _ tokens: TokenMatrix, factor: Int, protected: Int = 1
    ) throws(RetrievalError) -> TokenMatrix {
        precondition(factor >= 1 && protected >= 0, "factor \(factor), \(protected) protected")
        let kept = min(protected, tokens.count)
        let count = tokens.count - kept
        guard factor > 1, count > 1 else { return tokens }
        guard count <= tokensMax else { throw .tooManyTokens(found: count, limit: tokensMax) }
        let dimension = tokens.dimension
        let rest = TokenMatrix(checked: dimension, Array(tokens.values[(kept * dimension)...]))
        let clusters = WardClustering(rest).clusters(max(1, count / factor))
        var means = [Float](repeating: 0, count: ((clusters.max() ?? 0) + 1) * dimension)
        // The direction of the sum is that of the mean.
        for (token, cluster) in clusters.enumerated() {
            for (index, value) in rest[token].enumerated() {
                means[cluster * dimension + index] += value
            }
        }
        let pooled = TokenMatrix(checked: dimension, means).normalised()
        return TokenMatrix(
            checked: dimension, Array(tokens.values[..<(kept * dimension)]) + pooled.values)
    }
}

/// Merges that raise the sum of squares within clusters least (Ward 1963), found by chains of
/// nearest neighbours (Murtagh 1983) in time n^2.
struct WardClustering {
    private let count: Int
    /// Pairs of tokens, one of either cluster that was merged, with the distance of the clusters.
    private var merges: [(first: Int, second: Int, distance: Float)] = []

    init(_ tokens: TokenMatrix) {
        count = tokens.count
        var distances = Self.distances(tokens)
        var sizes = [Float](repeating: 1, count: count)
        var chain: [Int] = []
        while merges.count < count - 1 {
            if chain.isEmpty, let first = sizes.firstIndex(where: { $0 > 0 }) {
                chain.append(first)
            }
            let last = chain[chain.count - 1]
            let before = chain.count > 1 ? chain[chain.count - 2] : nil
            let nearest = nearest(to: last, before: before, distances, sizes)
            if nearest != before {
                chain.append(nearest)
                continue
            }
            chain.removeLast(2)
            merge(nearest, last, &distances, &sizes)
        }
    }

    /// Squared distances `[count, count]`.
    private static func distances(_ tokens: TokenMatrix) -> [Float] {
        let (count, dimension) = (tokens.count, tokens.dimension)
        var distances = [Float](repeating: 0, count: count * count)
        tokens.values.withUnsafeBufferPointer { values in
            for i in 0..<count {
                for j in 0..<i {
                    var sum: Float = 0
                    for k in 0..<dimension {
                        let difference = values[i * dimension + k] - values[j * dimension + k]
                        sum += difference * difference
                    }
                    distances[i * count + j] = sum
                    distances[j * count + i] = sum
                }
            }
        }
        return distances
    }

    /// Of equally near ones the one before in the chain, or else the first: so chains end.
    private func nearest(
        to cluster: Int, before: Int?, _ distances: [Float], _ sizes: [Float]
    ) -> Int {
        var best = before ?? -1
        var least = before.map { distances[cluster * count + $0] } ?? .infinity
        for other in 0..<count where other != cluster && sizes[other] > 0 {
            let distance = distances[cluster * count + other]
            if distance < least || best < 0 {
                least = distance
                best = other
            }
        }
        return best
    }

    /// The formula of Lance and Williams (1967) for Ward's distance; `b` takes the place of both.
    private mutating func merge(
        _ a: Int, _ b: Int, _ distances: inout [Float], _ sizes: inout [Float]
    ) {
        let between = distances[a * count + b]
        merges.append((a, b, between))
        for other in 0..<count where other != a && other != b && sizes[other] > 0 {
            let sum =
                (sizes[other] + sizes[a]) * distances[a * count + other]
                + (sizes[other] + sizes[b]) * distances[b * count + other]
                - sizes[other] * between
            let distance = sum / (sizes[other] + sizes[a] + sizes[b])
            distances[b * count + other] = distance
            distances[other * count + b] = distance
        }
        sizes[b] += sizes[a]
        sizes[a] = 0
    }

    /// The cluster of each token when `wanted` are left, numbered by their first tokens.
    func clusters(_ wanted: Int) -> [Int] {
        var parents = Array(0..<count)
        func root(_ token: Int) -> Int {
            var token = token
            while parents[token] != token { token = parents[token] }
            return token
        }
        let order = merges.indices.sorted {
            (merges[$0].distance, $0) < (merges[$1].distance, $1)
        }
        for index in order.prefix(max(0, count - wanted)) {
            parents[root(merges[index].first)] = root(merges[index].second)
        }
        var numbers: [Int: Int] = [:]
        return (0..<count).map { token in
            let root = root(token)
            if let number = numbers[root] { return number }
            numbers[root] = numbers.count
            return numbers.count - 1
        }
    }
}
