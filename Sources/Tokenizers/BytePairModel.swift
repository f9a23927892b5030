// Byte-pair encoding: neighbours are merged, the earliest learned pair first.

/// The model of GPT-2 and most decoders (Sennrich, Haddow and Birch 2016).
struct BytePairModel: ~Copyable {
    /// A word of more symbols is merged with a heap.
    private static let scannedMax = 48

    let vocabulary: Vocabulary
    /// Two ids, the rank of their merge and what they become.
    private let merges: PairTable
    /// Whether words are bytes, in a vocabulary that spells them with letters.
    private let isByteLevel: Bool
    /// Of byte-level models: the id of each byte, and of whole words that need no merging.
    private var byteIDs = [Int32](repeating: -1, count: 256)
    private var wholeWords = SpanTable()
    private let skipsMerges: Bool
    private let unknown: Int32
    private let fusesUnknown: Bool
    /// The tokens `<0x00>` to `<0xFF>`, if characters that are unknown fall back to them.
    private let fallback: [Int32]
    /// Whether a word may be cut before every U+2581 that ends a run of other characters: no
    /// merge reaches across.
    let cutsAtBlanks: Bool
    private let prefix: [UInt8]
    private let suffix: [UInt8]

    init(
        _ file: ModelFile, _ reader: inout JSONReader, isByteLevel: Bool
    ) throws(TokenizerError) {
        guard (file.real("dropout") ?? 0) == 0 else {
            throw reader.unsupported("BPE with dropout")
        }
        let vocabulary = try file.vocabulary(&reader)
        let prefix = Array((file.text("continuing_subword_prefix") ?? "").utf8)
        let suffix = Array((file.text("end_of_word_suffix") ?? "").utf8)
        guard prefix.isEmpty && suffix.isEmpty || !isByteLevel else {
            throw reader.unsupported("byte-level BPE with a prefix or suffix of subwords")
        }
        let unknownToken = file.text("unk_token")
        let unknown = unknownToken == nil ? -1 : vocabulary.id(unknownToken ?? "")
        guard unknown >= 0 || unknownToken == nil else {
            throw reader.failure("the vocabulary lacks the unk_token")
        }
        var joinsBlanks = false
        merges = try Self.merges(
            file, &reader, vocabulary, prefixBytes: prefix.count, joinsBlanks: &joinsBlanks)
        cutsAtBlanks =
            !isByteLevel && !joinsBlanks && prefix.isEmpty && suffix.isEmpty
            && !file.flag("ignore_merges") && vocabulary.id("\u{2581}") >= 0
        fallback = file.flag("byte_fallback") ? vocabulary.byteTokens() : []
        skipsMerges = file.flag("ignore_merges")
        fusesUnknown = file.flag("fuse_unk")
        self.isByteLevel = isByteLevel
        self.prefix = prefix
        self.suffix = suffix
        self.unknown = unknown
        self.vocabulary = vocabulary
        if isByteLevel { readByteLevel() }
    }

    private mutating func readByteLevel() {
        var spelled = Growing<UInt8>()
        for byte in 0..<256 {
            spelled.count = 0
            Text.append(ByteAlphabet.letters[byte], to: &spelled)
            byteIDs[byte] = vocabulary.id(spelled.bytes)
        }
        guard skipsMerges else { return }
        wholeWords = SpanTable(capacity: vocabulary.table.count)
        for entry in 0..<vocabulary.table.count
        where ByteAlphabet.decode(vocabulary.table.key(entry), &spelled) {
            wholeWords.insert(spelled.bytes, vocabulary.table.number(entry))
        }
    }

    // MARK: Encoding

    /// Where the part of a word ends that starts at `start` and that no merge leaves.
    func nextCut(_ word: Bytes, _ start: Int) -> Int {
        var place = start + 1
        while place + 3 <= word.count {
            if word[place] == 0xe2, Self.isBlank(word, place),
                place < start + 3 || !Self.isBlank(word, place - 3)
            {
                return place
            }
            place += 1
        }
        return word.count
    }

    /// Whether U+2581 stands at `place`.
    @inline(__always)
    static func isBlank(_ word: Bytes, _ place: Int) -> Bool {
        word[place] == 0xe2 && word[place + 1] == 0x96 && word[place + 2] == 0x81
    }

    func encode(_ word: Bytes, _ ids: inout Growing<Int32>, _ buffers: inout ModelBuffers) {
        guard word.count > 0 else { return }
        if skipsMerges {
            let id = isByteLevel ? wholeWords.find(word) : vocabulary.id(word)
            if id >= 0 { return ids.append(id) }
        }
        let first = ids.count
        if isByteLevel { gatherBytes(word, &ids) } else { gather(word, &ids, &buffers) }
        let count = ids.count - first
        guard count > 1 else { return }
        let merged =
            count <= Self.scannedMax
            ? mergeByScan(ids.start + first, count, &buffers)
            : mergeByHeap(ids.start + first, count, &buffers)
        ids.count = first + merged
    }

    private func gatherBytes(_ word: Bytes, _ ids: inout Growing<Int32>) {
        ids.reserve(word.count)
        var pending = false
        byteIDs.withUnsafeBufferPointer { byteIDs in
            for place in 0..<word.count {
                let id = byteIDs[Int(word[place])]
                if id >= 0 {
                    if pending { ids.append(unknown) }
                    pending = false
                    ids.append(id)
                } else {
                    addUnknown(&pending, &ids)
                }
            }
        }
        if pending { ids.append(unknown) }
    }

