// Unigram: of all ways to cut a word into tokens, the one of the highest score.

/// The model of sentencepiece (Kudo 2018), found by Viterbi's algorithm.
struct UnigramModel: ~Copyable {
    /// How much worse than the worst token an unknown character is.
    private static let unknownPenalty = 10.0

    let vocabulary: Vocabulary
    private var scores = Growing<Double>()
    private let unknown: Int32
    private let unknownScore: Double
    private var fallback: [Int32] = []
    /// A trie of the tokens: node and byte lead to a node, and to the id of the token that ends
    /// there, or -1.
    private var trie = PairTable()

    init(_ file: ModelFile, _ reader: inout JSONReader) throws(TokenizerError) {
        // A rough guess saves most of the rehashing: a line of a file has some 40 bytes.
        let guess = min(reader.bytes.count / 40, 1 << 18)
        var vocabulary = Vocabulary(capacity: guess)
        var scores = Growing<Double>(capacity: guess)
        var lowest = Double.infinity
        try file.seek("vocab", &reader)
        var list = try reader.beginArray()
        while try reader.nextElement(&list) {
            var pair = try reader.beginArray()
            guard try reader.nextElement(&pair) else { throw reader.failure("a token expected") }
            try vocabulary.insert(try reader.span(), Int32(scores.count), reader)
            guard try reader.nextElement(&pair) else { throw reader.failure("a score expected") }
            scores.append(try reader.number())
            guard try !reader.nextElement(&pair) else {
                throw reader.failure("a token with more than a score")
            }
            lowest = min(lowest, scores[scores.count - 1])
            guard scores.count <= Vocabulary.tokensMax else {
                throw reader.failure("more than \(Vocabulary.tokensMax) tokens")
            }
        }
        vocabulary.idMax = Int32(scores.count) - 1
        vocabulary.index()
        guard let unknown = file.number("unk_id"), unknown >= 0, unknown < scores.count else {
            throw reader.unsupported("Unigram without a token for what is unknown (unk_id)")
        }
        self.unknown = Int32(unknown)
        unknownScore = lowest - Self.unknownPenalty
        if file.flag("byte_fallback") { fallback = vocabulary.byteTokens() }
        trie = Self.trie(vocabulary)
        self.vocabulary = vocabulary
        self.scores = scores
    }

    private static func trie(_ vocabulary: borrowing Vocabulary) -> PairTable {
        var trie = PairTable(capacity: 3 * vocabulary.table.count)
        var nodes: Int32 = 1
        for entry in 0..<vocabulary.table.count {
            let token = vocabulary.table.key(entry)
            var node: Int32 = 0
            for place in 0..<token.count {
                let byte = Int32(token[place])
                let found = trie.find(node, byte)
                let isEnd = place == token.count - 1
                if found.first < 0 || isEnd {
                    let child = found.first < 0 ? nodes : found.first
                    if found.first < 0 { nodes += 1 }
                    trie.insert(node, byte, child, isEnd ? vocabulary.table.number(entry) : -1)
                    node = child
                } else {
                    node = found.first
                }
            }
        }
        return trie
    }

    func encode(_ word: Bytes, _ ids: inout Growing<Int32>, _ buffers: inout ModelBuffers) {
        findBest(word, &buffers)
        // Backwards from the end: how long each token is, and which; then forwards again.
        var place = word.count
        var count = 0
        while place > 0 {
            let width = Int(buffers.steps[place])
            buffers.steps[word.count - count] = Int32(width)
            buffers.pieces[word.count - count] = buffers.pieces[place]
            count += 1
            place -= width
        }
        append(word, count, &ids, buffers)
    }

    /// For each place the best score of a way there, the width of its last token, and which it is.
    private func findBest(_ word: Bytes, _ buffers: inout ModelBuffers) {
        let count = word.count
        buffers.scores.reserve(count + 1)
        buffers.steps.reserve(count + 1)
        buffers.pieces.reserve(count + 1)
        let (best, steps, pieces) = (
            buffers.scores.start, buffers.steps.start, buffers.pieces.start
        )
        steps.update(repeating: 0, count: count + 1)
        best[0] = 0
        var place = 0
        while place < count {
            let width = Text.width(word[place])
            let here = best[place]
            var hasCharacter = false
            var node: Int32 = 0
            var end = place
            while end < count {
                let found = trie.find(node, Int32(word[end]))
                guard found.first >= 0 else { break }
                node = found.first
                end += 1
                guard found.second >= 0 else { continue }
                let score = scores[Int(found.second)] + here
                if steps[end] == 0 || score > best[end] {
                    best[end] = score
                    steps[end] = Int32(end - place)
                    pieces[end] = found.second
                }
                hasCharacter = hasCharacter || end - place == width
            }
            if !hasCharacter {
                end = place + width
                let score = unknownScore + here
                if steps[end] == 0 || score > best[end] {
                    best[end] = score
                    steps[end] = Int32(width)
                    pieces[end] = unknown
                }
            }
            place += width
        }
    }

    /// Writes the tokens down; unknown ones in a row are one.
    private func append(
        _ word: Bytes, _ count: Int, _ ids: inout Growing<Int32>, _ buffers: borrowing ModelBuffers
    ) {
        var place = 0
        var index = word.count - count + 1
        while index <= word.count {
            let piece = buffers.pieces[index]
            let start = place
            place += Int(buffers.steps[index])
            index += 1
            guard piece == unknown else {
                ids.append(piece)
                continue
            }
            while index <= word.count, buffers.pieces[index] == unknown {
                place += Int(buffers.steps[index])
                index += 1
            }
            appendUnknown(word.slice(start, place), &ids)
        }
    }

    private func appendUnknown(_ text: Bytes, _ ids: inout Growing<Int32>) {
        let id = vocabulary.id(text)
        if id >= 0 { return ids.append(id) }
        var isSpelled = !fallback.isEmpty
        for place in 0..<text.count where isSpelled { isSpelled = fallback[Int(text[place])] >= 0 }
        guard isSpelled else { return ids.append(unknown) }
        for place in 0..<text.count { ids.append(fallback[Int(text[place])]) }
    }
}

extension Vocabulary {
    /// The ids of `<0x00>` to `<0xFF>`, -1 where they lack.
    func byteTokens() -> [Int32] {
        (0..<256).map { byte in
            let digits = String(byte, radix: 16, uppercase: true)
            return id("<0x\(byte < 16 ? "0" : "")\(digits)>")
        }
    }
}
