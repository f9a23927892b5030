// MaxSim of a query with many passages, on several threads.

import CKernels
import Tensors

/// score = sum over query tokens of the greatest product with a token of the passage (Khattab and
/// Zaharia 2020, section 3.3).
public enum MaxSim {
    /// Scores of passages that lie one behind the other, in order; -infinity for one without
    /// tokens. The result does not depend on `threads`.
    ///
    /// - Parameters:
    ///   - lengths: tokens of each passage; together `tokens.count`.
    ///   - tokens: of the query's dimension, and not residuals, which need an index's centroids.
    public static func scores(
        _ query: PackedQuery, _ tokens: StoredTokens, lengths: [Int], threads: Int = 1
    ) -> [Float] {
        scores(query, tokens, lengths: lengths, table: nil, threads: threads)
    }

    static func scores(
        _ query: PackedQuery, _ tokens: StoredTokens, lengths: [Int], table: CentroidScores?,
        threads: Int
    ) -> [Float] {
        var starts = [0]
        for length in lengths {
            precondition(length >= 0, "a passage of \(length) tokens")
            starts.append((starts.last ?? 0) + length)
        }
        precondition(
            starts.last == tokens.count, "\(starts.last ?? 0) of \(tokens.count) tokens")
        let parts = Parallel.map(count: lengths.count, threads: threads) { part -> [Float] in
            [Float](unsafeUninitializedCapacity: part.count) { scores, count in
                count = part.count
                guard let base = scores.baseAddress else { return }
                BlockScorer(query: query, table: table).score(
                    tokens, from: starts[part.lowerBound], lengths: lengths[part], into: base)
            }
        }
        return parts.flatMap { $0 }
    }

    /// Scores of passages of Float32.
    ///
    /// - Throws: `.dimension` when a passage's differs from the query's, `.tooManyTokens`.
    public static func scores(
        _ query: TokenMatrix, _ passages: [TokenMatrix], precision: ProductPrecision = .f32,
        threads: Int = 1
    ) throws(RetrievalError) -> [Float] {
        for passage in passages where passage.dimension != query.dimension {
            throw .dimension(found: passage.dimension, expected: "\(query.dimension)")
        }
        let packed = try PackedQuery(query, precision: precision == .int8 ? .half : precision)
        let values = passages.flatMap(\.values)
        return values.withUnsafeBufferPointer { values in
            guard let base = values.baseAddress else {
                return [Float](repeating: -.infinity, count: passages.count)
            }
            let tokens = StoredTokens(
                .f32(base), count: values.count / query.dimension, dimension: query.dimension)
            return scores(packed, tokens, lengths: passages.map(\.count), threads: threads)
        }
    }
}
