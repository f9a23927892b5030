// A document's vector does not depend on what is encoded beside it.

import Tensors
import TestSupport
import Testing

@testable import Models

@Suite struct IndependenceTests {
    /// Documents of one to three hundred words, some of them beyond the length of the model.
    private static let texts: [String] = {
        var numbers = Numbers(20)
        let words = ["river", "A", "worker", "small", "models", "12", "Über", "—", "東京", "doesn't"]
        return (0..<60).map { _ in
            let count = [1, 3, 10, 40, 300].randomElement(using: &numbers) ?? 1
            return (0..<count).map { _ in words.randomElement(using: &numbers) ?? "" }
                .joined(separator: " ")
        }
    }()

    private func vectors(
        _ texts: [String], _ model: EmbeddingModel, threads: Int
    ) throws -> [[Float]] {
        let bytes = texts.map { Array($0.utf8) }
        let all = Array(bytes.joined())
        return try all.withUnsafeBytes { all in
            var begin = 0
            let spans = bytes.map { text in
                defer { begin += text.count }
                return UnsafeRawBufferPointer(rebasing: all[begin..<begin + text.count])
            }
            let encoded = try model.encode(spans, threads: threads, progress: EncodingProgress())
            let values = UnsafeBufferPointer(
                start: encoded.vectors.floats, count: texts.count * encoded.dimension)
            return texts.indices.map {
                Array(values[$0 * encoded.dimension..<($0 + 1) * encoded.dimension])
            }
        }
    }

    @Test(
        "a shuffled corpus, on any number of threads, has the same vectors to the last bit",
        arguments: Precision.allCases)
    func shuffled(precision: Precision) throws {
        var options = EncodingOptions()
        options.precision = precision
        let model = try EmbeddingModel(
            directory: ModelFixture.folder("tiny-bert"), options: options)
        let expected = try vectors(Self.texts, model, threads: 1)
        for (seed, threads) in [(1, 1), (2, 2), (3, 3), (4, 7)] {
            var numbers = Numbers(seed)
            let order = Array(Self.texts.indices).shuffled(using: &numbers)
            let found = try vectors(order.map { Self.texts[$0] }, model, threads: threads)
            for (place, index) in order.enumerated() {
                #expect(found[place] == expected[index], "\(precision) \(threads) \(index)")
            }
        }
        // One by one, too.
        for (text, vector) in zip(Self.texts, expected).prefix(10) {
            #expect(try vectors([text], model, threads: 1) == [vector])
        }
    }
}
