// Finds how far a passage may reach by tokenizing attempts at it: no tokenizer has to know where
// its tokens stand in a text that it normalises first.

/// Used by one thread, for one document after the other.
struct PassageCutter {
    /// A passage that begins, or ends, at some place, as far as it is known to fit.
    struct Reach {
        /// In bytes.
        var length = 0
        /// With special tokens and prompt.
        var tokens: Int
    }

    /// What a search is for.
    struct Search {
        /// Where the passage begins, or ends if `sign` is -1.
        let anchor: Int
        let sign: Int
        /// Bytes that there are.
        let available: Int
        /// Tokens that it may have.
        let limit: Int
        /// Whether the last of the bytes is a place to end at, whatever it is.
        let mayUseAll: Bool

        func range(_ length: Int) -> Range<Int> {
            sign > 0 ? anchor..<anchor + length : anchor - length..<anchor
        }
    }

    let measure: TokenMeasure
    /// Tokens of an empty passage.
    let around: Int
    private var buffers = TextBuffers()
    /// As the passages so far had them.
    private var bytesPerToken = 4.0

    /// A text may have so many bytes for a token: white space, and words that are one unknown
    /// token however long they are, must not make passages without an end.
    static let bytesPerTokenMax = 64
    /// Attempts by proportion; then the room that is left is halved each time.
    private static let guessesMax = 6

    init(_ measure: TokenMeasure) {
        self.measure = measure
        around = measure.count(UnsafeRawBufferPointer(start: nil, count: 0), &buffers)
    }

    mutating func tokens(_ text: PassageText, _ range: Range<Int>) -> Int {
        measure.count(text.part(range), &buffers)
    }

    /// The longest passage from `start` that fits: up to the last of the coarsest places that
    /// there are, to finer ones only where it would be empty, or at words less than half full.
    ///
    /// - Returns: its end, and its tokens.
    mutating func passage(
        _ text: PassageText, _ range: Range<Int>, limit: Int, at places: [TextPlaces]
    ) throws(ChunkError) -> (end: Int, tokens: Int) {
        let search = Search(
            anchor: range.lowerBound, sign: 1, available: range.count, limit: limit,
            mayUseAll: true)
        let reach = reach(text, search, at: places)
        guard reach.length > 0 else {
            let width = text.scalar(range.lowerBound).width
            let tokens = tokens(text, range.lowerBound..<range.lowerBound + width)
            throw .unsplittable(byte: range.lowerBound, tokens: tokens, limit: limit)
        }
        let content = Double(max(reach.tokens - around, 1))
        bytesPerToken = min(Double(reach.length) / content, Double(Self.bytesPerTokenMax))
        return (range.lowerBound + reach.length, reach.tokens)
    }

    /// Where the last `tokens` tokens of a passage begin; its end if that cannot be had. Half of a
    /// passage at most: there may be text that has no tokens, and the next one must get somewhere.
    mutating func tail(_ text: PassageText, _ passage: Range<Int>, tokens: Int) -> Int {
        guard tokens > 0, passage.count > 1 else { return passage.upperBound }
        let search = Search(
            anchor: passage.upperBound, sign: -1, available: passage.count / 2,
            limit: around + tokens, mayUseAll: false)
        return passage.upperBound - reach(text, search, at: [.words, .characters]).length
    }

    private mutating func reach(
        _ text: PassageText, _ search: Search, at levels: [TextPlaces]
    ) -> Reach {
        var reach = Reach(tokens: around)
        for places in levels {
            extend(&reach, text, search, places)
            if reach.length == search.available { break }
            if case .words = places {
                if 2 * (reach.tokens - around) >= search.limit - around { break }
            } else if reach.length > 0 {
                break
            }
        }
        return reach
    }

    private mutating func extend(
        _ reach: inout Reach, _ text: PassageText, _ search: Search, _ places: TextPlaces
    ) {
        let bytesMax = max(4_096, Self.bytesPerTokenMax * search.limit)
        let most = min(search.available, bytesMax)
        /// The shortest that is known not to fit.
        var beyond = Reach(length: most + 1, tokens: 0)
        var guesses = 0
        while reach.tokens < search.limit || reach.length == 0 {
            let wanted = min(guess(reach, beyond, search, after: guesses), most)
            guard let length = length(near: wanted, reach, beyond, text, search, places) else {
                return
            }
            let attempt = Reach(length: length, tokens: tokens(text, search.range(length)))
            if attempt.tokens <= search.limit { reach = attempt } else { beyond = attempt }
            guesses += 1
        }
    }

    private func guess(
        _ reach: Reach, _ beyond: Reach, _ search: Search, after guesses: Int
    ) -> Int {
        let left = Double(search.limit - reach.tokens)
        if beyond.tokens > 0, guesses >= Self.guessesMax {
            return (reach.length + beyond.length) / 2
        }
        if beyond.tokens > 0 {
            let share = (left + 0.5) / Double(beyond.tokens - reach.tokens)
            return reach.length + Int(share * Double(beyond.length - reach.length))
        }
        let content = reach.tokens - around
        guard reach.length > 0, content > 0 else {
            return max(2 * reach.length, Int((left + 0.5) * bytesPerToken))
        }
        let added = (left + 0.5) * Double(reach.length) / Double(content)
        return reach.length + min(Int(added) + 1, 3 * reach.length + 64)
    }

    /// The length of a passage that ends at a place: the longest up to `wanted`, else the shortest
    /// behind it, between what fits and what does not.
    private func length(
        near wanted: Int, _ reach: Reach, _ beyond: Reach, _ text: PassageText, _ search: Search,
        _ places: TextPlaces
    ) -> Int? {
        let wanted = min(max(wanted, reach.length + 1), beyond.length - 1)
        guard wanted > reach.length else { return nil }
        if search.mayUseAll, wanted == search.available { return wanted }
        let anchor = search.anchor
        let found =
            search.sign > 0
            ? places.last(in: anchor + reach.length + 1..<anchor + wanted + 1, text)
                ?? places.first(in: anchor + wanted + 1..<anchor + beyond.length, text)
            : places.first(in: anchor - wanted..<anchor - reach.length, text)
                ?? places.last(in: anchor - beyond.length + 1..<anchor - wanted, text)
        if let found { return abs(found - anchor) }
        let isOpen = search.mayUseAll && beyond.length == search.available + 1
        return isOpen ? search.available : nil
    }
}
