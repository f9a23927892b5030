// How text becomes terms, as an index remembers it.

/// What decides which terms a text has. Queries have to be analysed as the passages were.
public struct WordAnalysis: Sendable, Hashable, CustomStringConvertible {
    public enum StopWords: String, Sendable, Hashable, CaseIterable {
        case none
        /// The 33 words that Lucene leaves out of English text.
        case english
    }

    /// The name of a Snowball stemmer, as "english"; nil for words as they are.
    public var stemmer: String?
    public var stopWords: StopWords
    /// A longer word, in bytes, has no term. At most 255.
    public let wordBytesMax: Int

    public static let bytesMax = 255
    public static var stemmers: [String] { Stemmer.languages }

    public init(stemmer: String? = nil, stopWords: StopWords = .none, wordBytesMax: Int = 128) {
        self.stemmer = stemmer
        self.stopWords = stopWords
        self.wordBytesMax = max(1, min(wordBytesMax, Self.bytesMax))
    }

    /// English as most systems index it: stems, with stop words left out.
    public static let english = WordAnalysis(stemmer: "english", stopWords: .english)

    /// The rule of words; it changes whenever the same text would have other terms.
    private static let rule = "words-1"

    public var description: String {
        "\(Self.rule) stemmer=\(stemmer ?? "none") stop=\(stopWords.rawValue) bytes=\(wordBytesMax)"
    }

    /// Reads what `description` wrote.
    ///
    /// - Throws: `.unknownAnalysis`.
    public init(description text: String) throws(WordsError) {
        let parts = text.split(separator: " ").map {
            $0.split(separator: "=").last.map(String.init)
        }
        guard parts.count == 4, let name = parts[1], let stop = parts[2].flatMap(StopWords.init),
            let bytes = parts[3].flatMap({ Int($0) })
        else { throw .unknownAnalysis(text) }
        self.init(
            stemmer: name == "none" ? nil : name, stopWords: stop, wordBytesMax: bytes)
        guard description == text else { throw .unknownAnalysis(text) }
    }

    /// Where an article or pronoun is tied to its noun by an apostrophe, it is a word of its own.
    var joinsAtApostrophes: Bool {
        stemmer != "french" && stemmer != "italian" && stemmer != "catalan"
    }
}

extension WordAnalysis.StopWords {
    var words: [String] {
        switch self {
        case .none: []
        case .english:
            [
                "a", "an", "and", "are", "as", "at", "be", "but", "by", "for", "if", "in", "into",
                "is", "it", "no", "not", "of", "on", "or", "such", "that", "the", "their", "then",
                "there", "these", "they", "this", "to", "was", "will", "with",
            ]
        }
    }
}
