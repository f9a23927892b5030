// Token vectors that lie like those of a model, without a model: clusters, and noise around them.

import Retrieval
import Tensors

/// A token is a word's direction, drawn towards the topic of its passage, with noise. Half of a
/// passage's words come from the 64 of its topic, half from all, the frequent ones often (Zipf).
/// The same seed makes the same passages, each by itself.
final class SyntheticTokens: Sendable {
    static let dimension = 128
    private static let words = 4_096
    private static let topics = 1_024
    private static let topicWords = 64
    private static let topicShare: Float = 0.5
    private static let noise: Float = 0.45

    private let seed: UInt64
    private let wordRows: [Float]
    private let topicRows: [Float]

    init(seed: UInt64) throws {
        self.seed = seed
        var draws = Draws(state: SplitMix.derive(seed, 1))
        wordRows = try Self.directions(Self.words, &draws)
        topicRows = try Self.directions(Self.topics, &draws)
    }

    private static func directions(_ count: Int, _ draws: inout Draws) throws -> [Float] {
        var values = [Float](repeating: 0, count: count * dimension)
        values.withUnsafeMutableBufferPointer { values in
            guard let base = values.baseAddress else { return }
            for row in 0..<count { draws.add(1, to: base + row * dimension, dimension) }
        }
        return try TokenMatrix(dimension: dimension, values: values).normalised().values
    }

    /// 75 to 175 tokens, 125 on average.
    func length(of passage: Int) -> Int {
        75 + Int(SplitMix.derive(seed ^ 0x5bd1, UInt64(passage)) % 101)
    }

    /// The tokens of some passages, one after the other; not of length 1.
    func tokens(of passages: Range<Int>) throws -> [TokenMatrix] {
        try passages.map { passage in
            let count = length(of: passage)
            var draws = Draws(state: SplitMix.derive(seed ^ 0xa5a5, UInt64(passage)))
            var values = [Float](repeating: 0, count: count * Self.dimension)
            fill(&values, count, &draws)
            return try TokenMatrix(dimension: Self.dimension, values: values)
        }
    }

    private func fill(_ values: inout [Float], _ count: Int, _ draws: inout Draws) {
        let topic = Int(draws.next() % UInt64(Self.topics))
        values.withUnsafeMutableBufferPointer { values in
            guard let base = values.baseAddress else { return }
            for token in 0..<count {
                let row = base + token * Self.dimension
                let word = word(topic, &draws) * Self.dimension
                for index in 0..<Self.dimension {
                    row[index] =
                        wordRows[word + index]
                        + Self.topicShare * topicRows[topic * Self.dimension + index]
                }
                draws.add(Self.noise, to: row, Self.dimension)
            }
        }
    }

    private func word(_ topic: Int, _ draws: inout Draws) -> Int {
        let draw = draws.next()
        if draw & 1 == 0 {
            let place = (draw >> 8) % UInt64(Self.topicWords)
            return Int(SplitMix.derive(UInt64(topic), place) % UInt64(Self.words))
        }
        // The logarithm of the rank is uniform: frequency falls as 1 / rank.
        let rank = Self.power(Float(draw >> 40) * 0x1p-24)
        return min(Int(rank), Self.words) - 1
    }

    /// `words` to the power of `share`, from 1 to `words`.
    private static func power(_ share: Float) -> Float {
        let bits = Float(words.trailingZeroBitCount) * share
        let whole = bits.rounded(.down)
        // Between two powers a straight line is near enough.
        return Float(1 << Int(whole)) * (1 + bits - whole)
    }

    /// 32 tokens of a passage with noise of their own: a question that this passage answers.
    func query(from passage: Int) throws -> [Float] {
        let source = try tokens(of: passage..<passage + 1)[0].normalised()
        var draws = Draws(state: SplitMix.derive(seed ^ 0x7777, UInt64(passage)))
        var values: [Float] = []
        for number in 0..<32 { values += source[number * source.count / 32] }
        values.withUnsafeMutableBufferPointer { values in
            guard let base = values.baseAddress else { return }
            for row in 0..<32 {
                draws.add(Self.noise, to: base + row * Self.dimension, Self.dimension)
            }
        }
        return try TokenMatrix(dimension: Self.dimension, values: values).normalised().values
    }
}

/// SplitMix64 as a stream.
private struct Draws {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// Adds noise of about this length, uniform in each number, four numbers a draw.
    mutating func add(_ length: Float, to row: UnsafeMutablePointer<Float>, _ count: Int) {
        let scale = length * (3 / Float(count)).squareRoot() / 32_768
        for index in stride(from: 0, to: count, by: 4) {
            let draw = next()
            row[index] += Float(Int16(truncatingIfNeeded: draw)) * scale
            row[index + 1] += Float(Int16(truncatingIfNeeded: draw >> 16)) * scale
            row[index + 2] += Float(Int16(truncatingIfNeeded: draw >> 32)) * scale
            row[index + 3] += Float(Int16(truncatingIfNeeded: draw >> 48)) * scale
        }
    }
}
