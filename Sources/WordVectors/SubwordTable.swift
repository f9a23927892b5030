// Which rows of the input matrix make up each word: its own and those of its n-grams.

import Tensors

/// The input rows of words that are trained with n-grams. Row `w` is that of word `w`. Then comes
/// a row for every bucket that some word uses, by falling expected use (the sum of the counts of
/// the words with it, once for each time it occurs in the word), equal ones by their number: the
/// same words, counts and settings give the same rows on every machine. Buckets that no word uses
/// have no row.
///
/// Memory: 8 bytes a word, 4 bytes for each word and each of its n-grams, 4 bytes a bucket (12
/// while it is made). Immutable, used by any thread.
public final class SubwordTable: Sendable {
    public let settings: Subwords
    public let wordCount: Int
    /// Bucket of each row behind the words, `[rowCount - wordCount]`.
    private let buckets: [Int32]
    /// Row of each bucket, -1 without one, `[settings.buckets]` of Int32.
    private let rowOfBucket: AlignedBuffer
    /// `[wordCount + 1]` of Int64.
    private let offsets: AlignedBuffer
    /// `[offsets.last]` of Int32.
    private let rows: AlignedBuffer

    /// - Parameter counts: occurrences of each word, `[words.count]`.
    /// - Throws: `SubwordError`.
    public init(
        words: WordList, counts: [UInt64], settings: Subwords
    ) throws(SubwordError) {
        precondition(counts.count == words.count, "\(words.count) words, \(counts.count) counts")
        try settings.validate()
        guard words.count <= Int(Int32.max) else { throw .tooManyRows(words.count) }
        self.settings = settings
        wordCount = words.count
        offsets = try Self.offsets(of: words, settings)
        let entries = Int(
            offsets.baseAddress.load(
                fromByteOffset: 8 * words.count, as: Int64.self))
        rows = try Self.memory(4 * entries)
        let uses = try Self.memory(8 * settings.buckets)
        Self.collect(words, counts, settings, offsets: offsets, buckets: rows, uses: uses)
        buckets = try Self.ranking(uses, count: settings.buckets)
        guard words.count + buckets.count <= Int(Int32.max) else {
            throw .tooManyRows(words.count + buckets.count)
        }
        rowOfBucket = try Self.memory(4 * settings.buckets)
        Self.invert(buckets, firstRow: words.count, to: rowOfBucket, count: settings.buckets)
        Self.renumber(
            rows, offsets: offsets, words: words.count, rowOfBucket: rowOfBucket)
    }

    /// Rows of the input matrix.
    public var rowCount: Int { wordCount + buckets.count }

    /// The bucket whose row this is, nil for the row of a word.
    public func bucket(ofRow row: Int) -> Int? {
        precondition(row >= 0 && row < rowCount, "row \(row) of \(rowCount)")
        return row < wordCount ? nil : Int(buckets[row - wordCount])
    }

    /// The row of a bucket, nil when no word uses it.
    public func row(ofBucket bucket: Int) -> Int? {
        precondition(bucket >= 0 && bucket < settings.buckets, "bucket \(bucket)")
        let row = rowOfBucket.baseAddress.load(fromByteOffset: 4 * bucket, as: Int32.self)
        return row < 0 ? nil : Int(row)
    }

    /// Lends the rows of all words: those of word `w` are `rows[offsets[w] ..< offsets[w + 1]]`,
    /// its own first, then those of its n-grams in the order of the text. A row that an n-gram
    /// shares with another stands there as often as it occurs.
    public func withUnsafeBags<Result>(
        _ body: (_ offsets: UnsafePointer<Int64>, _ rows: UnsafePointer<Int32>) -> Result
    ) -> Result {
        defer { withExtendedLifetime(self) {} }
        return body(
            UnsafePointer(offsets.baseAddress.assumingMemoryBound(to: Int64.self)),
            UnsafePointer(rows.baseAddress.assumingMemoryBound(to: Int32.self)))
    }

    /// The rows of a word of the vocabulary, its own first.
    public func rows(ofWord word: Int) -> [Int32] {
        precondition(word >= 0 && word < wordCount, "word \(word) of \(wordCount)")
        return withUnsafeBags { offsets, rows in
            (offsets[word]..<offsets[word + 1]).map { rows[Int($0)] }
        }
    }

    /// The rows of the n-grams of any word, for one that the vocabulary lacks; n-grams whose
    /// bucket no word uses are left out. Memory: 4 bytes for each n-gram.
    public func rows(of word: UnsafeRawBufferPointer) -> [Int32] {
        var found: [Int32] = []
        settings.forEachBucket(of: word) { bucket in
            let row = rowOfBucket.baseAddress.load(
                fromByteOffset: 4 * Int(bucket), as: Int32.self)
            if row >= 0 { found.append(row) }
        }
        return found
    }
}
