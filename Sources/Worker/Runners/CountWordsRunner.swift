// Counts the words of a range of blocks.

import Protocol
import Transport
import WordVectors

final class CountWordsRunner: UnitRunner {
    static let kind = "count-words"
    private let texts: CorpusTexts
    private let bulk: BulkExchange
    private let threads: Int

    init(texts: CorpusTexts, bulk: BulkExchange, threads: Int) {
        self.texts = texts
        self.bulk = bulk
        self.threads = threads
    }

    func run(_ assignment: Assign, control: RunControl) throws(Fault) -> UnitOutcome {
        guard case .countWords(let task) = assignment.task else {
            throw Fault(.internalError, "a counting runner was given a \(assignment.task.kind) unit")
        }
        do {
            let text = try texts.open(task.corpus)
            let counted = try WordCounter.count(
                blocks: task.blocks, of: text.blocks, in: text.source, threads: threads,
                progress: { control.report($0, of: task.blocks.count) })
            try control.check()
            let output = bulk.offer(
                id: assignment.outputPrefix + "/counts", frame: Frame(counted.table), checksum: nil)
            return UnitOutcome(
                outputs: [output],
                measures: [
                    "sentences": Double(counted.sentences),
                    "overlongTokens": Double(counted.overlongTokens),
                    "repairedTokens": Double(counted.repairedTokens),
                ])
        } catch { throw Fault(running: error) }
    }
}
