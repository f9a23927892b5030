// Which tokens play a role in late interaction.

import Tokenizers

extension LateInteractionFolder {
    /// No published model has a tenth of it.
    private static let expansionMax = 4_096

    /// The id of a prefix.
    func prefix(_ name: String, _ tokenizer: Tokenizer) throws(ModelError) -> Int32? {
        guard !name.isEmpty else { return nil }
        guard let id = tokenizer.id(of: name) else {
            throw .configuration(
                path: path,
                reason: "its prefix \(name.debugDescription) is no token of the tokenizer")
        }
        return id
    }

    /// The token that lengthens queries; for tokenizers that know no mask the end of texts, as
    /// PyLate has it.
    /// - length: the most tokens of a query.
    func expansion(
        _ checkpoint: Checkpoint, length: Int
    ) throws(ModelError) -> TokenEncoding.Expansion? {
        guard let expansion else { return nil }
        let tokens = try SpecialTokens.read(checkpoint.path)
        let tokenizer = checkpoint.tokenizer
        guard !tokens.padsLeft else {
            throw .unsupported(
                path: "\(checkpoint.path)/tokenizer_config.json",
                feature: "query expansion with padding_side left")
        }
        let isStanford = origin == .stanford
        let known = [
            tokens.mask(tokenizer), isStanford ? nil : tokens.end(tokenizer),
            isStanford ? nil : tokens.padding(tokenizer),
        ]
        let id = expansion.token.map { tokenizer.id(of: $0) } ?? known.lazy.compactMap(\.self).first
        guard let id else {
            throw .configuration(
                path: "\(checkpoint.path)/tokenizer_config.json",
                reason: "it names no token of the tokenizer to lengthen queries with")
        }
        let wanted = min(expansion.length ?? length, length)
        guard wanted <= Self.expansionMax else {
            throw .configuration(
                path: path,
                reason: "it lengthens every query to \(wanted) tokens, the limit is "
                    + "\(Self.expansionMax)")
        }
        return TokenEncoding.Expansion(token: id, isKey: expansion.isKey, length: wanted)
    }

    /// Tokens of documents that get no vector. Words that are no tokens count for nothing, but to
    /// PyLate each of them is the unknown token.
    func skipped(
        _ checkpoint: Checkpoint, _ option: Bool?
    ) throws(ModelError) -> Set<Int32> {
        let tokenizer = checkpoint.tokenizer
        switch option.map({ $0 ? Skipped.punctuation : .words([]) }) ?? skipped {
        case .words(let words):
            let known = words.compactMap { tokenizer.id(of: $0) }
            guard origin == .pylate, known.count < words.count else { return Set(known) }
            let unknown = try SpecialTokens.read(checkpoint.path).unknown(tokenizer)
            return Set(known + [unknown].compactMap { $0 })
        case .punctuation:
            let specials = tokenizer.ids(of: "")
            // The first token of each that is not put around every text.
            let ids = Self.punctuation.compactMap { symbol in
                zip(tokenizer.ids(of: symbol), specials + [-1]).first { $0.0 != $0.1 }?.0
            }
            let tokens = try SpecialTokens.read(checkpoint.path)
            return Set(ids + [tokens.padding(tokenizer)].compactMap { $0 })
        }
    }
}
