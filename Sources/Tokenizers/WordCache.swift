// The ids of words that were met lately.

import Glibc

/// Short words with few ids, one cache line each, in the place that their hash names; a newcomer
/// takes the place.
struct WordCache: ~Copyable {
    private static let entries = 1 << 14
    private static let bytesMax = 30
    private static let idsMax = 8
    private static let lineBytes = 64

    private let lines: UnsafeMutableRawPointer
    /// Whose ids these are.
    private var owner: UInt64 = 0

    init() {
        lines = .allocate(byteCount: Self.entries * Self.lineBytes, alignment: 16)
        clear()
    }

    deinit { lines.deallocate() }

    private func clear() { memset(lines, 0, Self.entries * Self.lineBytes) }

    /// Forgets what another tokenizer left.
    mutating func belong(to tokenizer: UInt64) {
        guard owner != tokenizer else { return }
        if owner != 0 { clear() }
        owner = tokenizer
    }

    @inline(__always)
    private func line(_ word: Bytes) -> UnsafeMutableRawPointer {
        lines + (Int(truncatingIfNeeded: word.hash(0)) & (Self.entries - 1)) * Self.lineBytes
    }

    /// Appends the ids of a word that is known; false if it is not.
    @inline(__always)
    func find(_ word: Bytes, _ ids: inout Growing<Int32>) -> Bool {
        guard word.count <= Self.bytesMax else { return false }
        let line = line(word)
        guard Int(line.load(as: UInt8.self)) == word.count,
            memcmp(line + 2, word.start, word.count) == 0
        else { return false }
        let count = Int(line.load(fromByteOffset: 1, as: UInt8.self))
        ids.reserve(Self.idsMax)
        // All eight are copied, as that needs no loop; the count tells which of them count.
        memcpy(ids.start + ids.count, line + 32, 4 * Self.idsMax)
        ids.count += count
        return true
    }

    /// Remembers a word and its ids: those from `first` on.
    @inline(__always)
    func remember(_ word: Bytes, _ ids: borrowing Growing<Int32>, from first: Int) {
        let count = ids.count - first
        guard word.count > 0, word.count <= Self.bytesMax, count <= Self.idsMax else { return }
        let line = line(word)
        line.storeBytes(of: UInt8(word.count), as: UInt8.self)
        line.storeBytes(of: UInt8(count), toByteOffset: 1, as: UInt8.self)
        memcpy(line + 2, word.start, word.count)
        memcpy(line + 32, ids.start + first, 4 * count)
    }
}
