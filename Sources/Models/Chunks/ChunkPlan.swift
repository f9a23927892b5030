// How documents are to be cut into passages, and what is wrong with a plan.

/// Where passages end.
public enum ChunkStrategy: Sendable, Hashable {
    /// At words, wherever the tokens are used up; the last `overlap` tokens of a chunk begin the
    /// next one, too.
    case fixed(overlap: Int = 50)
    /// At ends of sentences; the last `overlap` sentences begin the next chunk, too.
    case sentences(overlap: Int = 0)
    /// At blank lines.
    case paragraphs
    /// Where neighbouring sentences are unlike each other.
    case semantic(SemanticThreshold = .percentile(10))
    /// Paragraphs, packed into parents of `parentTokens`, and these into chunks.
    case hierarchical(parentTokens: Int = 1024)
}

/// When the cosine of two neighbouring sentences is low enough for a break.
public enum SemanticThreshold: Sendable, Hashable {
    /// Below this percentile, 0 to 100, of the document's cosines.
    case percentile(Double)
    /// Below this number, -1 to 1.
    case cosine(Double)
}

/// Sizes are in tokens of the encoder, with its special tokens and its prompt: what an encoder
/// would take of a passage that has so many.
public struct ChunkPlan: Sendable, Hashable {
    /// The room beside special tokens and prompt that makes sense.
    static let roomMin = 8
    static let tokensMax = 1 << 20

    public var strategy: ChunkStrategy
    /// Tokens of a chunk at most.
    public var tokens: Int

    public init(_ strategy: ChunkStrategy = .fixed(), tokens: Int = 256) {
        self.strategy = strategy
        self.tokens = tokens
    }

    /// - Throws: `.setting` for what no document could be cut by.
    func check(_ measure: TokenMeasure, around: Int) throws(ChunkError) {
        guard tokens <= measure.maxLength else {
            throw .setting(
                "chunks of \(tokens) tokens are longer than the \(measure.maxLength) that the "
                    + "model takes of a text; ask for fewer")
        }
        guard tokens <= Self.tokensMax else {
            throw .setting(
                "chunks of \(tokens) tokens are longer than the limit of \(Self.tokensMax); ask "
                    + "for fewer")
        }
        guard tokens >= around + Self.roomMin else {
            throw .setting(
                "chunks of \(tokens) tokens leave no room for text: \(around) are special tokens "
                    + "and prompt; ask for at least \(around + Self.roomMin)")
        }
        try strategy.check(tokens: tokens, room: tokens - around)
    }
}

extension ChunkStrategy {
    fileprivate func check(tokens: Int, room: Int) throws(ChunkError) {
        switch self {
        case .fixed(let overlap):
            guard (0...room / 2).contains(overlap) else {
                throw .setting(
                    "an overlap of \(overlap) tokens is not within 0 and \(room / 2), half of the "
                        + "text that fits a chunk")
            }
        case .sentences(let overlap):
            guard (0...1_000).contains(overlap) else {
                throw .setting("an overlap of \(overlap) sentences is not within 0 and 1000")
            }
        case .paragraphs: break
        case .semantic(.percentile(let percentile)):
            guard (0...100).contains(percentile) else {
                throw .setting("the percentile \(percentile) is not within 0 and 100")
            }
        case .semantic(.cosine(let cosine)):
            guard (-1...1).contains(cosine) else {
                throw .setting("the cosine \(cosine) is not within -1 and 1")
            }
        case .hierarchical(let parentTokens):
            guard (tokens...ChunkPlan.tokensMax).contains(parentTokens) else {
                throw .setting(
                    "parents of \(parentTokens) tokens are not within \(tokens), the tokens of "
                        + "their chunks, and \(ChunkPlan.tokensMax)")
            }
        }
    }
}
