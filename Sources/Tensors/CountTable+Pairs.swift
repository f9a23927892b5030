// Finds the pairs of words that occur together more often than their words let expect.

/// Pairs of words with their counts, in the order of their keys "first second", and their scores.
public struct ScoredPairs: Sendable {
    public let pairs: CountTable
    /// One for each pair, in the same order.
    public let scores: [Double]
}

extension CountTable {
    /// A key with this byte is a pair of words, one before it and one behind it.
    public static let pairSeparator: UInt8 = 0x20

    /// The pairs of merged tables that score more than `threshold`, where a pair scores
    /// (n(ab) - minimum) / (n(a) n(b)) · N, with N the occurrences of all words (Mikolov et al.
    /// 2013, "Distributed Representations of Words and Phrases", section 4, equation 6; scaled by N
    /// as the authors' word2phrase does).
    ///
    /// The tables are walked once, in place; what is held besides is the words and pairs that occur
    /// more than `minimum` times, at most N / `minimum` of each. The result does not depend on how
    /// the text was divided among the tables.
    ///
    /// - Parameters:
    ///   - minimum: n(ab) of at most this never makes a phrase.
    ///   - pairBytesMax: pairs with longer keys are passed over.
    /// - Throws: `.unmergeable`, `.outOfMemory`; `.malformed` when a pair occurs more often than
    ///   its words do.
    public static func associated(
        _ tables: [CountTable], minimum: UInt64, threshold: Double, pairBytesMax: Int
    ) throws(CountTableError) -> ScoredPairs {
        let tallies = try mergedTallies(tables)
        var words = KeyedCounts(), pairs = KeyedCounts()
        var total: UInt64 = 0
        try walk(tables) { (key, count) throws(CountTableError) in
            if key.contains(pairSeparator) {
                if count > minimum, key.count <= pairBytesMax { pairs.append(key, count) }
                return
            }
            let (sum, overflow) = total.addingReportingOverflow(count)
            guard !overflow else { throw .unmergeable(reason: "the counts pass 64 bits") }
            total = sum
            if count > minimum { words.append(key, count) }
        }
        var scores: [(pair: Int, score: Double)] = []
        for pair in 0..<pairs.count {
            let score = try score(of: pair, pairs, words, minimum: minimum, total: total)
            if score > threshold { scores.append((pair, score)) }
        }
        return ScoredPairs(
            pairs: try pairs.table(of: scores.map(\.pair), tallies: tallies),
            scores: scores.map(\.score))
    }

    private static func score(
        of pair: Int, _ pairs: KeyedCounts, _ words: KeyedCounts, minimum: UInt64, total: UInt64
    ) throws(CountTableError) -> Double {
        let (key, count) = (pairs.key(pair), pairs.counts[pair])
        guard let middle = key.firstIndex(of: pairSeparator),
            let first = words.count(of: key[..<middle]), first >= count,
            let second = words.count(of: key[(middle + 1)...]), second >= count
        else { throw .malformed(reason: "a pair occurs more often than its words do") }
        return Double(count - minimum) / Double(first) / Double(second) * Double(total)
    }
}

/// Keys in ascending order, and their counts.
private struct KeyedCounts {
    private var bytes: [UInt8] = []
    private var ends: [Int] = []
    private(set) var counts: [UInt64] = []

    var count: Int { counts.count }

    mutating func append(_ key: UnsafeRawBufferPointer, _ count: UInt64) {
        bytes.append(contentsOf: key)
        ends.append(bytes.count)
        counts.append(count)
    }

    func key(_ index: Int) -> ArraySlice<UInt8> {
        bytes[(index == 0 ? 0 : ends[index - 1])..<ends[index]]
    }

    /// Nil when the key is not there.
    func count(of key: ArraySlice<UInt8>) -> UInt64? {
        var low = 0, high = count
        while low < high {
            let middle = (low + high) / 2
            if precedes(self.key(middle), key) { low = middle + 1 } else { high = middle }
        }
        return low < count && self.key(low) == key ? counts[low] : nil
    }

    private func precedes(_ left: ArraySlice<UInt8>, _ right: ArraySlice<UInt8>) -> Bool {
        left.withUnsafeBytes { left in right.withUnsafeBytes { bytesPrecede(left, $0) } }
    }

    /// A table of the keys `indices`, which ascend.
    func table(of indices: [Int], tallies: [UInt64]) throws(CountTableError) -> CountTable {
        let keyBytes = indices.reduce(0) { $0 + key($1).count }
        var builder = try CountTableBuilder(
            entries: indices.count, keyBytes: keyBytes, tallies: tallies)
        for index in indices {
            let result = key(index).withUnsafeBytes { raw in
                Result { () throws(CountTableError) in
                    try builder.append(key: raw, count: counts[index])
                }
            }
            try result.get()
        }
        return try builder.finish()
    }
}
