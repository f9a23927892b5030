// The models that turn words into ids.

enum Model: ~Copyable {
    case wordPiece(WordPieceModel)
    case bytePair(BytePairModel)
    case unigram(UnigramModel)
    case wordLevel(WordLevelModel)

    /// - isByteLevel: whether words come as bytes (a ByteLevel pre-tokenizer).
    static func read(
        _ file: ModelFile, _ reader: inout JSONReader, isByteLevel: Bool
    ) throws(TokenizerError) -> Model {
        let kind = file.kind
        if isByteLevel, kind != "BPE" {
            throw reader.unsupported("the pre-tokenizer ByteLevel with a model of type \(kind)")
        }
        switch kind {
        case "WordPiece": return .wordPiece(try WordPieceModel(file, &reader))
        case "BPE":
            return .bytePair(try BytePairModel(file, &reader, isByteLevel: isByteLevel))
        case "Unigram": return .unigram(try UnigramModel(file, &reader))
        case "WordLevel": return .wordLevel(try WordLevelModel(file, &reader))
        default: throw reader.unsupported("a model of type \(kind)")
        }
    }

    func id(_ token: Bytes) -> Int32 {
        switch self {
        case .wordPiece(let model): model.vocabulary.id(token)
        case .bytePair(let model): model.vocabulary.id(token)
        case .unigram(let model): model.vocabulary.id(token)
        case .wordLevel(let model): model.vocabulary.id(token)
        }
    }

    func token(_ id: Int32) -> String? {
        switch self {
        case .wordPiece(let model): model.vocabulary.token(id)
        case .bytePair(let model): model.vocabulary.token(id)
        case .unigram(let model): model.vocabulary.token(id)
        case .wordLevel(let model): model.vocabulary.token(id)
        }
    }

    /// Entries of the vocabulary, which need not be all numbers up to the highest id.
    var tokensCount: Int32 {
        switch self {
        case .wordPiece(let model): Int32(model.vocabulary.table.count)
        case .bytePair(let model): Int32(model.vocabulary.table.count)
        // A list: what stands twice in it counts twice.
        case .unigram(let model): model.vocabulary.idMax + 1
        case .wordLevel(let model): Int32(model.vocabulary.table.count)
        }
    }

    var idMax: Int32 {
        switch self {
        case .wordPiece(let model): model.vocabulary.idMax
        case .bytePair(let model): model.vocabulary.idMax
        case .unigram(let model): model.vocabulary.idMax
        case .wordLevel(let model): model.vocabulary.idMax
        }
    }

    /// Appends the ids of all words.
    func encode(
        _ text: Bytes, _ words: borrowing Growing<WordRange>, _ ids: inout Growing<Int32>,
        _ buffers: inout ModelBuffers, _ cache: borrowing WordCache
    ) {
        switch self {
        case .wordPiece(let model):
            for index in 0..<words.count {
                let word = text.slice(words[index].start, words[index].end)
                if cache.find(word, &ids) { continue }
                let first = ids.count
                model.encode(word, &ids)
                cache.remember(word, ids, from: first)
            }
        case .bytePair(let model):
            for index in 0..<words.count {
                let word = text.slice(words[index].start, words[index].end)
                var start = 0
                repeat {
                    let end = model.cutsAtBlanks ? model.nextCut(word, start) : word.count
                    let part = word.slice(start, end)
                    start = end
                    if cache.find(part, &ids) { continue }
                    let first = ids.count
                    model.encode(part, &ids, &buffers)
                    cache.remember(part, ids, from: first)
                } while start < word.count
            }
        case .unigram(let model):
            for index in 0..<words.count {
                let word = text.slice(words[index].start, words[index].end)
                if cache.find(word, &ids) { continue }
                let first = ids.count
                model.encode(word, &ids, &buffers)
                cache.remember(word, ids, from: first)
            }
        case .wordLevel(let model):
            for index in 0..<words.count {
                model.encode(text.slice(words[index].start, words[index].end), &ids)
            }
        }
    }
}

/// WordLevel: every word is a token or unknown.
struct WordLevelModel: ~Copyable {
    let vocabulary: Vocabulary
    private let unknown: Int32

    init(_ file: ModelFile, _ reader: inout JSONReader) throws(TokenizerError) {
        let vocabulary = try file.vocabulary(&reader)
        let unknown = vocabulary.id(file.text("unk_token") ?? "<unk>")
        guard unknown >= 0 else { throw reader.failure("the vocabulary lacks the unk_token") }
        self.unknown = unknown
        self.vocabulary = vocabulary
    }

    func encode(_ word: Bytes, _ ids: inout Growing<Int32>) {
        let id = vocabulary.id(word)
        ids.append(id < 0 ? unknown : id)
    }
}
