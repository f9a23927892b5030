// Documents side by side without padding: what a model runs on.

/// Token ids of several documents, packed. No arithmetic ever crosses a document's end, so that a
/// document's vector does not depend on its neighbours.
struct TokenBatch {
    /// Of all documents.
    private(set) var ids: [Int32] = []
    /// Where each document's ids stand.
    private(set) var documents: [Range<Int>] = []

    /// Tokens of the longest document.
    var longest: Int { documents.reduce(0) { max($0, $1.count) } }

    mutating func removeAll() {
        ids.removeAll(keepingCapacity: true)
        documents.removeAll(keepingCapacity: true)
    }

    /// Adds the document whose ids `append` adds.
    mutating func add<Result>(_ append: (inout [Int32]) -> Result) -> Result {
        let begin = ids.count
        let result = append(&ids)
        documents.append(begin..<ids.count)
        return result
    }
}
