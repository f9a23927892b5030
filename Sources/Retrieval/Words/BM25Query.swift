// What a query's words are worth: their statistics over all passages, and BM25's formula.

import Glibc

/// The two numbers of BM25.
public struct BM25Parameters: Sendable, Hashable {
    /// How much a further occurrence still counts; 0 counts none. At least 0.
    public let k1: Float
    /// How much a long passage has to give back; 0 to 1.
    public let b: Float

    /// Numbers out of range, NaN included, become the nearest in range.
    public init(k1: Float, b: Float) {
        self.k1 = k1 > 0 ? min(k1, 1_000) : 0
        self.b = b > 0 ? min(b, 1) : 0
    }

    /// What Lucene and most systems take.
    public static let standard = BM25Parameters(k1: 1.2, b: 0.75)
}

/// What scores depend on beside the passage itself. Added up over all segments and shards, so that
/// a passage's score does not depend on which of them holds it.
public struct WordStatistics: Sendable, Equatable, Codable {
    public var passages: Int
    /// Terms of all passages, each as often as it occurs.
    public var totalLength: Int
    /// Passages that have the term; for each of the query's, in its order.
    public var passagesWithTerm: [Int]

    public init(passages: Int, totalLength: Int, passagesWithTerm: [Int]) {
        self.passages = passages
        self.totalLength = totalLength
        self.passagesWithTerm = passagesWithTerm
    }

    /// Nothing, for a query with so many terms.
    public init(terms: Int) {
        self.init(
            passages: 0, totalLength: 0, passagesWithTerm: [Int](repeating: 0, count: terms))
    }

    /// Both must be of the same query. Sums stop at the greatest number.
    public static func += (left: inout WordStatistics, right: WordStatistics) {
        precondition(
            left.passagesWithTerm.count == right.passagesWithTerm.count,
            "statistics of \(left.passagesWithTerm.count) and of "
                + "\(right.passagesWithTerm.count) terms")
        left.passages = add(left.passages, right.passages)
        left.totalLength = add(left.totalLength, right.totalLength)
        for (term, count) in right.passagesWithTerm.enumerated() {
            left.passagesWithTerm[term] = add(left.passagesWithTerm[term], count)
        }
    }

    private static func add(_ left: Int, _ right: Int) -> Int {
        let (sum, overflows) = max(left, 0).addingReportingOverflow(max(right, 0))
        return overflows ? .max : sum
    }
}

/// A query as terms, each once.
public struct BM25Query: Sendable, Equatable {
    public struct Term: Sendable, Equatable {
        public let bytes: [UInt8]
        /// Occurrences in the query.
        public let count: Int
    }

    /// In the order of their first occurrence.
    public let terms: [Term]

    public static let termsMax = 16_384

    /// - Parameter analyzer: makes terms as it made those of the passages.
    /// - Throws: `.tooManyTerms`.
    public init(_ text: String, _ analyzer: WordAnalyzer) throws(WordsError) {
        var table = TermTable(isLarge: false)
        var counts: [Int] = []
        var text = text
        text.withUTF8 { utf8 in
            _ = analyzer.forEachWord(in: UnsafeRawBufferPointer(utf8)) { word, isASCII in
                guard let term = table.term(of: word, isASCII: isASCII, analyzer) else { return }
                if term == counts.count { counts.append(0) }
                counts[term] += 1
            }
        }
        guard counts.count <= Self.termsMax else { throw .tooManyTerms(termsMax: Self.termsMax) }
        terms = counts.enumerated().map { number, count in
            Term(bytes: table.terms.withBytes(of: number) { Array($0) }, count: count)
        }
    }

    /// - Parameter terms: as an analyzer made them, each once, with its occurrences in the query.
    public init(_ terms: [(text: String, count: Int)]) {
        self.terms = terms.map { Term(bytes: Array($0.text.utf8), count: $0.count) }
    }

    /// The statistics of one file; add up those of all.
    public func statistics(of file: InvertedFile) -> WordStatistics {
        WordStatistics(
            passages: file.passageCount, totalLength: file.totalLength,
            passagesWithTerm: terms.map { term in
                file.number(of: term.bytes).map { Int(file.record($0).passages) } ?? 0
            })
    }
}

/// BM25 (Robertson and Zaragoza 2009, section 3.4) in the form of Lucene: the factor k1 + 1, which
/// changes no order, is left out, and ln(1 + (N - n + 0.5) / (n + 0.5)) is never negative.
///
/// The score of a passage is the sum over the query's terms of
/// `count · idf · f / (f + k1 · (1 - b + b · length / mean length))`.
struct BM25Formula {
    /// Of each term of the query.
    let weights: [Float]
    /// `k1 · (1 - b)`, at least the least number above 0.
    let constant: Float
    /// `k1 · b / mean length`.
    let slope: Float

    init(_ query: BM25Query, _ statistics: WordStatistics, _ parameters: BM25Parameters) {
        precondition(
            statistics.passagesWithTerm.count == query.terms.count,
            "statistics of \(statistics.passagesWithTerm.count) terms for \(query.terms.count)")
        let passages = Double(max(statistics.passages, 1))
        weights = zip(query.terms, statistics.passagesWithTerm).map { term, count in
            let count = Double(max(count, 0))
            let rarity = log1p((max(passages - count, 0) + 0.5) / (count + 0.5))
            return Float(Double(term.count) * rarity)
        }
        let mean = Double(max(statistics.totalLength, 1)) / passages
        constant = max(
            Float(Double(parameters.k1) * Double(1 - parameters.b)), .leastNormalMagnitude)
        slope = Float(Double(parameters.k1) * Double(parameters.b) / mean)
    }

    /// What one occurrence of a term in a passage is worth.
    @inline(__always)
    func score(weight: Float, frequency: Float, length: Float) -> Float {
        weight * (frequency / (frequency + (constant + slope * length)))
    }
}
