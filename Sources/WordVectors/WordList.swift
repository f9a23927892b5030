// Many words in one piece of memory.

/// A list of words as bytes. Appending is for one thread; a finished list is only read.
public struct WordList: Sendable {
    private var arena: [UInt8] = []
    private var ends: [Int] = []

    public init() {}

    public init(_ words: some Sequence<String>) {
        for word in words { append(Array(word.utf8)) }
    }

    public var count: Int { ends.count }
    /// Bytes of all words together.
    public var byteCount: Int { arena.count }

    public mutating func reserve(words: Int, bytes: Int) {
        ends.reserveCapacity(words)
        arena.reserveCapacity(bytes)
    }

    public mutating func append(_ word: UnsafeRawBufferPointer) {
        arena.append(contentsOf: word)
        ends.append(arena.count)
    }

    public mutating func append(_ word: [UInt8]) {
        arena.append(contentsOf: word)
        ends.append(arena.count)
    }

    /// Lends the bytes of word `index`.
    public func withBytes<Value>(
        _ index: Int, _ body: (UnsafeRawBufferPointer) -> Value
    ) -> Value {
        let range = range(index)
        return arena.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[range])) }
    }

    /// Word `index`; bytes that are not UTF-8 show as U+FFFD.
    public subscript(index: Int) -> String {
        String(decoding: arena[range(index)], as: UTF8.self)
    }

    private func range(_ index: Int) -> Range<Int> {
        precondition(index >= 0 && index < ends.count, "word \(index) of \(ends.count)")
        return (index == 0 ? 0 : ends[index - 1]) ..< ends[index]
    }
}
