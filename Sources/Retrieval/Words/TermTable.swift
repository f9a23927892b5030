// The terms of an index that is being made.

/// Numbers terms as they appear. Each word is analysed once; common words are found with one look
/// into a small table.
struct TermTable {
    private(set) var terms = InternedStrings()
    private var words = InternedStrings()
    /// Of each word, the number of its term, or `none`.
    private var termOfWord: [UInt32] = []
    /// The word that was seen last of those that fall together; half a megabyte.
    private var recent: [RecentWord] = []
    private var scratch: [UInt8] = []
    private static let none = UInt32.max
    private static let recentCount = 1 << 14

    /// A word of up to 16 bytes, filled up with zeros, which no word contains.
    private struct RecentWord {
        var low: UInt64 = 0
        var high: UInt64 = 0
        var term: UInt32 = 0
    }

    /// - Parameter isLarge: whether there will be many words, so that a table for common ones pays.
    init(isLarge: Bool) {
        if isLarge {
            recent = [RecentWord](repeating: RecentWord(), count: Self.recentCount)
        }
    }

    var byteCount: Int { terms.byteCount + words.byteCount + 4 * termOfWord.count }

    /// The number of a word's term.
    ///
    /// - Parameter word: at least 16 bytes may be read from where it begins.
    @inline(__always)
    mutating func term(
        of word: UnsafeRawBufferPointer, isASCII: Bool, _ analyzer: WordAnalyzer
    ) -> Int? {
        let term: UInt32
        if word.count <= 16, !recent.isEmpty, let base = word.baseAddress {
            let key = Self.key(base, word.count)
            let place = Self.place(key)
            let known = recent[place]
            if known.low == key.low, known.high == key.high {
                term = known.term
            } else {
                term = look(for: word, isASCII, analyzer)
                recent[place] = RecentWord(low: key.low, high: key.high, term: term)
            }
        } else {
            term = look(for: word, isASCII, analyzer)
        }
        return term == Self.none ? nil : Int(term)
    }

    @inline(__always)
    private static func key(_ base: UnsafeRawPointer, _ count: Int) -> (low: UInt64, high: UInt64) {
        let low = UInt64(littleEndian: base.loadUnaligned(as: UInt64.self))
        let high = UInt64(littleEndian: base.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
        // Shifting by 64 and more gives 0.
        return (
            low & ~(UInt64.max << UInt64(8 * count)),
            high & ~(UInt64.max << UInt64(8 * max(count - 8, 0)))
        )
    }

    @inline(__always)
    private static func place(_ key: (low: UInt64, high: UInt64)) -> Int {
        let mixed = (key.low ^ (key.high &* 0xC2B2_AE3D_27D4_EB4F)) &* 0x9E37_79B9_7F4A_7C15
        return Int(truncatingIfNeeded: mixed >> 50)
    }

    @inline(never)
    private mutating func look(
        for word: UnsafeRawBufferPointer, _ isASCII: Bool, _ analyzer: WordAnalyzer
    ) -> UInt32 {
        let number = words.intern(word)
        if number == termOfWord.count { analyse(word, isASCII, analyzer) }
        return termOfWord[number]
    }

    private mutating func analyse(
        _ word: UnsafeRawBufferPointer, _ isASCII: Bool, _ analyzer: WordAnalyzer
    ) {
        guard analyzer.term(of: word, isASCII: isASCII, into: &scratch) else {
            termOfWord.append(Self.none)
            return
        }
        termOfWord.append(UInt32(scratch.withUnsafeBytes { terms.intern($0) }))
    }
}
