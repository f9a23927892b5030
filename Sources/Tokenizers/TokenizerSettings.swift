// What a model's folder says beside its tokenizer.json, and that goes before it.

/// What is nil or false is as the tokenizer.json has it.
public struct TokenizerSettings: Sendable {
    /// Whether texts are put into lower case before anything else is done with them
    /// (`do_lower_case` of sentence-transformers).
    public var lowercasesFirst = false
    /// Of BERT's normalizer, where that is the only one.
    public var lowercases: Bool?
    /// Of the same; nil follows `lowercases` where that is given.
    public var stripsAccents: Bool?
    /// Of the same.
    public var surroundsIdeographs: Bool?
    /// Of the pre-tokenizer ByteLevel, where that is the only one.
    public var addsPrefixSpace: Bool?
    /// Tokens at the beginning and at the end of a text, where the template lacks them.
    public var firstToken: String?
    public var lastToken: String?

    /// Whether texts that are too long lose their beginning instead of their end.
    public var cutsFront = false

    public init() {}

    func change(_ normalizers: inout [Normalizer]) {
        if normalizers.count == 1, case .bert(let bert) = normalizers[0] {
            normalizers[0] = .bert(
                BertNormalizer(
                    cleans: bert.cleans,
                    surroundsIdeographs: surroundsIdeographs ?? bert.surroundsIdeographs,
                    stripsAccents: stripsAccents ?? lowercases ?? bert.stripsAccents,
                    lowers: lowercases ?? bert.lowers))
        }
        if lowercasesFirst { normalizers.insert(.lowercase, at: 0) }
    }

    func change(_ preTokenizers: inout [PreTokenizer]) {
        guard let addsPrefixSpace, preTokenizers.count == 1,
            case .byteLevel(_, let splits) = preTokenizers[0]
        else { return }
        preTokenizers[0] = .byteLevel(addsPrefixSpace: addsPrefixSpace, splits: splits)
    }
}
