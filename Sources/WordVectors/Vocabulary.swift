// The words that are trained, by rank, with their counts and their lookup.

import CKernels
public import Tensors

/// Words by falling count; the rank of a word is its id. Immutable, used by any thread.
public final class Vocabulary: Sendable {
    public let words: WordList
    /// Occurrences of each word in the corpus.
    public let counts: [UInt64]
    /// Occurrences of all words of the vocabulary.
    public let total: UInt64
    /// What was counted beside them, over the whole corpus.
    public let tallies: WordCounter.Tallies
    let table: WordTable

    /// A vocabulary as `CountTable.pruned` made it; the payload may come from another machine.
    ///
    /// - Throws: `.malformed` when the table is not in the order of ranks, repeats a word, has a
    ///   word that no text can contain, or is too large for 32-bit ids.
    public init(_ ranked: CountTable) throws(CountTableError) {
        guard ranked.order == .rank, ranked.entries <= Int(Int32.max) else {
            throw .malformed(reason: "\(ranked.entries) words, ordered by \(ranked.order)")
        }
        // Sums of counts are used as signed numbers.
        guard ranked.total <= UInt64(Int64.max) else {
            throw .malformed(reason: "\(ranked.total) occurrences")
        }
        var words = WordList()
        words.reserve(words: ranked.entries, bytes: ranked.keyBytes)
        for index in 0 ..< ranked.entries {
            try ranked.withKey(at: index) { key throws(CountTableError) in
                guard key.count <= TEXT_WORD_BYTES_MAX, !key.contains(where: isSeparator) else {
                    throw .malformed(reason: "word \(index) cannot occur in a text")
                }
                words.append(key)
            }
        }
        var repeated = 0
        do {
            table = try WordTable(words, repeated: &repeated)
        } catch {
            throw .outOfMemory(byteCount: ranked.keyBytes + ranked.entries * 64)
        }
        guard repeated == 0 else { throw .malformed(reason: "\(repeated) words repeat") }
        self.words = words
        counts = (0 ..< ranked.entries).map(ranked.count(at:))
        total = ranked.total
        tallies = WordCounter.Tallies(ranked)
    }

    /// Number of words.
    public var count: Int { words.count }

    public func id(of word: String) -> Int32? {
        table.position(of: word).map { Int32($0) }
    }

    public func id(ofBytes word: UnsafeRawBufferPointer) -> Int32? {
        table.position(of: word).map { Int32($0) }
    }
}
