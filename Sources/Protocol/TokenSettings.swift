// What is kept of the token vectors of documents, by a job that encodes or indexes them.

extension EncodeDocuments {
    /// Why no job could obey these:
    ///
    /// - `poolFactor`: so many tokens become one on average, by Ward's clustering.
    /// - `keptTokens`: tokens of a document at most, of those that pooling left.
    /// - `projection`: numbers of a vector, by a random orthogonal matrix of `projectionSeed`. An
    ///   index has settings of its own for it, because its queries need it, too.
    var tokenComplaint: String? {
        let ranges: [(String, Int?, ClosedRange<Int>)] = [
            ("--pool-factor", poolFactor, 1...Limits.poolFactorMax),
            ("--keep-tokens", keptTokens, 1...Limits.tokensPerDocumentMax),
            ("--projection", projection, 1...Limits.tokenDimensionMax),
        ]
        for (flag, value, allowed) in ranges {
            guard let value else { continue }
            if !allowed.contains(value) {
                return "\(flag) \(value) is out of range; it must lie in "
                    + "\(allowed.lowerBound)...\(allowed.upperBound)"
            }
            if !tokenLevel { return "\(flag) is for vectors of tokens; pass --tokens, too" }
        }
        if projection != nil, dimension != nil {
            return "--projection and --dimension exclude each other; name one"
        }
        if poolFactor != nil || keptTokens != nil, normalizes == false {
            return "--pool-factor and --keep-tokens compare directions; leave out --no-normalize"
        }
        return nil
    }

    /// How many of `tokens` token vectors of `documents` documents are stored, about.
    public func storedTokens(of tokens: Int, documents: Int) -> Int {
        let pooled = tokens / max(poolFactor ?? 1, 1)
        guard let keptTokens else { return max(pooled, 1) }
        let (most, isMore) = keptTokens.multipliedReportingOverflow(by: max(documents, 1))
        return max(isMore ? pooled : min(pooled, most), 1)
    }
}
