// What tokenizer_config.json says otherwise than the tokenizer.json beside it.

import Tokenizers

/// Obeyed as transformers does, but for the tokens around texts: there its versions since 5 ignore
/// what those before obeyed, and what the models were trained with.
struct TokenizerKeys: Decodable {
    private let tokenizerClass: String?
    private let addBosToken: Bool?
    private let addEosToken: Bool?
    private let bosToken: SpecialTokens.Name?
    private let eosToken: SpecialTokens.Name?
    private let doLowerCase: Bool?
    private let stripAccents: Bool?
    private let tokenizeChineseChars: Bool?
    private let addPrefixSpace: Bool?
    private let truncationSide: String?

    /// Classes that take normalizer and pre-tokenizer as tokenizer.json has them.
    private static let plainClasses = ["PreTrainedTokenizerFast", "TokenizersBackend"]
    /// Families whose classes put tokens around texts as these keys say; others never did.
    private static let surroundingFamilies = ["Llama", "Gemma", "Cohere"]

    /// - lowercases: what sentence-transformers says, which comes before anything else.
    static func settings(
        _ directory: String, lowercases: Bool
    ) throws(ModelError) -> TokenizerSettings {
        let path = "\(directory)/tokenizer_config.json"
        let keys = try JSONFile.readIfThere(TokenizerKeys.self, path)
        var settings = keys?.settings ?? TokenizerSettings()
        settings.lowercasesFirst = lowercases
        return settings
    }

    private var settings: TokenizerSettings {
        var settings = TokenizerSettings()
        let surrounds =
            tokenizerClass.map { name in Self.surroundingFamilies.contains { name.contains($0) } }
            ?? true
        if surrounds && addBosToken == true { settings.firstToken = bosToken?.text }
        if surrounds && addEosToken == true { settings.lastToken = eosToken?.text }
        settings.cutsFront = truncationSide == "left"
        guard !Self.plainClasses.contains(tokenizerClass ?? "") else { return settings }
        settings.lowercases = doLowerCase
        settings.stripsAccents = stripAccents
        settings.surroundsIdeographs = tokenizeChineseChars
        settings.addsPrefixSpace = addPrefixSpace
        return settings
    }
}
