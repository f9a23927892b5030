// Which documents of a collection have the id of an earlier one.

import Digests
import Documents
import Files

/// One bit for each document up to the last duplicate, by its place among all that were encoded.
struct DuplicateDocuments {
    private var bits: [UInt64] = []
    private(set) var count = 0

    static let none = DuplicateDocuments()
    /// Why they are left out.
    static let reason = "an earlier document has the same id"

    /// Places of the duplicates within a range, counted from its start.
    func places(_ range: Range<Int>) -> [Int] {
        if count == 0 { return [] }
        return range.prefix { $0 < bits.count * 64 }.filter { bits[$0 / 64] >> ($0 % 64) & 1 == 1 }
            .map { $0 - range.lowerBound }
    }

    private mutating func mark(_ place: Int) {
        while bits.count <= place / 64 { bits.append(0) }
        bits[place / 64] |= 1 << UInt64(place % 64)
        count += 1
    }

    /// Memory is bounded by that of the keys, however many documents there are.
    struct Search {
        private var keys: RepeatedKeys
        private var documents = 0

        init(scratch: String) { keys = RepeatedKeys(scratch: scratch) }

        mutating func add(_ documents: [EncodedDocuments.Document]) throws(FileError) {
            for document in documents {
                var id = document.id
                let key = id.withUTF8 { DigestKey(of: UnsafeRawBufferPointer($0)) }
                try keys.add(high: key.high, low: key.low, number: self.documents)
                self.documents += 1
            }
        }

        mutating func finish() -> DuplicateDocuments {
            var found = DuplicateDocuments()
            keys.finish { number, _ in found.mark(number) }
            return found
        }
    }
}
