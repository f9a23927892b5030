// Documents side by side without padding: what a model runs on.

/// Token ids of several documents, packed. No arithmetic ever crosses a document's end, so that a
/// document's vector does not depend on its neighbours.
struct TokenBatch {
    /// Of all documents.
    private(set) var ids: [Int32] = []
    /// Which part of its document each token belongs to: in the second text of a pair 1, else 0.
    private(set) var types: [UInt8] = []
    /// Where each document's ids stand.
    private(set) var documents: [Range<Int>] = []
    /// How many tokens of each document, from its first, are looked at by all of them.
    private(set) var keyCounts: [Int] = []
    /// Tokens of each document before it was lengthened.
    private(set) var textCounts: [Int] = []

    /// Tokens of the longest document.
    var longest: Int { documents.reduce(0) { max($0, $1.count) } }

    mutating func removeAll() {
        ids.removeAll(keepingCapacity: true)
        types.removeAll(keepingCapacity: true)
        documents.removeAll(keepingCapacity: true)
        keyCounts.removeAll(keepingCapacity: true)
        textCounts.removeAll(keepingCapacity: true)
    }

    /// Adds the document whose ids `append` adds.
    mutating func add<Result>(_ append: (inout [Int32]) -> Result) -> Result {
        addTyped { (ids, types) in
            let result = append(&ids)
            types.append(contentsOf: repeatElement(0, count: ids.count - types.count))
            return result
        }
    }

    /// Adds the document whose ids, and a type for each, `append` adds.
    mutating func addTyped<Result>(
        _ append: (_ ids: inout [Int32], _ types: inout [UInt8]) -> Result
    ) -> Result {
        let begin = ids.count
        let result = append(&ids, &types)
        documents.append(begin..<ids.count)
        keyCounts.append(ids.count - begin)
        textCounts.append(ids.count - begin)
        return result
    }

    /// Lengthens the last document to `count` tokens with copies of one that looks at the others,
    /// but is looked at only if these `areKeys`.
    mutating func lengthen(to count: Int, with id: Int32, areKeys: Bool) {
        guard let document = documents.last, document.count < count else { return }
        ids.append(contentsOf: repeatElement(id, count: count - document.count))
        types.append(contentsOf: repeatElement(0, count: count - document.count))
        documents[documents.count - 1] = document.lowerBound..<ids.count
        if areKeys { keyCounts[keyCounts.count - 1] = count }
    }
}
