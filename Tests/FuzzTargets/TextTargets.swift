// Text: the scanner of tokens, corpora cut into blocks, and compressed files.

import CKernels
import Compression
import Files
import Tensors
import WordVectors

enum TextTargets {
    /// The first byte tells what lies outside of the text, and how many words are known.
    static func tokens(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard let first = bytes.first, let table = text_table_create(UInt64(first), 1) else {
            return false
        }
        defer { text_table_destroy(table) }
        let edges = Int32(first & 3)
        let text = bytes.dropFirst().map { $0 }
        var counted = text_totals()
        var encoded = text_totals()
        text.withUnsafeBufferPointer { text in
            let empty: [UInt8] = [0]
            empty.withUnsafeBufferPointer { empty in
                let base = text.baseAddress ?? empty.baseAddress
                promise(text_count(table, base, text.count, edges, &counted) == 0, "no memory")
                checkExport(table, counted)
                // Exactly as large as promised, so that a sanitizer sees one number too many.
                let ids = UnsafeMutablePointer<Int32>.allocate(capacity: text.count + 2)
                defer { ids.deallocate() }
                let count = text_encode(table, base, text.count, edges, ids, &encoded)
                promise(count <= text.count + 2, "\(count) ids for \(text.count) bytes")
                let words = UnsafeBufferPointer(start: ids, count: count).count { $0 >= 0 }
                promise(words == Int(counted.tokens), "\(words) ids of \(counted.tokens) tokens")
            }
        }
        promise(
            counted.tokens == encoded.tokens && counted.sentences == encoded.sentences
                && counted.overlong == encoded.overlong && counted.replaced == encoded.replaced,
            "counting and encoding differ: \(counted), \(encoded)")
        return true
    }

    private static func checkExport(_ table: OpaquePointer, _ totals: text_totals) {
        let entries = text_table_entries(table)
        var values = [UInt64](repeating: 0, count: entries)
        var offsets = [UInt64](repeating: 0, count: entries + 1)
        var words = [UInt8](repeating: 0, count: max(1, text_table_word_bytes(table)))
        promise(text_table_export(table, &values, &offsets, &words) == 0, "no memory")
        promise(values.reduce(0, +) == totals.tokens, "counts of other than \(totals.tokens)")
        for index in 0..<entries {
            let word = words[Int(offsets[index])..<Int(offsets[index + 1])]
            promise(String(validating: word, as: UTF8.self) != nil, "a word is not UTF-8")
            let found = word.withUnsafeBytes {
                text_table_find(
                    table, $0.baseAddress?.assumingMemoryBound(to: UInt8.self), word.count)
            }
            promise(found == values[index], "a word is not found again")
        }
    }

    /// Words and their counts do not depend on the size of blocks, which the first byte tells.
    static func corpus(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard let first = bytes.first else { return false }
        let texts = UnsafeRawBufferPointer(rebasing: bytes.dropFirst()).parts(3)
        let files = texts.map { MemoryFile($0) }
        let opened = try? LocalTextSource(paths: files.map { $0.withPath { $0 } })
        withExtendedLifetime(files) {}
        guard let source = opened else { return false }
        let whole = counts(source, blockBytes: 1 << 20)
        let parts = counts(source, blockBytes: Int(first % 64) + 1)
        promise(whole.words == parts.words, "words differ when blocks have \(first % 64 + 1) bytes")
        promise(
            whole.tallies.tokens == parts.tallies.tokens
                && whole.tallies.overlongTokens == parts.tallies.overlongTokens
                && whole.tallies.replacedTokens == parts.tallies.replacedTokens,
            "tallies differ when blocks have \(first % 64 + 1) bytes")
        return true
    }

    private static func counts(
        _ source: LocalTextSource, blockBytes: Int
    ) -> (words: [[UInt8]: UInt64], tallies: WordCounter.Tallies) {
        let layout = CorpusLayout(fileSizes: source.fileSizes, blockBytes: blockBytes)
        let blocks = Array(0..<layout.blockCount)
        guard let table = try? WordCounter.count(source, layout: layout, blocks: blocks) else {
            preconditionFailure("a corpus in memory cannot be read")
        }
        var words: [[UInt8]: UInt64] = [:]
        for index in 0..<table.entries {
            table.withKey(at: index) { words[[UInt8]($0)] = table.count(at: index) }
        }
        return (words, WordCounter.Tallies(table))
    }

    /// No more than the limit is written, and nothing at all if the file is not sound.
    static func compressed(_ bytes: UnsafeRawBufferPointer) -> Bool {
        MemoryDirectory.make()
        let output = MemoryDirectory.path + "/out"
        let count = MemoryFile(bytes).withPath {
            try? Decompressor.expand($0, to: output, bytesMax: 1 << 20)
        }
        guard let written = count else {
            promise((try? MappedFile(path: output)) == nil, "a broken file leaves something behind")
            return false
        }
        let expanded = try? MappedFile(path: output)
        promise(expanded?.bytes.count == written, "other than \(written) bytes are there")
        MemoryDirectory.remove("out")
        return true
    }
}
