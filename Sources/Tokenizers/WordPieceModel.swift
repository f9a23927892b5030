// WordPiece: a word is cut into the longest tokens that match, from left to right.

/// The model of BERT (Schuster and Nakajima 2012; BERT's tokenization.py).
struct WordPieceModel: ~Copyable {
    let vocabulary: Vocabulary
    /// Tokens that continue a word, without their prefix.
    private let continuing: SpanTable
    private let unknown: Int32
    private let charactersMax: Int

    init(_ file: ModelFile, _ reader: inout JSONReader) throws(TokenizerError) {
        let vocabulary = try file.vocabulary(&reader)
        let prefix = file.text("continuing_subword_prefix") ?? "##"
        let unknown = vocabulary.id(file.text("unk_token") ?? "[UNK]")
        guard unknown >= 0 else { throw reader.failure("the vocabulary lacks the unk_token") }
        var continuing = SpanTable(capacity: vocabulary.table.count)
        let start = Array(prefix.utf8)
        for entry in 0..<vocabulary.table.count {
            let key = vocabulary.table.key(entry)
            let hasPrefix = start.indices.allSatisfy { $0 < key.count && key[$0] == start[$0] }
            guard hasPrefix else { continue }
            continuing.insert(key.slice(start.count, key.count), vocabulary.table.number(entry))
        }
        charactersMax = file.number("max_input_chars_per_word") ?? 100
        self.unknown = unknown
        self.continuing = continuing
        self.vocabulary = vocabulary
    }

    func encode(_ word: Bytes, _ ids: inout Growing<Int32>) {
        guard !isTooLong(word) else { return ids.append(unknown) }
        let first = ids.count
        var start = 0
        while start < word.count {
            let end =
                start == 0
                ? longest(word, start, vocabulary.table, &ids)
                : longest(word, start, continuing, &ids)
            guard end > start else {
                ids.count = first
                return ids.append(unknown)
            }
            start = end
        }
    }

    /// Appends the longest token at `start`; where it ends, or `start` if there is none.
    @inline(__always)
    private func longest(
        _ word: Bytes, _ start: Int, _ table: borrowing SpanTable, _ ids: inout Growing<Int32>
    ) -> Int {
        var end = min(word.count, start + table.longest)
        while end > start {
            // A token ends where a character does.
            if end == word.count || word[end] & 0xc0 != 0x80 {
                let id = table.find(word.slice(start, end))
                if id >= 0 {
                    ids.append(id)
                    return end
                }
            }
            end -= 1
        }
        return start
    }

    private func isTooLong(_ word: Bytes) -> Bool {
        guard word.count > charactersMax else { return false }
        var characters = 0
        for place in 0..<word.count where word[place] & 0xc0 != 0x80 { characters += 1 }
        return characters > charactersMax
    }
}
