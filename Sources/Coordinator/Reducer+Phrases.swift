// The reduction of a counting round with pairs: the phrases among them.

import Protocol
import Tensors
import Transport

/// The pairs that score more than the threshold, in the order of their keys.
struct PhraseReduction {
    /// A table of counts with the keys "first second".
    let phrases: Frame
    /// Float64: the threshold, so that it is never empty, then `[phrases]`.
    let scores: Frame
    let count: Int
    /// Occurrences of all words.
    let corpusWords: Double
    let overlongTokens: Double
    let replacedTokens: Double

    /// Of the words of a corpus (docs/formats.md); a longer one would be dropped by who reads it.
    private static let tokenBytesMax = 1_024

    /// The tables are read where they are: what is held beside them does not grow with the rare
    /// words and pairs of the corpus.
    init(_ tables: [Frame], spec: FindPhrases) throws(Fault) {
        let found: ScoredPairs
        do throws(CountTableError) {
            let counts = try tables.map { frame throws(CountTableError) in try Self.table(frame) }
            found = try CountTable.associated(
                counts, minimum: UInt64(spec.minimumCount), threshold: spec.threshold,
                pairBytesMax: Self.tokenBytesMax + 1 - spec.delimiter.utf8.count)
        } catch {
            throw Fault(.data, "the counts of the corpus cannot be merged: \(error)")
        }
        let tallies = found.pairs.tallies
        guard tallies[3] > 0 else {
            throw Fault(
                .data, "the corpus has no words; name a text with words separated by spaces")
        }
        phrases = found.pairs.withPayload { Frame($0) }
        scores = ([spec.threshold] + found.scores).withUnsafeBytes { Frame($0) }
        count = found.pairs.entries
        // The order of the tallies is that of `WordCounter.Tallies`.
        overlongTokens = Double(tallies[1])
        replacedTokens = Double(tallies[2])
        corpusWords = Double(tallies[3])
    }

    private static func table(_ frame: Frame) throws(CountTableError) -> CountTable {
        let owner = TableOwner(frame)
        let read = frame.withUnsafeBytes { bytes in
            Result { () throws(CountTableError) in try CountTable(payload: bytes, owner: owner) }
        }
        return try read.get()
    }
}

/// Keeps the memory of a table.
private final class TableOwner: Sendable {
    private let frame: Frame
    init(_ frame: Frame) { self.frame = frame }
}
