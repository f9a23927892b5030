// A random sample of tokens that come by once, in bounded memory.

import Tensors

/// Every token so far is in the sample with equal probability (Vitter 1985, algorithm R). The same
/// seed and the same tokens in the same order make the same sample.
public struct TokenSample: Sendable {
    public let dimension: Int
    /// Tokens kept at most.
    public let capacity: Int
    /// Tokens that came by.
    public private(set) var seen = 0
    private let seed: UInt64
    private var values: [Float] = []

    /// - Parameter bytesMax: memory for the sample; 1 million tokens of 128 numbers are 512 MiB.
    public init(dimension: Int, bytesMax: Int = 512 << 20, seed: UInt64 = 0) {
        precondition(dimension > 0, "vectors of \(dimension) numbers")
        self.dimension = dimension
        self.seed = seed
        capacity = max(1, bytesMax / (4 * dimension))
    }

    private init(dimension: Int, capacity: Int, seen: Int, seed: UInt64) {
        self.dimension = dimension
        self.capacity = capacity
        self.seen = seen
        self.seed = seed
    }

    /// - Throws: `.dimension`.
    public mutating func add(_ tokens: TokenMatrix) throws(RetrievalError) {
        guard tokens.dimension == dimension else {
            throw .dimension(found: tokens.dimension, expected: "\(dimension)")
        }
        for index in 0..<tokens.count {
            add(tokens[index])
        }
    }

    private mutating func add(_ token: ArraySlice<Float>) {
        seen += 1
        if seen <= capacity {
            values += token
            return
        }
        let random = SplitMix.derive(seed, UInt64(seen))
        let place = Int(random.multipliedFullWidth(by: UInt64(seen)).high)
        guard place < capacity else { return }
        values.replaceSubrange(place * dimension..<(place + 1) * dimension, with: token)
    }

    /// Each token as `change` has it, at `dimension` numbers.
    func replacing(
        dimension: Int, _ change: (ArraySlice<Float>) -> [Float]
    ) -> TokenSample {
        var sample = TokenSample(dimension: dimension, capacity: capacity, seen: seen, seed: seed)
        let count = values.count / self.dimension
        sample.values.reserveCapacity(count * dimension)
        for token in 0..<count {
            sample.values += change(values[token * self.dimension..<(token + 1) * self.dimension])
        }
        return sample
    }

    /// At most `limit` tokens of the sample: those from the start, or every n-th.
    func tokens(limit: Int) -> TokenMatrix {
        let count = values.count / dimension
        guard count > limit else { return TokenMatrix(checked: dimension, values) }
        var chosen: [Float] = []
        chosen.reserveCapacity(limit * dimension)
        for index in 0..<limit {
            let place = index * count / limit
            chosen += values[place * dimension..<(place + 1) * dimension]
        }
        return TokenMatrix(checked: dimension, chosen)
    }
}
