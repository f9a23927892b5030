// Searches a snapshot of an index: candidates by centroids, then MaxSim of what is stored.

import CKernels
import Tensors

/// Which passages a search may return.
public typealias PassageFilter = @Sendable (PassagePlace) -> Bool

/// Stateless between searches, for any number of threads. Scores and order depend neither on the
/// number of threads nor on other searches.
public final class IndexSearcher: Sendable {
    public let snapshot: IndexSnapshot

    public init(_ snapshot: IndexSnapshot) {
        self.snapshot = snapshot
    }

    /// Searches one segment, of which nothing is deleted.
    public convenience init(_ segment: Segment) {
        let dead = Tombstones(passages: segment.passages)
        self.init(IndexSnapshot(encoder: segment.encoder, segments: [(segment, dead)]))
    }

    /// The best passages for a query, best first; of equal scores the earlier in the index.
    ///
    /// Candidates are found as PLAID does (Santhanam et al. 2022b, section 4), without its pruning
    /// by thresholds.
    ///
    /// - Throws: `.vectors` when the dimension differs or the query is too long; `.malformed` when
    ///   a segment is corrupt.
    public func search(
        _ query: TokenMatrix, _ options: SearchOptions = SearchOptions(),
        filter: PassageFilter? = nil
    ) throws(IndexError) -> [SearchHit] {
        let scoring = try QueryScoring(query, snapshot, threads: options.threads)
        let best: [ScoredPassage]
        switch options.candidates {
        case .all:
            best = try scoring.exact(livingRuns(filter), count: options.count)
        case .nearest(let probes, let limit):
            let found = try scoring.candidates(probes: probes) { place in
                self.isLiving(place) && filter?(place) ?? true
            }
            let limit = max(limit, options.count)
            var chosen: [PassagePlace] = []
            let groups =
                options.limitsEachSegment ? found.chunked(by: \.segment) : [found[...]]
            for group in groups { chosen += try scoring.approximate(Array(group), count: limit) }
            best = try scoring.exact(chosen.map { Run($0) }, count: options.count)
        }
        return try hits(best)
    }

    /// Exact scores of given passages, as candidates from elsewhere are ranked.
    ///
    /// - Parameter ids: those that there are not are passed over.
    /// - Throws: as `search`.
    public func rank(
        _ query: TokenMatrix, ids: [String], count: Int, threads: Int = 1
    ) throws(IndexError) -> [SearchHit] {
        let scoring = try QueryScoring(query, snapshot, threads: threads)
        var runs: Set<PassagePlace> = []
        for id in ids { if let place = try place(of: id) { runs.insert(place) } }
        return try hits(try scoring.exact(runs.sorted().map { Run($0) }, count: count))
    }

    /// Where the living passage with an id is; nil when there is none.
    ///
    /// - Throws: `.malformed`.
    public func place(of id: String) throws(IndexError) -> PassagePlace? {
        for (index, (segment, dead)) in snapshot.segments.enumerated() {
            if let passage = try segment.passage(id: id), !dead.contains(passage) {
                return PassagePlace(segment: index, passage: passage)
            }
        }
        return nil
    }

    /// For every query token the passage's token that counts, and its part of the score.
    ///
    /// - Throws: as `search`; `.unknown` when the passage has no tokens or is deleted.
    public func explain(
        _ query: TokenMatrix, _ place: PassagePlace
    ) throws(IndexError) -> [TokenMatch] {
        precondition(
            snapshot.segments.indices.contains(place.segment)
                && (0..<snapshot.segments[place.segment].segment.passages).contains(place.passage),
            "no passage \(place)")
        let scoring = try QueryScoring(query, snapshot, threads: 1)
        return try scoring.matches(place)
    }

    private func isLiving(_ place: PassagePlace) -> Bool {
        !snapshot.segments[place.segment].dead.contains(place.passage)
    }

    /// Living passages that the filter lets through, as runs of neighbours.
    private func livingRuns(_ filter: PassageFilter?) -> [Run] {
        var runs: [Run] = []
        for (index, (segment, _)) in snapshot.segments.enumerated() {
            for passage in 0..<segment.passages {
                let place = PassagePlace(segment: index, passage: passage)
                guard isLiving(place), filter?(place) ?? true else { continue }
                runs.append(place)
            }
        }
        return runs
    }

    func hits(_ best: [ScoredPassage]) throws(IndexError) -> [SearchHit] {
        var hits: [SearchHit] = []
        for passage in best {
            hits.append(
                SearchHit(
                    place: passage.place,
                    id: try snapshot.segments[passage.place.segment].segment.id(
                        of: passage.place.passage), score: passage.score))
        }
        return hits
    }
}

extension [Run] {
    /// Makes the last run longer where the passage is its neighbour.
    mutating func append(_ place: PassagePlace) {
        if let last, last.segment == place.segment, last.passages.count < Run.most,
            last.passages.upperBound == place.passage
        {
            self[count - 1].passages = last.passages.lowerBound..<place.passage + 1
        } else {
            append(Run(place))
        }
    }
}

extension [PassagePlace] {
    /// Neighbours of the same segment, side by side.
    fileprivate func chunked(by segment: (PassagePlace) -> Int) -> [ArraySlice<PassagePlace>] {
        var groups: [ArraySlice<PassagePlace>] = []
        var begin = 0
        for index in indices where index > 0 && segment(self[index]) != segment(self[begin]) {
            groups.append(self[begin..<index])
            begin = index
        }
        if begin < count { groups.append(self[begin...]) }
        return groups
    }
}

/// Neighbouring passages of a segment, which are scored in one go.
struct Run {
    static let most = 256

    var segment: Int
    var passages: Range<Int>

    init(_ place: PassagePlace) {
        segment = place.segment
        passages = place.passage..<place.passage + 1
    }
}
