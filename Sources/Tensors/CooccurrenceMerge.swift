// Merges sorted tables of pairs in one pass; what is in memory does not grow with them.

import Files

/// The pairs of several tables, each once with the sum of its sums. Sums are whole numbers, so the
/// result does not depend on the order of the tables or on how the text was cut among them.
public enum CooccurrenceMerge {
    /// Writes some parts of all tables to one table of so many parts.
    ///
    /// - Parameters:
    ///   - parts: nil takes all.
    ///   - durable: whether the file must survive a loss of power.
    ///   - isStopped: asked now and then.
    /// - Returns: pairs written.
    /// - Throws: `.unmergeable`, `.malformed`, `.file`; `.file(.cancelled)` when stopped.
    @discardableResult
    public static func write(
        _ tables: [CooccurrenceTable], parts: Range<Int>? = nil, to path: String,
        durable: Bool = false, isStopped: () -> Bool = { false }
    ) throws(CooccurrenceError) -> Int {
        guard let first = tables.first else { throw .unmergeable(reason: "there is none") }
        for table in tables {
            guard table.vocabulary == first.vocabulary, table.parts == first.parts,
                table.isSymmetric == first.isSymmetric
            else {
                throw .unmergeable(
                    reason: "one has \(table.parts) parts of \(table.vocabulary) words and another "
                        + "\(first.parts) of \(first.vocabulary), or only one is symmetric")
            }
        }
        let parts = parts ?? 0..<first.parts
        let writer = try CooccurrenceWriter(
            path: path, vocabulary: first.vocabulary, parts: parts.count,
            isSymmetric: first.isSymmetric)
        for part in parts {
            try merge(tables.map { $0.cursor(part) }, to: writer, isStopped)
            writer.endPart()
        }
        return try writer.finish(durable: durable)
    }

    /// Pairs written between two questions whether to stop.
    public static let pairsBetweenQuestions = 1 << 16

    private static func merge(
        _ cursors: [CooccurrenceCursor], to writer: CooccurrenceWriter, _ isStopped: () -> Bool
    ) throws(CooccurrenceError) {
        var heap = try CursorHeap(cursors)
        var last: Cooccurrence?
        var sinceQuestion = 0
        while let pair = try heap.next() {
            if let open = last, open.key == pair.key {
                let (sum, overflow) = open.sum.addingReportingOverflow(pair.sum)
                guard !overflow else { throw .unmergeable(reason: "a sum passes 64 bits") }
                last?.sum = sum
                continue
            }
            if let last { try writer.append(last) }
            last = pair
            sinceQuestion += 1
            if sinceQuestion == pairsBetweenQuestions {
                if isStopped() { throw .file(.cancelled) }
                sinceQuestion = 0
            }
        }
        if let last { try writer.append(last) }
    }
}

/// The least of the next pairs of several cursors.
private struct CursorHeap {
    private var cursors: [CooccurrenceCursor]
    /// A heap by key: the next pair of each cursor that has one.
    private var heads: [(pair: Cooccurrence, cursor: Int)] = []

    init(_ cursors: [CooccurrenceCursor]) throws(CooccurrenceError) {
        self.cursors = cursors
        for index in cursors.indices {
            if let pair = try self.cursors[index].next() { heads.append((pair, index)) }
        }
        // Sorted is a heap.
        heads.sort { $0.pair.key < $1.pair.key }
    }

    mutating func next() throws(CooccurrenceError) -> Cooccurrence? {
        guard let least = heads.first else { return nil }
        if let pair = try cursors[least.cursor].next() {
            heads[0].pair = pair
        } else {
            let last = heads.removeLast()
            if heads.isEmpty { return least.pair }
            heads[0] = last
        }
        sink()
        return least.pair
    }

    private mutating func sink() {
        let moved = heads[0]
        var hole = 0
        while true {
            var child = 2 * hole + 1
            if child >= heads.count { break }
            if child + 1 < heads.count, heads[child + 1].pair.key < heads[child].pair.key {
                child += 1
            }
            if heads[child].pair.key >= moved.pair.key { break }
            heads[hole] = heads[child]
            hole = child
        }
        heads[hole] = moved
    }
}
