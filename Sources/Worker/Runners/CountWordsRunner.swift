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
            let table = try WordCounter.count(
                text.source, layout: text.layout, blocks: Array(task.blocks), threads: threads,
                progress: progress)
            let output = bulk.offer(
                id: assignment.outputPrefix + "/counts", frame: table.withPayload { Frame($0) },
                checksum: nil)
            return UnitOutcome(outputs: [output], measures: [:])
        } catch { throw Fault(running: error) }
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
