// Added tokens: texts that are found before anything else is done, and become one id.

/// One entry of `added_tokens`.
struct AddedToken {
    var id: Int32 = 0
    var content: [UInt8] = []
    /// Only between characters that are not part of words.
    var isSingleWord = false
    /// Takes the white space before it, or behind it.
    var takesLeft = false
    var takesRight = false
    /// Looked for in the normalized text.
    var isNormalized = true
}

/// Finds any of several texts.
struct AddedTokens: ~Copyable {
    private(set) var tokens: [AddedToken] = []
    /// Node and byte lead to a node, and to the token that ends there, or -1.
    private var trie = PairTable()
    private var nodes: Int32 = 1
    /// Which bytes a token starts with.
    private var starts = [Bool](repeating: false, count: 256)

    var isEmpty: Bool { tokens.isEmpty }

    /// - text: what is looked for, if not the token's content.
    mutating func insert(_ token: AddedToken, as text: Bytes) {
        guard text.count > 0 else { return }
        starts[Int(text[0])] = true
        var node: Int32 = 0
        for place in 0..<text.count {
            let byte = Int32(text[place])
            let found = trie.find(node, byte)
            let child = found.first < 0 ? nodes : found.first
            if found.first < 0 { nodes += 1 }
            let isEnd = place == text.count - 1
            trie.insert(node, byte, child, isEnd ? Int32(tokens.count) : found.second)
            node = child
        }
        tokens.append(token)
    }

    /// Calls `gap` for what lies between tokens and `found` for their ids, in the order of the
    /// text: at the first place where one starts, the longest.
    @inline(__always)
    func walk<Context: ~Copyable>(
        _ text: Bytes, _ context: inout Context, gap: (WordRange, inout Context) -> Void,
        found: (Int32, inout Context) -> Void
    ) {
        var place = 0
        var done = 0
        while let match = next(text, place) {
            place = match.range.end
            let token = tokens[match.token]
            if token.isSingleWord, !standsAlone(text, match.range) { continue }
            var (start, end) = (match.range.start, match.range.end)
            if token.takesLeft { start = max(spaceBefore(text, start, done), done) }
            if token.takesRight { end = spaceBehind(text, end) }
            if done < start { gap(WordRange(start: done, end: start), &context) }
            found(token.id, &context)
            done = end
        }
        if done < text.count { gap(WordRange(start: done, end: text.count), &context) }
    }

    private func next(_ text: Bytes, _ from: Int) -> (range: WordRange, token: Int)? {
        starts.withUnsafeBufferPointer { starts in
            var place = from
            while place < text.count {
                guard starts[Int(text[place])] else {
                    place += 1
                    continue
                }
                var node: Int32 = 0
                var end = place
                var longest: (range: WordRange, token: Int)?
                while end < text.count {
                    let found = trie.find(node, Int32(text[end]))
                    guard found.first >= 0 else { break }
                    node = found.first
                    end += 1
                    if found.second >= 0 {
                        longest = (WordRange(start: place, end: end), Int(found.second))
                    }
                }
                if let longest { return longest }
                place += 1
            }
            return nil
        }
    }

    private func standsAlone(_ text: Bytes, _ range: WordRange) -> Bool {
        let table = CharacterTable.shared
        if range.start > 0, table.has(Text.scalarBefore(text, range.start).code, .word) {
            return false
        }
        return range.end == text.count || !table.has(Text.scalar(text, range.end).code, .word)
    }

    private func spaceBefore(_ text: Bytes, _ start: Int, _ least: Int) -> Int {
        var start = start
        while start > least {
            let (code, width) = Text.scalarBefore(text, start)
            guard CharacterTable.shared.has(code, .space) else { break }
            start -= width
        }
        return start
    }

    private func spaceBehind(_ text: Bytes, _ end: Int) -> Int {
        var end = end
        while end < text.count {
            let (code, width) = Text.scalar(text, end)
            guard CharacterTable.shared.has(code, .space) else { break }
            end += width
        }
        return end
    }
}
