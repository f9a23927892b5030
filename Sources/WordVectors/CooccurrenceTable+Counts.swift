// A table of pairs as counts to make mutual information of.

public import Tensors

extension CooccurrenceTable: PairCounts {
    /// - Throws: `.malformed`, also for a table of several parts: their pairs are not in one order.
    public func forEach(_ body: (WeightedPair) -> Void) throws(TensorError) {
        guard parts == 1 else {
            throw .malformed(what: "a table of pairs", reason: "it has \(parts) parts, not 1")
        }
        do throws(CooccurrenceError) {
            var cursor = cursor(0)
            while let pair = try cursor.next() {
                body(
                    WeightedPair(
                        row: Int(pair.row), column: Int(pair.column),
                        weight: Double(pair.sum) / Double(1 << Self.fractionBits)))
            }
        } catch { throw .malformed(what: "a table of pairs", reason: "\(error)") }
    }
}
