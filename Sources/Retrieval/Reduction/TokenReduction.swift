// What is left of the tokens of texts before they are stored: pooled, pruned or all.

import Synchronization
public import Tensors

/// Of documents only: the vectors of a query are never reduced, since each asks for something.
public struct TokenReduction: Sendable, Hashable {
    /// Tokens that become one on average (`TokenPooling`); 1 pools nothing.
    public var poolFactor: Int
    /// Tokens of a text at most (`TokenPruning`), chosen of what pooling left; nil for all.
    public var tokensMax: Int?
    /// Tokens at the beginning that are always kept, such as [CLS].
    public var protected: Int
    /// What the distances of tokens may take on all threads together.
    private static let bytesMax = 1 << 29

    public init(poolFactor: Int = 1, tokensMax: Int? = nil, protected: Int = 1) {
        self.poolFactor = poolFactor
        self.tokensMax = tokensMax
        self.protected = protected
    }

    public var isIdentity: Bool { poolFactor <= 1 && tokensMax == nil }

    /// - Parameter tokens: of length 1.
    public func callAsFunction(_ tokens: TokenMatrix) -> TokenMatrix {
        let pooled = TokenPooling.pool(tokens, factor: max(poolFactor, 1), protected: protected)
        guard let tokensMax else { return pooled }
        return TokenPruning.prune(pooled, limit: max(tokensMax, 1), protected: protected)
    }

    /// Reduces texts in place: what is left stands at the beginning of `rows`, text after text,
    /// the same whatever texts are beside it and however many threads there are.
    ///
    /// - Parameters:
    ///   - rows: `[sum of lengths, dimension]`, each of length 1.
    ///   - progress: counts texts; stopped, the result is nil and the rows are of no use.
    /// - Returns: rows of each text.
    public func reduce(
        _ rows: UnsafeMutablePointer<Float>, lengths: [Int32], dimension: Int, threads: Int,
        progress: WorkProgress
    ) -> [Int32]? {
        let starts = lengths.reduce(into: [0]) { $0.append($0[$0.count - 1] + Int($1)) }
        let longest = min(Int(lengths.max() ?? 0), TokenPooling.tokensMax)
        let threads = max(1, min(threads, Self.bytesMax / max(2 * longest * longest, 1)))
        let next = Atomic<Int>(0)
        let parts = Parallel.map(Array(0..<min(threads, max(lengths.count, 1)))) { _, _ in
            var left: [(text: Int, rows: Int32)] = []
            while !progress.isStopped {
                let text = next.add(1, ordering: .relaxed).oldValue
                guard text < lengths.count else { break }
                let count = reduce(rows + starts[text] * dimension, Int(lengths[text]), dimension)
                left.append((text, Int32(count)))
                progress.add(1)
            }
            return left
        }
        guard !progress.isStopped else { return nil }
        var left = lengths
        for (text, count) in parts.joined() { left[text] = count }
        var place = 0
        for text in left.indices {
            let count = Int(left[text])
            (rows + place * dimension).update(
                from: rows + starts[text] * dimension, count: count * dimension)
            place += count
        }
        return left
    }

    private func reduce(
        _ rows: UnsafeMutablePointer<Float>, _ count: Int, _ dimension: Int
    ) -> Int {
        let values = Array(UnsafeBufferPointer(start: rows, count: count * dimension))
        let left = self(TokenMatrix(checked: dimension, values))
        left.values.withUnsafeBufferPointer { values in
            guard let base = values.baseAddress else { return }
            rows.update(from: base, count: values.count)
        }
        return left.count
    }
}