    /// An unknown character is written when the next known one comes, which is how several become
    /// one.
    private func addUnknown(_ pending: inout Bool, _ ids: inout Growing<Int32>) {
        guard unknown >= 0 else { return }
        if pending, !fusesUnknown { ids.append(unknown) }
        pending = true
    }

    private func gather(
        _ word: Bytes, _ ids: inout Growing<Int32>, _ buffers: inout ModelBuffers
    ) {
        var place = 0
        var pending = false
        while place < word.count {
            let end = place + Text.width(word[place])
            let character = spelled(word, place, end, &buffers.spelled)
            let id = vocabulary.id(character)
            if id >= 0 {
                if pending { ids.append(unknown) }
                pending = false
                ids.append(id)
            } else if !appendFallback(character, &ids) {
                addUnknown(&pending, &ids)
            }
            place = end
        }
        if pending { ids.append(unknown) }
    }

    /// A character as the vocabulary spells it at its place in the word.
    @inline(__always)
    private func spelled(
        _ word: Bytes, _ place: Int, _ end: Int, _ buffer: inout Growing<UInt8>
    ) -> Bytes {
        if prefix.isEmpty, suffix.isEmpty { return word.slice(place, end) }
        buffer.count = 0
        if place > 0 { for byte in prefix { buffer.append(byte) } }
        buffer.append(word.slice(place, end))
        if end == word.count { for byte in suffix { buffer.append(byte) } }
        return buffer.bytes
    }

    private func appendFallback(_ character: Bytes, _ ids: inout Growing<Int32>) -> Bool {
        guard !fallback.isEmpty else { return false }
        for place in 0..<character.count where fallback[Int(character[place])] < 0 { return false }
        for place in 0..<character.count { ids.append(fallback[Int(character[place])]) }
        return true
    }

    // MARK: Merging

    /// Looks for the lowest rank again and again: for few symbols nothing is faster.
    private func mergeByScan(
        _ symbols: UnsafeMutablePointer<Int32>, _ count: Int, _ buffers: inout ModelBuffers
    ) -> Int {
        buffers.ranks.reserve(Self.scannedMax)
        buffers.merged.reserve(Self.scannedMax)
        let (ranks, merged) = (buffers.ranks.start, buffers.merged.start)
        var count = count
        for place in 0..<count - 1 { look(symbols, place, ranks, merged) }
        while count > 1 {
            var best = 0
            for place in 1..<max(count - 1, 1) where ranks[place] < ranks[best] { best = place }
            guard ranks[best] != .max else { break }
            symbols[best] = merged[best]
            for place in best + 1..<max(count - 1, best + 1) {
                symbols[place] = symbols[place + 1]
                ranks[place] = ranks[min(place + 1, count - 2)]
                merged[place] = merged[min(place + 1, count - 2)]
            }
            count -= 1
            if best > 0 { look(symbols, best - 1, ranks, merged) }
            if best + 1 < count { look(symbols, best, ranks, merged) }
        }
        return count
    }

    @inline(__always)
    private func look(
        _ symbols: UnsafeMutablePointer<Int32>, _ place: Int,
        _ ranks: UnsafeMutablePointer<Int32>, _ merged: UnsafeMutablePointer<Int32>
    ) {
        let found = merges.find(symbols[place], symbols[place + 1])
        ranks[place] = found.first < 0 ? .max : found.first
        merged[place] = found.second
    }

    /// Keeps the candidates in a heap, so that a text in one word takes n log n steps.
    private func mergeByHeap(
        _ symbols: UnsafeMutablePointer<Int32>, _ count: Int, _ buffers: inout ModelBuffers
    ) -> Int {
        buffers.links(count)
        let (next, previous) = (buffers.ranks.start, buffers.merged.start)
        buffers.heap.count = 0
        for place in 0..<count - 1 { offer(symbols, place, place + 1, &buffers.heap) }
        while let top = buffers.heap.popLeast() {
            let place = Int(top & 0xffff_ffff)
            // A symbol that was merged away has become -1.
            guard symbols[place] >= 0, next[place] >= 0 else { continue }
            let right = Int(next[place])
            let found = merges.find(symbols[place], symbols[right])
            guard found.first == Int32(truncatingIfNeeded: top >> 32) else { continue }
            symbols[place] = found.second
            symbols[right] = -1
            next[place] = next[right]
            if next[right] >= 0 { previous[Int(next[right])] = Int32(place) }
            if previous[place] >= 0 {
                offer(symbols, Int(previous[place]), place, &buffers.heap)
            }
            if next[place] >= 0 { offer(symbols, place, Int(next[place]), &buffers.heap) }
        }
        var kept = 0
        for place in 0..<count where symbols[place] >= 0 {
            symbols[kept] = symbols[place]
            kept += 1
        }
        return kept
    }

    @inline(__always)
    private func offer(
        _ symbols: UnsafeMutablePointer<Int32>, _ left: Int, _ right: Int,
        _ heap: inout Growing<UInt64>
    ) {
        let rank = merges.find(symbols[left], symbols[right]).first
        if rank >= 0 { heap.pushLeast(UInt64(rank) << 32 | UInt64(left)) }
    }
}
