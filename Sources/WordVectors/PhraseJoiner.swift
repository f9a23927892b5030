// Joins the words of phrases, pass after pass, from left to right.

import CKernels
public import Tensors

/// What turns "new york" into "new_york". With several passes, the second joins what the first left
/// and may join phrases with words, and phrases with phrases.
///
/// A pass goes through a sentence from left to right. Two words that follow each other are joined
/// if they are a phrase and the first of them was not joined just before (as word2phrase does).
/// The white space between them gives way to the delimiter; every other byte stays as it is. Words
/// are compared as they are counted, ill-formed UTF-8 replaced.
public struct PhraseJoiner: Sendable {
    private let passes: [WordTable]
    private let delimiter: [UInt8]

    /// - Parameters:
    ///   - passes: the phrases of each pass, keys "first second" with one blank.
    ///   - delimiter: not empty and without white space.
    /// - Throws: `.malformed` when a key is not two words, `.outOfMemory`.
    public init(passes: [CountTable], delimiter: String) throws(CountTableError) {
        self.delimiter = Array(delimiter.utf8)
        precondition(
            !delimiter.isEmpty && !self.delimiter.contains(where: isSeparator),
            "the delimiter \(delimiter.debugDescription)")
        var tables: [WordTable] = []
        for phrases in passes { tables.append(try Self.table(of: phrases)) }
        self.passes = tables
    }

    /// How many bytes the key of a phrase may have, so that the joined word is not dropped for its
    /// length.
    public static func pairBytesMax(delimiter: String) -> Int {
        Int(TEXT_TOKEN_BYTES_MAX) + 1 - delimiter.utf8.count
    }

    private static func table(of phrases: CountTable) throws(CountTableError) -> WordTable {
        var words = WordList()
        for index in 0..<phrases.entries {
            let isPair = phrases.withKey(at: index) { key in
                words.append(key)
                let parts = key.split(
                    omittingEmptySubsequences: false, whereSeparator: isSeparator)
                return parts.count == 2 && parts.allSatisfy { !$0.isEmpty }
                    && key[parts[0].endIndex] == CountTable.pairSeparator
                    && key.count <= Int(TEXT_WORD_BYTES_MAX)
            }
            guard isPair else {
                throw .malformed(reason: "key \(index) is not two words with a blank between them")
            }
        }
        var repeated = 0
        do { return try WordTable(words, repeated: &repeated) } catch {
            throw .outOfMemory(byteCount: words.byteCount)
        }
    }

    /// Calls `body` with the text in which all passes have joined their phrases.
    func withJoined<Value>(_ text: BlockText, _ body: (BlockText) -> Value) -> Value {
        var result: [UInt8]?
        for phrases in passes {
            var output: [UInt8] = []
            if let result {
                result.withUnsafeBufferPointer { bytes in
                    guard let base = bytes.baseAddress else { return }
                    let text = BlockText(bytes: base, count: bytes.count, edges: text.edges)
                    join(text, phrases, into: &output)
                }
            } else {
                join(text, phrases, into: &output)
            }
            result = output
        }
        guard let result else { return body(text) }
        return result.withUnsafeBufferPointer { bytes in
            guard let base = bytes.baseAddress else { return body(text) }
            return body(BlockText(bytes: base, count: bytes.count, edges: text.edges))
        }
    }

    private func join(_ text: BlockText, _ phrases: WordTable, into output: inout [UInt8]) {
        let bytes = UnsafeRawBufferPointer(start: text.bytes, count: text.count)
        output.reserveCapacity(text.count + text.count / 8)
        // The last word, and behind it the one that may follow it in a phrase.
        var pair: [UInt8] = []
        var position = 0
        while position < bytes.count {
            let blank = position
            while position < bytes.count, isSeparator(bytes[position]) {
                if isSentenceEnd(bytes[position]) { pair.removeAll(keepingCapacity: true) }
                position += 1
            }
            let start = position
            while position < bytes.count, !isSeparator(bytes[position]) { position += 1 }
            let token = UnsafeRawBufferPointer(rebasing: bytes[start..<position])
            guard text.counts(start..<position) else {
                pair.removeAll(keepingCapacity: true)
                output.append(contentsOf: bytes[blank..<position])
                continue
            }
            if pair.completes(with: token, phrases) {
                output.append(contentsOf: delimiter)
                output.append(contentsOf: token)
            } else {
                output.append(contentsOf: bytes[blank..<position])
            }
        }
    }
}

extension BlockText {
    /// Whether the token of this range is a word, and not dropped for its length.
    fileprivate func counts(_ token: Range<Int>) -> Bool {
        let isCut =
            token.lowerBound == 0 && edges & Int32(TEXT_CONTINUES_BEFORE) != 0
            || token.upperBound == count && edges & Int32(TEXT_CONTINUES_AFTER) != 0
        return !token.isEmpty && token.count <= Int(TEXT_TOKEN_BYTES_MAX) && !isCut
    }
}

extension [UInt8] {
    /// Whether the word that this is and `token` are a phrase. It is empty afterwards if they are,
    /// else the word `token`.
    fileprivate mutating func completes(
        with token: UnsafeRawBufferPointer, _ phrases: WordTable
    ) -> Bool {
        let first = count
        if first > 0 { append(CountTable.pairSeparator) }
        if token.allSatisfy({ $0 < 0x80 }) {
            append(contentsOf: token)
        } else {
            append(contentsOf: String(decoding: token, as: UTF8.self).utf8)
        }
        guard first > 0 else { return false }
        if withUnsafeBytes({ phrases.position(of: $0) }) != nil {
            removeAll(keepingCapacity: true)
            return true
        }
        removeSubrange(0...first)
        return false
    }
}

/// Whether a byte between tokens ends the sentence.
private func isSentenceEnd(_ byte: UInt8) -> Bool { byte == 0x0a || byte == 0x0d }
