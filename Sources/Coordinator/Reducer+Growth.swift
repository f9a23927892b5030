// The model that a training goes on from: its words stay, frequent new ones join them.

import Files
import Protocol
import Tensors
import WordJobs
import WordVectors

/// A checkpoint that a job names, opened and found fit for it.
struct EarlierModel {
    private let checkpoint: WordCheckpoint

    /// Nil if the job begins anew.
    ///
    /// - Throws: a `Fault` that names the file if it is missing, damaged, changed, or of another
    ///   kind of model.
    init?(of spec: TrainWords, _ corpusFiles: CorpusFiles) throws(Fault) {
        guard let file = spec.checkpoint else { return nil }
        try corpusFiles.check(file)
        do throws(FileError) {
            checkpoint = try WordCheckpoint(path: file.path)
        } catch .unreadable(let path, let reason) {
            throw Fault(.input, "\(FileError.unreadable(path: path, reason: reason))")
        } catch .outOfMemory(let doing) {
            throw Fault(.temporary, "\(FileError.outOfMemory(doing: doing))")
        } catch { throw Fault(.data, "\(error)") }
        // It is mapped now: a later file of this name is another one.
        try corpusFiles.check(file)
        if let complaint = checkpoint.complaint(spec) { throw Fault(.data, complaint) }
    }

    var count: Int { checkpoint.vocabulary.count }

    /// The counts of `text`, and its vocabulary joined to that of the checkpoint.
    func grown(
        by text: CountTable, minimum: UInt64, limit: Int?
    ) throws(CountTableError) -> CountTable {
        try checkpoint.ranked.grown(by: text, minimum: minimum, limit: limit)
    }

    /// Occurrences in the new text of each word of a grown vocabulary.
    func newCounts(in grown: CountTable) -> [Double] {
        let known = checkpoint.vocabulary
        return (0..<grown.entries).map { word in
            let old = grown.withKey(at: word) { known.id(ofBytes: $0) }
            let before = old.map { known.counts[Int($0)] } ?? 0
            return Double(grown.count(at: word) - min(before, grown.count(at: word)))
        }
    }

    /// Puts the rows that the checkpoint has in the place of those that the seed made.
    func place(
        in parameters: WordParameters, of vocabulary: VocabularyReduction, _ spec: TrainWords
    ) throws {
        let grown = try Vocabulary(vocabulary.table())
        checkpoint.place(in: parameters, of: grown, try spec.subwordTable(of: grown))
    }
}

extension VocabularyReduction {
    /// How often each row is updated. Of a grown vocabulary the new text may have other shares than
    /// both texts together, by which words are in order; the greater ones are the safe ones.
    func rates(of spec: TrainWords) -> UpdateRates? {
        let rates = UpdateRates(counts: counts, of: spec)
        guard let newCounts, let now = UpdateRates(counts: newCounts, of: spec) else {
            return rates
        }
        return rates?.raised(to: now)
    }
}
