// What a search is asked, and what it answers.

/// A passage of a snapshot: the place of its segment and its number there.
public struct PassagePlace: Sendable, Hashable, Comparable {
    public var segment: Int
    public var passage: Int

    public init(segment: Int, passage: Int) {
        self.segment = segment
        self.passage = passage
    }

    public static func < (a: PassagePlace, b: PassagePlace) -> Bool {
        (a.segment, a.passage) < (b.segment, b.passage)
    }
}

public struct SearchOptions: Sendable {
    /// Which passages are looked at.
    public enum Candidates: Sendable, Equatable {
        /// Every one, by exact scores of what is stored.
        case all
        /// Those with a token of one of the `probes` centroids nearest to a query token; the
        /// `limit` best of them by their centroids alone are scored exactly. 256 probes and more
        /// are all.
        case nearest(probes: Int, limit: Int)
    }

    /// Hits wanted; as many as there are when there are fewer.
    public var count: Int
    public var candidates: Candidates
    /// Whether `limit` is that of each segment, so that the hits of segments that are searched
    /// apart are those of all together.
    public var limitsEachSegment = false
    public var threads: Int

    /// - Parameter candidates: nil for what loses next to nothing: 8 probes, and 4 candidates a
    ///   hit, 512 at least.
    public init(count: Int = 10, candidates: Candidates? = nil, threads: Int = 1) {
        precondition(count >= 0 && threads >= 1, "\(count) hits on \(threads) threads")
        self.count = count
        self.candidates =
            candidates
            ?? .nearest(probes: 8, limit: max(512, count > .max / 4 ? count : 4 * count))
        self.threads = threads
    }
}

public struct SearchHit: Sendable, Equatable {
    public let place: PassagePlace
    public let id: String
    public let score: Float
}

/// The best token of a passage for one query token.
public struct TokenMatch: Sendable, Equatable {
    /// Its number in the passage.
    public let token: Int
    /// What it adds to the passage's score.
    public let score: Float
}

/// A passage and its score; the better and, of equals, the earlier comes first.
struct ScoredPassage: Comparable {
    var score: Float
    var place: PassagePlace

    static func < (a: ScoredPassage, b: ScoredPassage) -> Bool {
        a.score > b.score || a.score == b.score && a.place < b.place
    }
}

/// The first few of many scored passages. What has no score, as a passage without tokens, is not
/// taken.
struct BestPassages {
    let limit: Int
    // The worst of those kept is at the root.
    private var heap: [ScoredPassage] = []

    init(limit: Int) { self.limit = limit }

    /// Whether a passage with this score may be one of them.
    func takes(_ score: Float) -> Bool {
        limit > 0 && (heap.count < limit || score >= heap[0].score)
    }

    mutating func insert(_ new: ScoredPassage) {
        guard new.score > -.infinity, limit > 0 else { return }
        if heap.count < limit {
            heap.append(new)
            rise(heap.count - 1)
        } else if new < heap[0] {
            heap[0] = new
            sink()
        }
    }

    private mutating func rise(_ from: Int) {
        var child = from
        while child > 0, heap[(child - 1) / 2] < heap[child] {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    private mutating func sink() {
        var parent = 0
        while 2 * parent + 1 < heap.count {
            var child = 2 * parent + 1
            if child + 1 < heap.count, heap[child] < heap[child + 1] { child += 1 }
            if heap[child] <= heap[parent] { return }
            heap.swapAt(parent, child)
            parent = child
        }
    }

    /// Best first.
    var sorted: [ScoredPassage] { heap.sorted() }
}
