// The passages with the highest BM25 scores, without scoring all of them.

extension InvertedFile {
    /// The `top` best passages for a query, by (score descending, number ascending).
    ///
    /// Windows of passages, as in Lucene's MaxScore: within one, the terms that could lift one
    /// among the best on their own are summed up; the others are looked up only for the passages
    /// that still have a chance; and a window where nothing has one is passed over. A score is
    /// always summed in the order of the terms' weights, so the same passage has the same bits
    /// whatever file it is in.
    ///
    /// - Parameters:
    ///   - statistics: of everything that is searched, of this file and the others.
    ///   - isAllowed: whether a passage may be among the best; asked for promising ones only.
    public func search(
        _ query: BM25Query, statistics: WordStatistics,
        parameters: BM25Parameters = .standard, top: Int,
        where isAllowed: (UInt32) -> Bool = { _ in true }
    ) -> [TopK.Entry] {
        var best = TopK(top, of: passageCount)
        guard best.capacity > 0, let lengths = PassageLengths(self) else { return [] }
        let formula = BM25Formula(query, statistics, parameters)
        let terms = query.terms.indices.compactMap { index in
            number(of: query.terms[index].bytes).map {
                QueryTerm(number: $0, weight: formula.weights[index], place: index)
            }
        }.sorted(by: QueryTerm.isHeavier)
        let search = BM25Search(terms.count, formula, lengths, passageCount)
        for (index, term) in terms.enumerated() {
            search.setCursor(index, self, term.number, term.weight)
        }
        search.run(&best, isAllowed)
        return best.sorted()
    }
}

private struct QueryTerm {
    let number: Int
    let weight: Float
    let place: Int

    static func isHeavier(_ left: QueryTerm, _ right: QueryTerm) -> Bool {
        left.weight != right.weight ? left.weight > right.weight : left.place < right.place
    }
}
