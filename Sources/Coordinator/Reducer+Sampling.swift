// Which documents are looked at before an index is built.

import Protocol
import Retrieval

/// The first records of every chunk: so the sample comes from everywhere, and is the same whoever
/// encodes it.
struct SamplingPlan {
    private(set) var chunks: [EncodeChunk] = []
    /// Of the tokens that are stored of all documents.
    let tokensExpected: Int

    /// English text has about so many bytes a token; a text of another kind gets a smaller or a
    /// larger sample than was meant, and no worse an index.
    private static let bytesPerToken = 4.5
    /// A sample is encoded twice.
    private static let shareMax = 0.25
    private static let tokensPerCentroid = 64
    /// So few documents that all of them are worth it.
    private static let recordsMin = 256

    init(of plan: EncodingPlan, for spec: BuildIndex) {
        let settings = spec.settings
        tokensExpected = spec.documents.storedTokens(
            of: Int(Double(plan.bytes) / Self.bytesPerToken), documents: plan.records)
        let centroids =
            settings.centroids > 0
            ? settings.centroids : Centroids.count(forTokens: tokensExpected)
        let wanted = Double(centroids * Self.tokensPerCentroid) / Double(tokensExpected)
        let least = Double(Self.recordsMin) / Double(max(plan.records, 1))
        let share = min(max(min(wanted, Self.shareMax), least), 1)
        for chunk in plan.chunks {
            let count = Int((Double(chunk.records.count) * share).rounded(.up))
            chunks.append(
                chunk.with(records: chunk.records.lowerBound..<chunk.records.lowerBound + count))
        }
    }
}
