// Token vectors of documents become fewer before they leave the worker.

import Models
import Protocol
import Retrieval
import Tensors

extension EncodedTexts {
    /// What is left of the rows by the job's settings; the memory stays the same.
    ///
    /// - Parameter count: tokens at the beginning of a document that stay as they are.
    /// - Throws: a `Fault` for vectors that have other lengths than 1, or when the unit is revoked.
    func reduced(
        for settings: EncodeDocuments, protecting count: Int, isNormalized: Bool, threads: Int,
        _ control: RunControl
    ) throws(Fault) -> EncodedTexts {
        let reduction = TokenReduction(
            poolFactor: settings.poolFactor ?? 1, tokensMax: settings.keptTokens, protected: count)
        if reduction.isIdentity { return self }
        guard isNormalized else {
            throw Fault(
                .usage,
                "--pool-factor and --keep-tokens compare directions, and the model's vectors are "
                    + "not normalised; pass --normalize, too")
        }
        let progress = WorkProgress()
        control.follow(
            total: Double(rowCounts.count), done: { Double(progress.done) },
            halt: { progress.stop() })
        let left = reduction.reduce(
            vectors.baseAddress.assumingMemoryBound(to: Float.self), lengths: rowCounts,
            dimension: dimension, threads: threads, progress: progress)
        try control.check()
        guard let left else { throw Fault(.cancelled, "the unit was revoked") }
        return with(rowCounts: left)
    }
}
