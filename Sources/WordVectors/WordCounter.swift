// Counts the words of blocks with several threads.

import CKernels
public import Files
import Synchronization
public import Tensors

/// Counts words. The result depends on the text of the blocks alone, not on the threads.
public enum WordCounter {
    /// What the four tallies of a table of word counts mean.
    public struct Tallies: Sendable, Equatable {
        /// Sentences with at least one token.
        public var sentences: UInt64
        /// Tokens above 1,024 bytes, dropped.
        public var overlongTokens: UInt64
        /// Tokens in which invalid UTF-8 was replaced.
        public var replacedTokens: UInt64
        /// Tokens counted; unlike the table's total it survives pruning.
        public var tokens: UInt64

        public init(_ table: CountTable) {
            sentences = table.tallies[0]
            overlongTokens = table.tallies[1]
            replacedTokens = table.tallies[2]
            tokens = table.tallies[3]
        }
    }

    /// Counts the words of `blocks`: each different one with the number of its occurrences, and
    /// `Tallies` beside them.
    ///
    /// - Throws: `.inputChanged`, `.unreadable`, `.outOfMemory`, `.cancelled`.
    public static func count(
        _ source: some TextSource, layout: CorpusLayout, blocks: [Int], threads: Int = 1,
        progress: TextProgress? = nil
    ) throws(FileError) -> CountTable {
        try count(source, layout, blocks, threads, progress) { table, text, totals in
            text_count(table.pointer, text.bytes, text.count, text.edges, &totals) == 0
        }
    }

    /// Counts the words of `blocks` in which phrases are joined, and beside them every two words
    /// that follow each other in a sentence, under the key "first second" with one blank: no word
    /// has one. A token that is dropped for its length parts its neighbours.
    ///
    /// - Throws: as `count`.
    public static func countPairs(
        _ source: some TextSource, layout: CorpusLayout, blocks: [Int], joining: PhraseJoiner,
        threads: Int = 1, progress: TextProgress? = nil
    ) throws(FileError) -> CountTable {
        try count(source, layout, blocks, threads, progress) { table, text, totals in
            joining.withJoined(text) { text in
                text_count_pairs(table.pointer, text.bytes, text.count, text.edges, &totals) == 0
            }
        }
    }

    /// - Parameter add: adds the words of a text to the table; false when memory is refused.
    private static func count(
        _ source: some TextSource, _ layout: CorpusLayout, _ blocks: [Int], _ threads: Int,
        _ progress: TextProgress?, _ add: (WordTable, BlockText, inout text_totals) -> Bool
    ) throws(FileError) -> CountTable {
        let queue = BlockQueue(blocks)
        let parts = CountedParts()
        try TextThreads.run(threads) { (_, failure) throws(FileError) in
            let table = try WordTable(expectedEntries: 1 << 14)
            var totals = text_totals()
            while !failure.hasFailed, let (_, blocks) = queue.take() {
                for block in blocks {
                    try BlockText.read(block, of: layout, in: source) { text throws(FileError) in
                        guard add(table, text, &totals) else {
                            throw .outOfMemory(doing: "counting words")
                        }
                    }
                    try progress?.add(layout.nominal(block).range.count)
                }
            }
            let part = try counting { () throws(CountTableError) in try table.counts(totals) }
            parts.list.withLock { $0.append(part) }
        }
        return try counting { () throws(CountTableError) in
            try CountTable.merge(parts.list.withLock { $0 })
        }
    }

    // Tables made here are well formed and far from 64 bits; memory is all they can lack.
    private static func counting<Value>(
        _ body: () throws(CountTableError) -> Value
    ) throws(FileError) -> Value {
        do { return try body() } catch { throw .outOfMemory(doing: "counting words") }
    }
}

/// The tables of the threads that are done.
private final class CountedParts: Sendable {
    let list = Mutex<[CountTable]>([])
}

extension WordTable {
    /// The words and their values, in the order of bytes, as a table of counts.
    fileprivate func counts(_ totals: text_totals) throws(CountTableError) -> CountTable {
        let entries = text_table_entries(pointer)
        let wordBytes = text_table_word_bytes(pointer)
        var values = [UInt64](repeating: 0, count: max(entries, 1))
        var offsets = [UInt64](repeating: 0, count: entries + 1)
        var words = [UInt8](repeating: 0, count: max(wordBytes, 1))
        guard text_table_export(pointer, &values, &offsets, &words) == 0 else {
            throw .outOfMemory(byteCount: entries * 40)
        }
        var builder = try CountTableBuilder(
            entries: entries, keyBytes: wordBytes,
            tallies: [totals.sentences, totals.overlong, totals.replaced, totals.tokens])
        for index in 0 ..< entries {
            let range = Int(offsets[index]) ..< Int(offsets[index + 1])
            let result = words.withUnsafeBytes { raw in
                Result { () throws(CountTableError) in
                    try builder.append(
                        key: UnsafeRawBufferPointer(rebasing: raw[range]), count: values[index])
                }
            }
            try result.get()
        }
        return try builder.finish()
    }
}
