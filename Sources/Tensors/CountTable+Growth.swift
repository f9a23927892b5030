// A vocabulary joined by the frequent words of a new text.

extension CountTable {
    private typealias Entry = (count: UInt64, key: UnsafeRawBufferPointer)

    /// The keys of this table and those of `text` that are new and occur there at least `minimum`
    /// times, by count descending, equal counts by bytes ascending. Keys of this table always stay;
    /// their counts in `text` are added, however small. Tallies are those of `text`.
    ///
    /// - Parameters:
    ///   - text: in the order of its keys.
    ///   - limit: keys in all, beyond which the rarest new ones stay out.
    /// - Throws: `.nothingLeft` if no key of `text` is among them, naming its largest count;
    ///   `.unmergeable`, `.outOfMemory`.
    public func grown(
        by text: CountTable, minimum: UInt64, limit: Int? = nil
    ) throws(CountTableError) -> CountTable {
        guard text.order == .key else {
            throw .unmergeable(reason: "the counts of the text are not in the order of their keys")
        }
        let joined = try joined(with: text, minimum: minimum)
        var new = joined.new
        new.sort(by: Self.ranks)
        if let limit { new.removeSubrange(min(new.count, max(0, limit - entries))...) }
        guard joined.met > 0 || !new.isEmpty else {
            throw .nothingLeft(
                minimum: minimum, largest: text.largestCount, entries: text.entries)
        }
        var kept = joined.kept + new
        kept.sort(by: Self.ranks)
        var builder = try CountTableBuilder(
            order: .rank, entries: kept.count, keyBytes: kept.reduce(0) { $0 + $1.key.count },
            tallies: text.tallies)
        for (count, key) in kept { try builder.append(key: key, count: count) }
        // The keys point into both tables.
        withExtendedLifetime((self, text)) {}
        return try builder.finish()
    }

    /// Goes through both tables in the order of their keys.
    ///
    /// - Returns: the keys of this table with the counts of both, the frequent new ones of `text`,
    ///   and how many keys both have.
    private func joined(
        with text: CountTable, minimum: UInt64
    ) throws(CountTableError) -> (kept: [Entry], new: [Entry], met: Int) {
        var kept: [Entry] = [], new: [Entry] = []
        var (next, met) = (0, 0)
        func take(before key: UnsafeRawBufferPointer?) {
            while next < text.entries {
                let other = text.key(at: next)
                if let key, !bytesPrecede(other, key) { return }
                if text.count(at: next) >= minimum { new.append((text.count(at: next), other)) }
                next += 1
            }
        }
        for index in (0..<entries).sorted(by: { bytesPrecede(key(at: $0), key(at: $1)) }) {
            let key = key(at: index)
            take(before: key)
            var count = count(at: index)
            if next < text.entries, !bytesPrecede(key, text.key(at: next)) {
                let (sum, overflow) = count.addingReportingOverflow(text.count(at: next))
                guard !overflow else { throw .unmergeable(reason: "the counts pass 64 bits") }
                count = sum
                next += 1
                met += 1
            }
            kept.append((count, key))
        }
        take(before: nil)
        return (kept, new, met)
    }

    private static func ranks(_ left: Entry, _ right: Entry) -> Bool {
        left.count != right.count
            ? left.count > right.count : bytesPrecede(left.key, right.key)
    }
}
