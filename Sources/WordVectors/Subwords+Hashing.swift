// Cuts a word into n-grams and finds the bucket of each, as fastText does.

extension Subwords {
    /// The word that fastText puts at line ends; it has no n-grams.
    private static let sentenceEnd = Array("</s>".utf8)

    static func isSentenceEnd(_ word: UnsafeRawBufferPointer) -> Bool {
        word.count == sentenceEnd.count && word.elementsEqual(sentenceEnd)
    }

    /// How many n-grams a word has. At most `(bytes + 2) * (maximumLength - minimumLength + 1)`.
    func count(of word: UnsafeRawBufferPointer) -> Int {
        if Self.isSentenceEnd(word) { return 0 }
        let characters = 2 + word.reduce(0) { $0 + ($1 & 0xc0 == 0x80 ? 0 : 1) }
        var count = 0
        for length in minimumLength...maximumLength {
            if length > characters { break }
            // Of single characters the brackets are left out.
            count += length == 1 ? characters - 2 : characters - length + 1
        }
        return count
    }

    /// Calls `body` with the bucket of each n-gram of a word, by where they begin, the shorter
    /// ones first; an n-gram that occurs twice comes twice. The hash is FNV-1a of 32 bits, its
    /// bytes extended with their sign, as fastText's `.bin` files want it.
    ///
    /// - Parameter sparesSentenceEnd: false for files older than version 11, in which `</s>` has
    ///   n-grams, too.
    @inline(__always)
    func forEachBucket(
        of word: UnsafeRawBufferPointer, sparesSentenceEnd: Bool = true, _ body: (Int32) -> Void
    ) {
        if sparesSentenceEnd, Self.isSentenceEnd(word) { return }
        withUnsafeTemporaryAllocation(byteCount: word.count + 2, alignment: 1) { wrapped in
            wrapped[0] = UInt8(ascii: "<")
            wrapped[word.count + 1] = UInt8(ascii: ">")
            UnsafeMutableRawBufferPointer(rebasing: wrapped[1...]).copyMemory(from: word)
            for start in 0..<wrapped.count where wrapped[start] & 0xc0 != 0x80 {
                hash(UnsafeRawBufferPointer(wrapped), from: start, body)
            }
        }
    }

    /// The n-grams that begin at `start`, each hash going on from the one before.
    @inline(__always)
    private func hash(
        _ wrapped: UnsafeRawBufferPointer, from start: Int, _ body: (Int32) -> Void
    ) {
        var hash: UInt32 = 2_166_136_261
        var end = start
        var length = 0
        while end < wrapped.count, length < maximumLength {
            repeat {
                hash ^= UInt32(bitPattern: Int32(Int8(bitPattern: wrapped[end])))
                hash &*= 16_777_619
                end += 1
            } while end < wrapped.count && wrapped[end] & 0xc0 == 0x80
            length += 1
            let isBracket = length == 1 && (start == 0 || end == wrapped.count)
            if length >= minimumLength, !isBracket {
                body(Int32(bitPattern: hash % UInt32(truncatingIfNeeded: buckets)))
            }
        }
    }
}
