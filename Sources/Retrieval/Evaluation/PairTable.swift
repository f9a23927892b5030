// Lines of (query, document, value), grouped by query.

import Files

/// What runs and judgments have in common: ids as numbers, and the pairs of each query side by
/// side. 12 bytes for each pair beside the ids; made in linear time but for the sorting of each
/// query's pairs.
struct PairTable<Value: Sendable>: Sendable {
    struct Pair: Sendable {
        let document: UInt32
        let value: Value
    }

    private(set) var queries = InternedStrings()
    private(set) var documents = InternedStrings()
    private(set) var pairs: [Pair] = []
    /// `starts[q]..<starts[q + 1]` are the pairs of query `q`.
    private(set) var starts: [Int] = [0]
    private var queryOfPair: [UInt32] = []

    /// The most pairs of one file.
    static var countMax: Int { Int(UInt32.max) - 1 }

    /// Before `group`, pairs are in the order of the file.
    mutating func append(
        query: UnsafeRawBufferPointer, document: UnsafeRawBufferPointer, _ value: Value
    ) {
        // Neighbouring lines mostly speak of the same query.
        let number = queryOfPair.last.map(Int.init).flatMap { last in
            queries.withBytes(of: last) { $0.elementsEqual(query) } ? last : nil
        }
        queryOfPair.append(UInt32(number ?? queries.intern(query)))
        pairs.append(Pair(document: UInt32(documents.intern(document)), value: value))
    }

    var count: Int { pairs.count }

    func pairs(of query: Int) -> ArraySlice<Pair> { pairs[starts[query]..<starts[query + 1]] }

    /// Groups by query, keeping the file's order within a query. Returns the place in the file of
    /// the first pair that came before, counted in pairs, if there is one.
    mutating func group() -> Int? {
        var places = [Int](repeating: 0, count: queries.count + 1)
        for query in queryOfPair { places[Int(query) + 1] += 1 }
        for query in 0..<queries.count { places[query + 1] += places[query] }
        starts = places
        var order = [UInt32](repeating: 0, count: pairs.count)
        for (index, query) in queryOfPair.enumerated() {
            order[places[Int(query)]] = UInt32(index)
            places[Int(query)] += 1
        }
        let repeated = firstRepeated(order)
        pairs = order.map { pairs[Int($0)] }
        queryOfPair = []
        return repeated
    }

    private func firstRepeated(_ order: [UInt32]) -> Int? {
        var first: Int?
        var lastQuery = [UInt32](repeating: .max, count: documents.count)
        for query in 0..<queries.count {
            for place in starts[query]..<starts[query + 1] {
                let index = Int(order[place])
                let document = Int(pairs[index].document)
                if lastQuery[document] == UInt32(query) { first = min(first ?? index, index) }
                lastQuery[document] = UInt32(query)
            }
        }
        return first
    }

    /// Sorts the pairs of every query.
    mutating func sortPairs(by isBefore: (Pair, Pair, InternedStrings) -> Bool) {
        for query in 0..<queries.count {
            pairs[starts[query]..<starts[query + 1]].sort { isBefore($0, $1, documents) }
        }
    }
}

/// Runs `read` over the bytes of a file.
func readingFile<Value>(
    _ path: String, _ read: (UnsafeRawBufferPointer) throws(EvaluationError) -> Value
) throws(EvaluationError) -> Value {
    let file: MappedFile
    do { file = try MappedFile(path: path) } catch { throw .file(error) }
    file.willReadSequentially()
    defer { withExtendedLifetime(file) {} }
    return try read(file.bytes)
}
