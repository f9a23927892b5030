// Some of the passages of a segment, a bit for each.

public struct PassageSet: Sendable, Equatable {
    public let passages: Int
    /// Bits beyond the last passage are 0.
    private(set) var words: [UInt64]

    /// None of them, or all.
    public init(passages: Int, all: Bool = false) {
        self.passages = passages
        words = [UInt64](repeating: all ? .max : 0, count: (passages + 63) / 64)
        trim()
    }

    /// - Parameter word: the bits of passages `64 * index` and those that follow.
    init(passages: Int, _ word: (_ index: Int) -> UInt64) {
        self.passages = passages
        words = (0..<(passages + 63) / 64).map(word)
        trim()
    }

    private mutating func trim() {
        if passages % 64 != 0 { words[words.count - 1] &= 1 << UInt64(passages % 64) - 1 }
    }

    public var count: Int { words.reduce(0) { $0 + $1.nonzeroBitCount } }

    public func contains(_ passage: Int) -> Bool {
        words[passage >> 6] >> UInt64(passage & 63) & 1 == 1
    }

    mutating func insert(_ passage: Int) { words[passage >> 6] |= 1 << UInt64(passage & 63) }

    mutating func formIntersection(_ other: PassageSet) {
        for index in words.indices { words[index] &= other.words[index] }
    }

    mutating func formUnion(_ other: PassageSet) {
        for index in words.indices { words[index] |= other.words[index] }
    }

    mutating func invert() {
        for index in words.indices { words[index] = ~words[index] }
        trim()
    }

    mutating func subtract(_ dead: Tombstones) {
        if dead.count == 0 { return }
        for index in words.indices { words[index] &= ~dead.word(index) }
    }

    /// Ascending.
    func forEach<Failure>(
        _ body: (Int) throws(Failure) -> Void
    ) throws(Failure) {
        for (index, word) in words.enumerated() {
            var rest = word
            while rest != 0 {
                try body(64 * index + rest.trailingZeroBitCount)
                rest &= rest - 1
            }
        }
    }
}
