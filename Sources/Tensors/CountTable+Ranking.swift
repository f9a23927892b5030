// Turns counts into a vocabulary: the frequent keys, most frequent first.

extension CountTable {
    /// The keys that occur at least `minimum` times, by count descending, equal counts by bytes
    /// ascending, cut to the first `limit`. Tallies are kept; the total is that of the kept keys.
    ///
    /// - Throws: `.nothingLeft` naming the largest count, `.outOfMemory`.
    public func pruned(minimum: UInt64, limit: Int? = nil) throws(CountTableError) -> CountTable {
        precondition(limit ?? 1 > 0, "a vocabulary of at most \(limit ?? 0) words")
        var kept: [(count: UInt64, index: Int)] = []
        var largest: UInt64 = 0
        for index in 0 ..< entries {
            let count = count(at: index)
            largest = max(largest, count)
            if count >= minimum { kept.append((count, index)) }
        }
        guard !kept.isEmpty else {
            throw .nothingLeft(minimum: minimum, largest: largest, entries: entries)
        }
        kept.sort { left, right in
            left.count != right.count
                ? left.count > right.count
                : order == .key ? left.index < right.index
                    : bytesPrecede(key(at: left.index), key(at: right.index))
        }
        if let limit, limit < kept.count { kept.removeSubrange(limit...) }
        let keyBytes = kept.reduce(0) { $0 + key(at: $1.index).count }
        var builder = try CountTableBuilder(
            order: .rank, entries: kept.count, keyBytes: keyBytes, tallies: tallies)
        for (count, index) in kept {
            try builder.append(key: key(at: index), count: count)
        }
        return try builder.finish()
    }

    /// The largest count, 0 in an empty table.
    public var largestCount: UInt64 {
        (0 ..< entries).reduce(0) { max($0, count(at: $1)) }
    }
}
