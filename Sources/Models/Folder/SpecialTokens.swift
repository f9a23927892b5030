// The tokens that a tokenizer's settings give a role.

import Tokenizers

/// From tokenizer_config.json, where each stands as its text or as an object with it.
struct SpecialTokens: Decodable {
    private let maskToken: Name?
    private let eosToken: Name?
    private let padToken: Name?
    private let unkToken: Name?
    /// Which inputs the model gets of the tokenizer; nil as the tokenizer's kind has it.
    let modelInputNames: [String]?
    private let paddingSide: String?

    struct Name: Decodable {
        let text: String

        private struct Token: Decodable { let content: String }

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let text = try? container.decode(String.self) {
                self.text = text
            } else {
                text = try container.decode(Token.self).content
            }
        }
    }

    private init() {
        (maskToken, eosToken, padToken, unkToken) = (nil, nil, nil, nil)
        (modelInputNames, paddingSide) = (nil, nil)
    }

    /// - Parameter path: of the folder; a file that is not there gives no role to any token.
    static func read(_ path: String) throws(ModelError) -> SpecialTokens {
        let file = "\(path)/tokenizer_config.json"
        return try JSONFile.readIfThere(SpecialTokens.self, file) ?? SpecialTokens()
    }

    /// Whether batches are padded in front.
    var padsLeft: Bool { paddingSide == "left" }

    func mask(_ tokenizer: Tokenizer) -> Int32? {
        Self.first([maskToken?.text, "[MASK]", "<mask>"], tokenizer)
    }

    func end(_ tokenizer: Tokenizer) -> Int32? { Self.first([eosToken?.text], tokenizer) }

    func padding(_ tokenizer: Tokenizer) -> Int32? {
        Self.first([padToken?.text, "[PAD]", "<pad>"], tokenizer)
    }

    func unknown(_ tokenizer: Tokenizer) -> Int32? {
        Self.first([unkToken?.text, "[UNK]", "<unk>"], tokenizer)
    }

    private static func first(_ names: [String?], _ tokenizer: Tokenizer) -> Int32? {
        names.lazy.compactMap { name in name.flatMap { tokenizer.id(of: $0) } }.first
    }
}
