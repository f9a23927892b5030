// One query on one snapshot: its packed tokens, its centroid scores, and the stages of a search.

import CKernels
import Tensors

struct QueryScoring: Sendable {
    let query: TokenMatrix
    let snapshot: IndexSnapshot
    let threads: Int
    let packed: PackedQuery
    let table: CentroidScores

    /// Products of query tokens with centroids: 256 MiB of them.
    static let tableMax = 64 << 20

    /// - Throws: `.vectors`.
    init(
        _ query: TokenMatrix, _ snapshot: IndexSnapshot, threads: Int
    ) throws(IndexError) {
        let encoder = snapshot.encoder
        guard query.dimension == encoder.dimension else {
            throw .vectors(
                .dimension(found: query.dimension, expected: "\(encoder.dimension)"))
        }
        let limit = Self.tableMax / encoder.centroids.count
        guard query.count <= limit else {
            throw .vectors(.tooManyTokens(found: query.count, limit: limit))
        }
        do {
            packed = try PackedQuery(query, precision: encoder.form.precision)
        } catch {
            throw .vectors(error)
        }
        self.query = query
        self.snapshot = snapshot
        self.threads = threads
        table = CentroidScores(query, centroids: encoder.centroids, threads: threads)
    }

    /// Passages with a token of one of the `probes` nearest centroids of a query token, in order.
    func candidates(
        probes: Int, _ isWanted: @Sendable (PassagePlace) -> Bool
    ) throws(IndexError) -> [PassagePlace] {
        let centroids = table.nearest(probes: probes)
        let parts = try Parallel.map(count: snapshot.segments.count, threads: threads) {
            (part) throws(IndexError) -> [PassagePlace] in
            var found: [PassagePlace] = []
            for index in part {
                for passage in try snapshot.segments[index].segment.passages(with: centroids) {
                    let place = PassagePlace(segment: index, passage: passage)
                    if isWanted(place) { found.append(place) }
                }
            }
            return found
        }
        return parts.flatMap { $0 }
    }

    /// The `count` best of `places` by their tokens' centroids alone, in the order of the index.
    func approximate(
        _ places: [PassagePlace], count: Int
    ) throws(IndexError) -> [PassagePlace] {
        if places.count <= count { return places }
        let parts = try Parallel.map(count: places.count, threads: threads) {
            (part) throws(IndexError) -> BestPassages in
            var best = BestPassages(limit: count)
            let maxima = UnsafeMutablePointer<Float>.allocate(capacity: max(1, query.count))
            defer { maxima.deallocate() }
            for place in places[part] {
                let segment = snapshot.segments[place.segment].segment
                let tokens = try segment.tokens(of: place.passage)
                guard let centroids = segment.centroids.baseAddress, !tokens.isEmpty else {
                    continue
                }
                let score = table.approximate(
                    centroids + tokens.lowerBound, count: tokens.count, maxima: maxima)
                best.insert(ScoredPassage(score: score, place: place))
            }
            return best
        }
        return merge(parts, count).map(\.place).sorted()
    }

    private func merge(_ parts: [BestPassages], _ count: Int) -> [ScoredPassage] {
        var all = BestPassages(limit: count)
        for part in parts {
            for passage in part.sorted { all.insert(passage) }
        }
        return all.sorted
    }

    /// The `count` best of the passages of `runs` by MaxSim.
    func exact(_ runs: [Run], count: Int) throws(IndexError) -> [ScoredPassage] {
        let parts = try Parallel.map(count: runs.count, threads: threads) {
            (part) throws(IndexError) -> BestPassages in
            var best = BestPassages(limit: count)
            let scorer = BlockScorer(query: packed, table: table)
            var scores = [Float](repeating: 0, count: Run.most)
            for run in runs[part] {
                try score(run, scorer, &scores)
                for (offset, passage) in run.passages.enumerated() {
                    best.insert(
                        ScoredPassage(
                            score: scores[offset],
                            place: PassagePlace(segment: run.segment, passage: passage)))
                }
            }
            return best
        }
        return merge(parts, count)
    }

    private func score(
        _ run: Run, _ scorer: BlockScorer, _ scores: inout [Float]
    ) throws(IndexError) {
        let segment = snapshot.segments[run.segment].segment
        var lengths: [Int] = []
        for passage in run.passages { lengths.append(try segment.tokens(of: passage).count) }
        guard let stored = segment.stored else {
            for index in lengths.indices { scores[index] = -.infinity }
            return
        }
        let first = Int(segment.starts[run.passages.lowerBound])
        scores.withUnsafeMutableBufferPointer { scores in
            guard let base = scores.baseAddress else { return }
            scorer.score(stored, from: first, lengths: lengths, into: base)
        }
    }

    /// The token of the passage with the greatest product for each query token.
    func matches(_ place: PassagePlace) throws(IndexError) -> [TokenMatch] {
        let segment = snapshot.segments[place.segment].segment
        let tokens = try segment.tokens(of: place.passage)
        guard !tokens.isEmpty, let stored = segment.stored else {
            throw .unknown(id: try segment.id(of: place.passage))
        }
        let scorer = BlockScorer(query: packed, table: table)
        var best = [TokenMatch](
            repeating: TokenMatch(token: 0, score: -.infinity), count: query.count)
        for (index, token) in tokens.enumerated() {
            let products = scorer.products(stored, token)
            for (column, product) in products.enumerated() where product > best[column].score {
                best[column] = TokenMatch(token: index, score: product)
            }
        }
        return best
    }
}

extension CentroidScores {
    /// With so many all centroids are taken.
    static let probesMax = 256

    /// The centroids among the `probes` best of any query token, ascending; of equals the first.
    func nearest(probes: Int) -> [Int] {
        if queryCount == 0 { return [] }
        if probes >= min(centroidCount, Self.probesMax) { return Array(0..<centroidCount) }
        let probes = max(1, probes)
        var isChosen = [Bool](repeating: false, count: centroidCount)
        // The best of each query token, the worst of them last.
        var best = [(score: Float, centroid: Int)](
            repeating: (-.infinity, -1), count: probes * queryCount)
        var limits = [Float](repeating: -.infinity, count: queryCount)
        for centroid in 0..<centroidCount {
            let row = scores + centroid * queryCount
            for column in 0..<queryCount where row[column] > limits[column] {
                let begin = column * probes
                var place = begin + probes - 1
                while place > begin, best[place - 1].score < row[column] {
                    best[place] = best[place - 1]
                    place -= 1
                }
                best[place] = (row[column], centroid)
                limits[column] = best[begin + probes - 1].score
            }
        }
        for (_, centroid) in best where centroid >= 0 { isChosen[centroid] = true }
        return isChosen.indices.filter { isChosen[$0] }
    }
}

extension Segment {
    /// The passages with a token of one of `centroids`, ascending.
    ///
    /// - Throws: `.malformed`.
    func passages(with centroids: [Int]) throws(IndexError) -> [Int] {
        var isFound = [Bool](repeating: false, count: passages)
        for centroid in centroids {
            let (begin, end) = (Int(listStarts[centroid]), Int(listStarts[centroid + 1]))
            guard begin <= end, end <= lists.count else {
                throw malformed("ivf.starts", "the list of centroid \(centroid)")
            }
            for place in begin..<end {
                let passage = Int(lists[place])
                guard passage < passages else {
                    throw malformed("ivf.passages", "passage \(passage) of \(passages)")
                }
                isFound[passage] = true
            }
        }
        return isFound.indices.filter { isFound[$0] }
    }
}
