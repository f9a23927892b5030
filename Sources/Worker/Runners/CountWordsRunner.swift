// Counts the words of a range of blocks.

import Protocol
import Tensors
import Transport
import WordVectors

final class CountWordsRunner: UnitRunner {
    static let kind = "count-words"
    private let texts: CorpusTexts
    private let bulk: BulkExchange
    private let threads: Int
    private var joiner: (pairs: PairCounting, joiner: PhraseJoiner)?

    init(texts: CorpusTexts, bulk: BulkExchange, threads: Int) {
        self.texts = texts
        self.bulk = bulk
        self.threads = threads
    }

    func run(_ assignment: Assign, control: RunControl) throws(Fault) -> UnitOutcome {
        guard case .countWords(let task) = assignment.task else { throw assignment.misplaced }
        do {
            let text = try texts.open(task.corpus)
            let progress = control.followText(
                bytes: task.blocks.count * task.corpus.blockBytes)
            let blocks = Array(task.blocks)
            let table =
                if let pairs = task.pairs {
                    try WordCounter.countPairs(
                        text.source, layout: text.layout, blocks: blocks,
                        joining: try joiner(pairs), threads: threads, progress: progress)
                } else {
                    try WordCounter.count(
                        text.source, layout: text.layout, blocks: blocks, threads: threads,
                        progress: progress)
                }
            let output = bulk.offer(
                id: assignment.outputPrefix + "/counts", frame: table.withPayload { Frame($0) },
                checksum: nil)
            return UnitOutcome(outputs: [output], measures: [:])
        } catch { throw Fault(running: error) }
    }

    /// What joins the phrases of the passes before, fetched once for each pass.
    private func joiner(_ pairs: PairCounting) throws -> PhraseJoiner {
        if let joiner, joiner.pairs == pairs { return joiner.joiner }
        guard PairCounting.complaint(about: pairs.delimiter) == nil else {
            throw Fault(.data, "a unit joins phrases by what is no delimiter")
        }
        let passes = try pairs.phrases.map { reference in
            let frame = try bulk.fetch(reference, from: .coordinator, deadlineSeconds: 300)
            return try frame.withUnsafeBytes { bytes in try CountTable(copying: bytes) }
        }
        let made = try PhraseJoiner(passes: passes, delimiter: pairs.delimiter)
        joiner = (pairs, made)
        return made
    }
}

extension RunControl {
    /// Follows a scan over `bytes` of text.
    func followText(bytes: Int) -> TextProgress {
        let progress = TextProgress()
        follow(
            total: Double(bytes), done: { Double(progress.bytesDone) }, halt: { progress.cancel() })
        return progress
    }
}
