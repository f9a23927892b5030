// Adds up tables of counts by a k-way merge over their sorted keys.

extension CountTable {
    /// One table whose counts, totals and tallies are the sums over `tables`. The result does not
    /// depend on their order, nor on how the corpus was divided among them.
    ///
    /// - Throws: `.unmergeable` when a table is not ordered by key or a sum passes 64 bits,
    ///   `.outOfMemory`.
    public static func merge(_ tables: [CountTable]) throws(CountTableError) -> CountTable {
        let tallies = try mergedTallies(tables)
        if tables.count == 1 { return tables[0] }
        // The first pass measures, so that the second writes into memory of the right size.
        var entries = 0
        var keyBytes = 0
        try walk(tables) { (key, _) throws(CountTableError) in
            entries += 1
            keyBytes += key.count
        }
        var builder = try CountTableBuilder(
            entries: entries, keyBytes: keyBytes, tallies: tallies)
        try walk(tables) { (key, count) throws(CountTableError) in
            try builder.append(key: key, count: count)
        }
        return try builder.finish()
    }

    /// The sums of the tallies of tables that can be merged.
    static func mergedTallies(_ tables: [CountTable]) throws(CountTableError) -> [UInt64] {
        guard tables.allSatisfy({ $0.order == .key }) else {
            throw .unmergeable(reason: "one of them is not in the order of its keys")
        }
        var tallies = [UInt64](repeating: 0, count: tallyCount)
        for table in tables {
            for (index, tally) in table.tallies.enumerated() {
                let (sum, overflow) = tallies[index].addingReportingOverflow(tally)
                guard !overflow else { throw .unmergeable(reason: "the tallies pass 64 bits") }
                tallies[index] = sum
            }
        }
        return tallies
    }

    /// Calls `body` with every different key, ascending, and its summed count.
    static func walk(
        _ tables: [CountTable],
        _ body: (UnsafeRawBufferPointer, UInt64) throws(CountTableError) -> Void
    ) throws(CountTableError) {
        var heap = MergeHeap(tables.filter { $0.entries > 0 }.map(MergeCursor.init))
        while let first = heap.top {
            let key = first.key
            var sum: UInt64 = 0
            while let cursor = heap.top, cursor.isAt(key) {
                let (next, overflow) = sum.addingReportingOverflow(cursor.count)
                guard !overflow else { throw .unmergeable(reason: "the counts pass 64 bits") }
                sum = next
                heap.advance()
            }
            try body(key, sum)
        }
    }
}

/// Where the merge stands in one table.
private struct MergeCursor {
    private let table: CountTable
    private var index = 0
    private(set) var key: UnsafeRawBufferPointer
    /// The key's first eight bytes, most significant first: decides most comparisons.
    private var prefix: UInt64

    init(_ table: CountTable) {
        self.table = table
        key = table.key(at: 0)
        prefix = Self.prefix(of: key)
    }

    var count: UInt64 { table.count(at: index) }

    func isAt(_ other: UnsafeRawBufferPointer) -> Bool {
        key.count == other.count && !bytesPrecede(key, other) && !bytesPrecede(other, key)
    }

    /// False at the end of the table.
    mutating func advance() -> Bool {
        index += 1
        guard index < table.entries else { return false }
        key = table.key(at: index)
        prefix = Self.prefix(of: key)
        return true
    }

    static func < (left: Self, right: Self) -> Bool {
        left.prefix != right.prefix
            ? left.prefix < right.prefix : bytesPrecede(left.key, right.key)
    }

    private static func prefix(of key: UnsafeRawBufferPointer) -> UInt64 {
        if key.count >= 8 { return UInt64(bigEndian: key.loadUnaligned(as: UInt64.self)) }
        var prefix: UInt64 = 0
        for byte in key { prefix = prefix << 8 | UInt64(byte) }
        return prefix << (8 * UInt64(8 - key.count))
    }
}

/// A binary heap of cursors, the smallest key on top.
private struct MergeHeap {
    private var cursors: [MergeCursor]

    init(_ cursors: [MergeCursor]) {
        self.cursors = cursors
        for index in stride(from: cursors.count / 2 - 1, through: 0, by: -1) { sink(index) }
    }

    var top: MergeCursor? { cursors.first }

    /// Moves the top cursor on, or drops it at its end.
    mutating func advance() {
        if !cursors[0].advance() {
            cursors.swapAt(0, cursors.count - 1)
            cursors.removeLast()
        }
        sink(0)
    }

    private mutating func sink(_ start: Int) {
        var parent = start
        while true {
            var child = 2 * parent + 1
            guard child < cursors.count else { return }
            if child + 1 < cursors.count, cursors[child + 1] < cursors[child] { child += 1 }
            guard cursors[child] < cursors[parent] else { return }
            cursors.swapAt(parent, child)
            parent = child
        }
    }
}
