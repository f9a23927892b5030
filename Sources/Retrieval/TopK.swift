// The best candidates of many: the k with the highest scores.

/// Keeps the k best of what it is given, by (score descending, number ascending). What it keeps
/// does not depend on the order in which candidates come. Holds 16 bytes for each.
public struct TopK: Sendable {
    /// A candidate with its score.
    public struct Entry: Sendable, Hashable {
        public let number: UInt32
        public let score: Float

        public init(number: UInt32, score: Float) {
            self.number = number
            self.score = score
        }

        /// Whether this one comes before `other`.
        @inline(__always)
        public func isBetter(than other: Entry) -> Bool {
            score > other.score || (score == other.score && number < other.number)
        }
    }

    public let capacity: Int
    /// Up to twice the capacity; the smaller a key, the better. When there is no more room, the
    /// worse half goes: fewer comparisons that nobody can predict than with a heap.
    private var keys: [UInt64] = []
    /// No key from here on is among the best.
    private var limit = UInt64.max

    /// - Parameters:
    ///   - k: any number; below 0 counts as 0.
    ///   - candidates: how many there are at most. Room is made for no more than these.
    public init(_ k: Int, of candidates: Int) {
        capacity = max(0, min(k, candidates))
        if capacity == 0 { limit = 0 }
        keys.reserveCapacity(min(capacity, 512) * 2)
    }

    public var count: Int { min(keys.count, capacity) }
    public var isFull: Bool { keys.count >= capacity }

    /// A candidate below this score is not among the best: minus infinity while there is room, and
    /// then at most the worst score that would be kept.
    public var threshold: Float {
        if capacity == 0 { return .infinity }
        return limit == .max ? -.infinity : Self.entry(limit).score
    }

    /// Whether such a candidate may be among the best. NaN never is.
    @inline(__always)
    public func accepts(_ entry: Entry) -> Bool {
        !entry.score.isNaN && Self.key(entry) < limit
    }

    /// Offers a candidate. The same number twice is kept twice.
    public mutating func insert(_ number: UInt32, score: Float) {
        guard !score.isNaN else { return }
        insert(Self.key(Entry(number: number, score: score)))
    }

    public mutating func insert(contentsOf other: TopK) {
        for key in other.keys { insert(key) }
    }

    /// What was kept, the best first.
    public func sorted() -> [Entry] {
        var keys = keys
        keys.sort()
        return keys.prefix(capacity).map(Self.entry)
    }

    private mutating func insert(_ key: UInt64) {
        guard key < limit else { return }
        keys.append(key)
        if keys.count == capacity {
            limit = keys.max() ?? .max
        } else if keys.count == 2 * capacity {
            dropWorse()
        }
    }

    private mutating func dropWorse() {
        let capacity = capacity
        limit = keys.withUnsafeMutableBufferPointer { keys in
            Self.moveLeast(capacity, of: keys)
            return keys[..<capacity].max() ?? .max
        }
        keys.removeSubrange(capacity...)
    }

    /// Moves the `count` least keys to the front: quickselect, and sorting where it goes badly.
    private static func moveLeast(_ count: Int, of keys: UnsafeMutableBufferPointer<UInt64>) {
        var (low, high) = (0, keys.count)
        var rounds = 0
        while high - low > 8, rounds < 40 {
            rounds += 1
            let middle = keys[low + (high - low) / 2]
            let pivot = max(
                min(keys[low], middle), min(max(keys[low], middle), keys[high - 1]))
            var place = low
            for index in low..<high {
                let key = keys[index]
                keys[index] = keys[place]
                keys[place] = key
                place += key < pivot ? 1 : 0
            }
            // Keys from `place` on are not below the pivot.
            if place == low { break }
            if place > count { high = place } else { low = place }
            if place == count { return }
        }
        keys[low..<high].sort()
    }

    /// Smaller for what is better: the complement of the score's bits, in the order of the scores,
    /// above the number.
    @inline(__always)
    private static func key(_ entry: Entry) -> UInt64 {
        // Adding 0 makes -0 the 0 that it is equal to.
        let bits = (entry.score + 0).bitPattern
        let ordered = bits >> 31 == 0 ? bits | 1 << 31 : ~bits
        return UInt64(~ordered) << 32 | UInt64(entry.number)
    }

    @inline(__always)
    private static func entry(_ key: UInt64) -> Entry {
        let ordered = ~UInt32(truncatingIfNeeded: key >> 32)
        let bits = ordered >> 31 == 1 ? ordered & ~(1 << 31) : ~ordered
        return Entry(number: UInt32(truncatingIfNeeded: key), score: Float(bitPattern: bits))
    }
}
