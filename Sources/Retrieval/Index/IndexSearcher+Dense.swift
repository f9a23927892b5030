// The nearest passages by one vector each: MaxSim of passages that have one token.

import Tensors

extension IndexSearcher {
    /// The passages with the largest dot products, best first, of all that the filter lets through.
    ///
    /// - Throws: `.mismatch` if the index has no dense vectors of Float32 or bfloat16; `.vectors`.
    func nearestByDense(
        _ query: [Float], count: Int, threads: Int, _ isWanted: @escaping PassageFilter
    ) throws(IndexError) -> [ScoredPassage] {
        var best = BestPassages(limit: count)
        for (index, (segment, dead)) in snapshot.segments.enumerated() {
            let stored = try segment.storedDense()
            let packed: PackedQuery
            do {
                packed = try PackedQuery(
                    TokenMatrix(dimension: query.count, values: query),
                    precision: segment.dense?.type == .bf16 ? .half : .f32)
            } catch { throw .vectors(error) }
            guard packed.dimension == stored.dimension else {
                throw .vectors(
                    .dimension(found: packed.dimension, expected: "\(stored.dimension)"))
            }
            let parts = Parallel.map(count: segment.passages, threads: threads) { part in
                var best = BestPassages(limit: count)
                let scorer = BlockScorer(query: packed)
                var scores = [Float](repeating: 0, count: part.count)
                scores.withUnsafeMutableBufferPointer { scores in
                    guard let base = scores.baseAddress else { return }
                    scorer.score(
                        stored, from: part.lowerBound,
                        lengths: repeatElement(1, count: part.count), into: base)
                }
                for passage in part where !dead.contains(passage) {
                    let place = PassagePlace(segment: index, passage: passage)
                    guard isWanted(place) else { continue }
                    best.insert(
                        ScoredPassage(score: scores[passage - part.lowerBound], place: place))
                }
                return best
            }
            for part in parts { for passage in part.sorted { best.insert(passage) } }
        }
        return best.sorted
    }
}

extension Segment {
    fileprivate func storedDense() throws(IndexError) -> StoredTokens {
        let rows = denseRows
        guard let dense, let base = rows.baseAddress else {
            throw .mismatch(
                path: path, what: "dense vectors", found: "none",
                expected: "an index built with them")
        }
        switch dense.type {
        case .f32:
            return StoredTokens(
                .f32(base.assumingMemoryBound(to: Float.self)), count: passages,
                dimension: dense.dimension)
        case .bf16:
            return StoredTokens(.bf16(base), count: passages, dimension: dense.dimension)
        default:
            throw .mismatch(
                path: path, what: "dense vectors of", found: dense.type.rawValue,
                expected: "f32 or bf16")
        }
    }
}
