// Attention of every document of a batch over itself.

import CKernels

/// Which keys a token looks at, and with what added to the scores.
struct AttentionPattern: Sendable {
    /// Tokens before and after, at most.
    var before = Int.max / 2
    var after = Int.max / 2

    static let everything = AttentionPattern()
    static let causal = AttentionPattern(after: 0)
}

/// The shape of the heads, alike for all tokens.
struct AttentionHeads: Sendable {
    let count: Int
    /// Heads of keys and values; each serves `count / keyCount` of the queries'.
    let keyCount: Int
    let width: Int
    let scale: Float

    init(count: Int, keyCount: Int? = nil, width: Int, scale: Float? = nil) {
        self.count = count
        self.keyCount = keyCount ?? count
        self.width = width
        self.scale = scale ?? 1 / Float(width).squareRoot()
    }

    var queryWidth: Int { count * width }
    var keyWidth: Int { keyCount * width }
    /// Of a row with queries, keys and values side by side.
    var projectionWidth: Int { queryWidth + 2 * keyWidth }

    /// - Parameters:
    ///   - projections: [tokens, projectionWidth].
    ///   - bias: by relative position, [count, 2 span + 1], for all documents.
    ///   - results: [tokens, queryWidth].
    func attend(
        _ batch: TokenBatch, _ projections: UnsafePointer<Float>, _ pattern: AttentionPattern,
        bias: (UnsafePointer<Float>, span: Int)? = nil, into results: UnsafeMutablePointer<Float>,
        _ workspace: Workspace
    ) throws(ModelError) {
        let scratch = try workspace.floats(
            .scratch, dense_attention_scratch(batch.longest, width))
        for (tokens, keys) in zip(batch.documents, batch.keyCounts) where !tokens.isEmpty {
            let first = projections + tokens.lowerBound * projectionWidth
            var attention = dense_attention(
                count: tokens.count, key_count: keys, heads: count, key_heads: keyCount,
                head_width: width, queries: first, keys: first + queryWidth,
                values: first + queryWidth + keyWidth,
                query_stride: projectionWidth, key_stride: projectionWidth, scale: scale,
                before: pattern.before, after: pattern.after, bias: bias?.0,
                bias_span: bias?.span ?? 0, results: results + tokens.lowerBound * queryWidth,
                result_stride: queryWidth, scratch: scratch)
            dense_attend(&attention)
        }
    }
}
