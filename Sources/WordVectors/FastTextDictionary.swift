// The words of a fastText .bin file with their counts.

import CKernels
import Files

struct FastTextDictionary {
    private(set) var words = WordList()
    private(set) var counts: [UInt64] = []
    /// Tokens of the corpus, the rare ones included.
    let tokens: Int64
    /// Labels of a supervised model; they are passed over.
    let labels: Int
    /// To how many buckets the n-grams were pruned; negative when they were not.
    private let pruned: Int64

    init(_ cursor: inout FileCursor, hasPruning: Bool) throws(FileError) {
        let start = cursor.position
        let entries = Int(try cursor.number(Int32.self, "the dictionary"))
        let wordCount = Int(try cursor.number(Int32.self, "the dictionary"))
        labels = Int(try cursor.number(Int32.self, "the dictionary"))
        tokens = try cursor.number(Int64.self, "the dictionary")
        pruned = hasPruning ? try cursor.number(Int64.self, "the dictionary") : -1
        // The shortest entry: no letter, NUL, a count, a type.
        guard wordCount >= 0, labels >= 0, entries == wordCount + labels, tokens >= 0,
            entries <= cursor.remaining / 10, pruned <= cursor.remaining / 8
        else {
            throw cursor.malformed(
                start,
                "\(entries) entries, \(wordCount) words, \(labels) labels, \(tokens) "
                    + "tokens and \(pruned) pruned n-grams announced, which \(cursor.remaining) "
                    + "bytes cannot hold")
        }
        for entry in 0..<entries {
            try readEntry(&cursor, entry, isWord: entry < wordCount)
        }
        try cursor.skip(8 * Int(max(pruned, 0)), "the pruned n-grams")
    }

    private mutating func readEntry(
        _ cursor: inout FileCursor, _ entry: Int, isWord: Bool
    ) throws(FileError) {
        let offset = cursor.position
        let word = try cursor.text(bytesMax: Int(TEXT_WORD_BYTES_MAX), "entry \(entry)")
        let count = try cursor.number(Int64.self, "the dictionary")
        let type = try cursor.number(UInt8.self, "the dictionary")
        guard count >= 0, type == (isWord ? 0 : 1) else {
            throw cursor.malformed(
                offset,
                "entry \(entry) has count \(count) and type \(type), where a "
                    + "\(isWord ? "word" : "label") is expected")
        }
        if isWord {
            words.append(word)
            counts.append(UInt64(count))
        }
    }

    /// Only quantised models are pruned, and those are refused before; fastText, too, refuses
    /// others.
    func checkPruning(_ cursor: FileCursor) throws(FileError) {
        guard pruned < 0 else {
            throw cursor.malformed(
                0, "its n-grams are pruned to \(pruned); give the model that it was made of")
        }
    }
}
