// Where a document changes its subject: neighbouring sentences with vectors unlike each other.

/// The cosine of each sentence's vector with that of the next; a low one is a break.
struct SemanticBreaks {
    private let model: EmbeddingModel
    private let threshold: SemanticThreshold
    private let progress: EncodingProgress
    /// Sentences whose vectors are in memory at a time.
    private static let batch = 512

    init(_ model: EmbeddingModel, _ threshold: SemanticThreshold, _ progress: EncodingProgress) {
        self.model = model
        self.threshold = threshold
        self.progress = progress
    }

    /// Those of `ends` that are breaks, and the end of the text. A sentence longer than the model
    /// takes is judged by its beginning.
    func breaks(_ text: PassageText, _ ends: [Int]) throws(ModelError) -> [Int] {
        let cosines = try cosines(text, ends)
        guard let limit = limit(cosines) else { return ends.suffix(1) }
        return zip(ends, cosines).filter { $0.1 < limit }.map(\.0) + ends.suffix(1)
    }

    /// One for each sentence but the last.
    private func cosines(_ text: PassageText, _ ends: [Int]) throws(ModelError) -> [Double] {
        var cosines: [Double] = []
        var before: [Float]?
        for first in stride(from: 0, to: ends.count, by: Self.batch) {
            let sentences = (first..<min(first + Self.batch, ends.count)).map { index in
                text.part((index == 0 ? 0 : ends[index - 1])..<ends[index])
            }
            let encoded = try model.encode(sentences, threads: 1, progress: progress)
            for index in sentences.indices {
                let row = encoded.vectors.floats + index * encoded.dimension
                let vector = Array(UnsafeBufferPointer(start: row, count: encoded.dimension))
                if let before { cosines.append(Self.cosine(before, vector)) }
                before = vector
            }
        }
        return cosines
    }

    private static func cosine(_ left: [Float], _ right: [Float]) -> Double {
        var (dot, first, second) = (0.0, 0.0, 0.0)
        for (a, b) in zip(left, right) {
            dot += Double(a) * Double(b)
            first += Double(a) * Double(a)
            second += Double(b) * Double(b)
        }
        let lengths = (first * second).squareRoot()
        return lengths > 0 ? dot / lengths : 0
    }

    /// Percentiles lie between the two nearest cosines, as numpy has them by default.
    private func limit(_ cosines: [Double]) -> Double? {
        switch threshold {
        case .cosine(let cosine): return cosine
        case .percentile(let percentile):
            let sorted = cosines.sorted()
            guard let last = sorted.last else { return nil }
            let position = percentile / 100 * Double(sorted.count - 1)
            let index = Int(position)
            guard index + 1 < sorted.count else { return last }
            return sorted[index] + (position - Double(index)) * (sorted[index + 1] - sorted[index])
        }
    }
}
