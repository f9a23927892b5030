// The shards of an index that one process searches, and its answers to the stages of searches.

import Tensors

/// A shard: a segment, its deleted passages, and its number in the index.
public struct ShardPart: Sendable {
    public let number: Int
    public let segment: Segment
    public let dead: Tombstones

    public init(number: Int, segment: Segment, dead: Tombstones) {
        self.number = number
        self.segment = segment
        self.dead = dead
    }
}

/// Immutable, for any number of threads.
public final class OpenShards: Sendable {
    private let parts: [ShardPart]
    private let searcher: IndexSearcher
    /// Of each part; nil without words.
    private let words: [InvertedFile?]

    /// - Throws: `.malformed` naming the segment whose words cannot be read.
    public init(encoder: TokenEncoder, parts: [ShardPart]) throws(IndexError) {
        self.parts = parts
        searcher = IndexSearcher(
            IndexSnapshot(encoder: encoder, segments: parts.map { ($0.segment, $0.dead) }))
        var words: [InvertedFile?] = []
        for part in parts { words.append(try part.segment.openWords()) }
        self.words = words
    }

    /// The `top` best passages, best first; of pairs all that are named, with their texts and
    /// without a score, which a model is to say.
    ///
    /// - Throws: `.vectors` if the query does not fit the index; `.mismatch` if the index lacks
    ///   what is asked for; `.malformed` for a corrupt segment.
    public func answer(
        _ query: ShardQuery, top: Int, threads: Int
    ) throws(IndexError) -> [ShardHit] {
        let sets = try sets(query)
        var hits: [ShardHit]
        switch query.kind {
        case .words: hits = try byWords(query, sets, top)
        case .maxSim: hits = try byMaxSim(query, sets, top, threads)
        case .dense: hits = try byDense(query, sets, top, threads)
        case .pairs: hits = try named(query, sets)
        }
        if query.readsText || query.wantsExplanation || !query.fields.isEmpty {
            for index in hits.indices { try complete(&hits[index], query) }
        }
        return hits
    }

    /// The passages of each part that are looked at; nil for all that are not deleted.
    private func sets(_ query: ShardQuery) throws(IndexError) -> [PassageSet]? {
        // The others look up the ids themselves.
        let hasIDs = query.ids != nil && (query.kind == .words || query.kind == .dense)
        guard hasIDs || query.filter != nil else { return nil }
        var filter: Filter?
        do throws(FilterProblem) {
            if let text = query.filter { filter = try Filter(text) }
        } catch { throw .filter(error) }
        var sets: [PassageSet] = []
        for part in parts {
            var set: PassageSet?
            if let filter { set = try part.segment.passages(of: filter) }
            if let ids = query.ids {
                var named = PassageSet(passages: part.segment.passages)
                for id in ids {
                    if let passage = try part.segment.passage(id: id) { named.insert(passage) }
                }
                if let set { named.formIntersection(set) }
                set = named
            }
            if let set { sets.append(set) }
        }
        return sets
    }

    private func hit(_ place: PassagePlace, _ score: Float) throws(IndexError) -> ShardHit {
        let part = parts[place.segment]
        return ShardHit(
            score: score, shard: part.number, passage: place.passage,
            id: try part.segment.id(of: place.passage))
    }

    private func complete(_ hit: inout ShardHit, _ query: ShardQuery) throws(IndexError) {
        guard let index = parts.firstIndex(where: { $0.number == hit.shard }) else { return }
        if !query.fields.isEmpty {
            hit.fields = try parts[index].segment.values(of: query.fields, passage: hit.passage)
        }
        if query.readsText { hit.text = try parts[index].segment.text(of: hit.passage).text }
        if query.wantsExplanation, query.kind == .maxSim {
            hit.explanation = try searcher.explain(
                try query.tokens(), PassagePlace(segment: index, passage: hit.passage))
        }
    }

    // MARK: - Kinds of scores

    private func byMaxSim(
        _ query: ShardQuery, _ sets: [PassageSet]?, _ top: Int, _ threads: Int
    ) throws(IndexError) -> [ShardHit] {
        let tokens = try query.tokens()
        let found: [SearchHit]
        if let ids = query.ids {
            found =
                if let sets {
                    try searcher.search(
                        tokens, SearchOptions(count: top, candidates: .all, threads: threads),
                        among: sets)
                } else {
                    try searcher.rank(tokens, ids: ids, count: top, threads: threads)
                }
        } else {
            let candidates: SearchOptions.Candidates? = query.probes.map {
                .nearest(probes: $0, limit: max(query.candidates, top))
            }
            var options = SearchOptions(
                count: top, candidates: candidates ?? .all, threads: threads)
            options.limitsEachSegment = true
            found =
                if let sets {
                    try searcher.search(tokens, options, among: sets)
                } else {
                    try searcher.search(tokens, options)
                }
        }
        var hits: [ShardHit] = []
        for item in found { hits.append(try hit(item.place, item.score)) }
        return hits
    }

    private func byWords(
        _ query: ShardQuery, _ sets: [PassageSet]?, _ top: Int
    ) throws(IndexError) -> [ShardHit] {
        let wanted = BM25Query(query.terms.map { ($0.text, $0.count) })
        let statistics = WordStatistics(
            passages: query.passageCount, totalLength: query.wordCount,
            passagesWithTerm: query.terms.map(\.passages))
        var best = BestPassages(limit: top)
        for (index, file) in words.enumerated() {
            guard let file else {
                throw .mismatch(
                    path: parts[index].segment.path, what: "words", found: "none",
                    expected: "an index built with them")
            }
            let dead = parts[index].dead
            let only = sets?[index]
            let found = file.search(wanted, statistics: statistics, top: top) { passage in
                !dead.contains(Int(passage)) && only?.contains(Int(passage)) ?? true
            }
            for entry in found {
                best.insert(
                    ScoredPassage(
                        score: entry.score,
                        place: PassagePlace(segment: index, passage: Int(entry.number))))
            }
        }
        var hits: [ShardHit] = []
        for passage in best.sorted { hits.append(try hit(passage.place, passage.score)) }
        return hits
    }

    private func byDense(
        _ query: ShardQuery, _ sets: [PassageSet]?, _ top: Int, _ threads: Int
    ) throws(IndexError) -> [ShardHit] {
        var isWanted: PassageFilter?
        if let sets { isWanted = { sets[$0.segment].contains($0.passage) } }
        let best = try searcher.nearestByDense(
            query.vectors, count: top, probes: query.ids == nil ? query.probes : nil,
            threads: threads, isWanted)
        var hits: [ShardHit] = []
        for passage in best { hits.append(try hit(passage.place, passage.score)) }
        return hits
    }

    /// The passages that are named, each once.
    private func named(
        _ query: ShardQuery, _ sets: [PassageSet]?
    ) throws(IndexError) -> [ShardHit] {
        var hits: [ShardHit] = []
        // By their bytes, as a segment has them: strings are equal whatever their normalisation.
        var seen: Set<[UInt8]> = []
        for id in query.ids ?? [] where seen.insert(Array(id.utf8)).inserted {
            guard let place = try searcher.place(of: id),
                sets?[place.segment].contains(place.passage) ?? true
            else { continue }
            hits.append(try hit(place, 0))
        }
        return hits
    }
}

extension ShardQuery {
    func tokens() throws(IndexError) -> TokenMatrix {
        do throws(RetrievalError) {
            return try TokenMatrix(dimension: dimension, values: vectors)
        } catch { throw .vectors(error) }
    }
}
