// Searches that look at some passages only, chosen before anything is scored.

import Tensors

extension IndexSearcher {
    /// As `search(_:_:filter:)`, among the passages of `sets`, one for each segment: as many hits
    /// as are wanted, if so many of them have tokens.
    ///
    /// The nearest centroids may lead to few of them. Where a segment has no more of them than
    /// candidates are scored exactly, all are; where the centroids lead to fewer than hits are
    /// wanted, the candidates are chosen from all of them.
    ///
    /// - Throws: as `search(_:_:filter:)`.
    public func search(
        _ query: TokenMatrix, _ options: SearchOptions, among sets: [PassageSet]
    ) throws(IndexError) -> [SearchHit] {
        let living = living(sets)
        let scoring = try QueryScoring(query, snapshot, threads: options.threads)
        guard case .nearest(let probes, let exact) = options.candidates else {
            var runs: [Run] = []
            for index in living.indices {
                for place in living.places(of: index) { runs.append(place) }
            }
            return try hits(try scoring.exact(runs, count: options.count))
        }
        let limit = max(exact, options.count)
        var groups: [[PassagePlace]]
        if living.allSatisfy({ $0.count <= limit }) {
            groups = living.indices.map { living.places(of: $0) }
        } else {
            groups = try near(scoring, probes, living, limit, options.count)
        }
        if !options.limitsEachSegment { groups = [groups.flatMap { $0 }] }
        var chosen: [PassagePlace] = []
        for group in groups { chosen += try scoring.approximate(group, count: limit) }
        return try hits(try scoring.exact(chosen.map { Run($0) }, count: options.count))
    }

    private func living(_ sets: [PassageSet]) -> [PassageSet] {
        precondition(sets.count == snapshot.segments.count, "\(sets.count) sets of passages")
        return zip(sets, snapshot.segments).map { set, segment in
            var set = set
            set.subtract(segment.dead)
            return set
        }
    }

    private func near(
        _ scoring: QueryScoring, _ probes: Int, _ living: [PassageSet], _ limit: Int, _ wanted: Int
    ) throws(IndexError) -> [[PassagePlace]] {
        var groups = [[PassagePlace]](repeating: [], count: living.count)
        let found = try scoring.candidates(probes: probes) { place in
            living[place.segment].contains(place.passage)
        }
        for place in found { groups[place.segment].append(place) }
        for (index, set) in living.enumerated() {
            let count = set.count
            if count <= limit || groups[index].count < min(wanted, count) {
                groups[index] = living.places(of: index)
            }
        }
        return groups
    }
}

extension [PassageSet] {
    fileprivate func places(of segment: Int) -> [PassagePlace] {
        var places: [PassagePlace] = []
        self[segment].forEach { places.append(PassagePlace(segment: segment, passage: $0)) }
        return places
    }
}
