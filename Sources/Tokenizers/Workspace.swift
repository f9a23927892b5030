// The buffers of one thread, kept from one text to the next.

/// What encoding a text needs besides the tokenizer.
struct Workspace: ~Copyable {
    /// What is kept between texts of each buffer, in elements.
    private static let keptMax = 1 << 20

    var repaired = Growing<UInt8>()
    var text = TextBuffers()
    var words = WordBuffers()
    var model = ModelBuffers()
    /// The ids of a text, and those of the second of a pair.
    var ids = Growing<Int32>()
    var pairedIDs = Growing<Int32>()
    var cache = WordCache()

    /// Ends a text.
    mutating func settle() {
        repaired.shrink(to: Self.keptMax)
        text.settle(Self.keptMax)
        words.settle(Self.keptMax)
        model.settle(Self.keptMax)
        ids.shrink(to: Self.keptMax)
        pairedIDs.shrink(to: Self.keptMax)
    }
}

/// What normalizers write to.
struct TextBuffers: ~Copyable {
    /// Texts between two steps of a normalizer.
    var first = Growing<UInt8>()
    var second = Growing<UInt8>()
    /// Scalars of a stretch that is decomposed.
    var scalars = Growing<UInt32>()
    var sorted = Growing<UInt32>()
    /// How long a text may become.
    var most = 0

    mutating func settle(_ most: Int) {
        first.shrink(to: most)
        second.shrink(to: most)
        scalars.shrink(to: most)
        sorted.shrink(to: most)
    }
}

/// A word, from its first byte to the one behind its last.
struct WordRange: BitwiseCopyable {
    var start: Int
    var end: Int
}

/// What pre-tokenizers write to.
struct WordBuffers: ~Copyable {
    var first = Growing<WordRange>()
    var second = Growing<WordRange>()
    /// Texts of steps that change it.
    var firstText = Growing<UInt8>()
    var secondText = Growing<UInt8>()

    mutating func settle(_ most: Int) {
        first.shrink(to: most)
        second.shrink(to: most)
        firstText.shrink(to: most)
        secondText.shrink(to: most)
    }
}
