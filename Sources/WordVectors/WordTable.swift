// A hash table from words to numbers, in C; its owner and its safe face.

import CKernels
import Files

/// Bytes of words → counts or ids. Building is for one thread; looking up is for any number.
final class WordTable: @unchecked Sendable {
    let pointer: OpaquePointer

    init(expectedEntries: Int) throws(FileError) {
        // The seed keeps prepared words from colliding; no result depends on it.
        guard
            let pointer = text_table_create(UInt64.random(in: 0 ... .max), max(expectedEntries, 0))
        else { throw .outOfMemory(doing: "making a table of \(expectedEntries) words") }
        self.pointer = pointer
    }

    /// Gives every word of the list its position; a word that repeats keeps its first one.
    ///
    /// - Returns: how many repeat.
    convenience init(_ words: WordList, repeated: inout Int) throws(FileError) {
        try self.init(expectedEntries: words.count)
        repeated = 0
        for index in 0 ..< words.count {
            let status = words.withBytes(index) { word in
                withPointer(word) {
                    text_table_insert(pointer, $0, word.count, UInt64(index) + 1)
                }
            }
            guard status >= 0 else { throw .outOfMemory(doing: "indexing \(words.count) words") }
            repeated += Int(status)
        }
    }

    /// The position of a word, nil when it is not in the table.
    func position(of word: UnsafeRawBufferPointer) -> Int? {
        let value = withPointer(word) { text_table_find(pointer, $0, word.count) }
        return value == 0 ? nil : Int(value) - 1
    }

    /// The position of a word, nil when it is not in the table.
    func position(of word: String) -> Int? {
        var word = word
        return word.withUTF8 { position(of: UnsafeRawBufferPointer($0)) }
    }

    // C is never handed a null pointer, even for the empty word.
    private func withPointer<Value>(
        _ word: UnsafeRawBufferPointer, _ body: (UnsafePointer<UInt8>) -> Value
    ) -> Value {
        if let base = word.baseAddress { return body(base.assumingMemoryBound(to: UInt8.self)) }
        var empty: UInt8 = 0
        return body(&empty)
    }

    deinit { text_table_destroy(pointer) }
}
