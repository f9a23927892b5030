// Words and their vectors.

public import Files
public import Tensors

/// A table of word vectors, trained or loaded: row `i` of `vectors` belongs to word `i`.
public final class WordVectorTable: Sendable {
    public let words: WordList
    /// Occurrences of each word, when known.
    public let counts: [UInt64]?
    /// `[words, dimensions]`.
    public let vectors: Matrix
    /// Words that stand in the list a second time; look-ups find the first.
    public let repeatedWords: Int
    private let table: WordTable

    /// - Throws: `.outOfMemory` for the index.
    public init(words: WordList, counts: [UInt64]? = nil, vectors: Matrix) throws(FileError) {
        precondition(
            words.count == vectors.rows && counts?.count ?? words.count == words.count,
            "\(words.count) words, \(vectors.rows) vectors, \(counts?.count ?? 0) counts")
        self.words = words
        self.counts = counts
        self.vectors = vectors
        var repeated = 0
        table = try WordTable(words, repeated: &repeated)
        repeatedWords = repeated
    }

    public convenience init(_ vocabulary: Vocabulary, vectors: Matrix) throws(FileError) {
        try self.init(words: vocabulary.words, counts: vocabulary.counts, vectors: vectors)
    }

    public var count: Int { words.count }
    public var dimensions: Int { vectors.columns }

    /// The row of a word, nil when it has none.
    public func index(of word: String) -> Int? {
        table.position(of: word)
    }

    /// Rows with a value that is infinite or not a number. They are kept as they are; look-ups of
    /// neighbours and analogies treat them as zero.
    public var rowsNotFinite: [Int] {
        (0 ..< count).filter { row in
            let values = UnsafeBufferPointer(start: vectors.row(row), count: dimensions)
            return !values.allSatisfy(\.isFinite)
        }
    }
}
