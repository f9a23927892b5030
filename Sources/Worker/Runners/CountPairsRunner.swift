// Counts which words of a piece of the corpus stand near each other.

import Files
import Protocol
import Tensors
import Transport
import WordVectors

final class CountPairsRunner: UnitRunner {
    static let kind = "count-pairs"
    private let partitions: Partitions
    private let bulk: BulkExchange
    private let cache: String
    private let threads: Int

    init(partitions: Partitions, bulk: BulkExchange, cache: String, threads: Int) {
        self.partitions = partitions
        self.bulk = bulk
        self.cache = cache
        self.threads = threads
    }

    func run(_ assignment: Assign, control: RunControl) throws(Fault) -> UnitOutcome {
        guard case .countPairs(let task) = assignment.task else { throw assignment.misplaced }
        do {
            let stream = try partitions.stream(of: task.encoding, control)
            let counting = CooccurrenceProgress()
            let words = Double(stream.wordCount)
            control.follow(
                total: words, done: { counting.done(of: words) }, halt: { counting.stop() })
            let counter = CooccurrenceCounter(
                settings: try CooccurrenceSettings(task), vocabulary: stream.vocabularyCount)
            let path = "\(cache)/pairs-\(task.encoding.partition)"
            let counted = try withExtendedLifetime(stream) {
                try counter.count(stream.ids, to: path, threads: threads, progress: counting)
            }
            let file = try CooccurrenceFile(path: path)
            // The mapping keeps the bytes; without a name nothing is left behind, however we end.
            removeFile(path)
            let bytes = file.file.bytes
            let output = bulk.offer(
                id: assignment.outputPrefix + "/pairs",
                frame: Frame(bytes) { _ in withExtendedLifetime(file) {} })
            return UnitOutcome(
                outputs: [output],
                measures: [
                    "words": Double(stream.wordCount), "pairs": Double(counted.pairs),
                    "runs": Double(counted.runs), "bytesSent": Double(bytes.count),
                ])
        } catch CooccurrenceCountError.table(.file(let error)) {
            throw Fault(running: error)
        } catch CooccurrenceCountError.tensor(let error) {
            throw Fault(running: error)
        } catch { throw Fault(running: error) }
    }
}

extension CooccurrenceProgress {
    /// Reading is four fifths; how much is to be written is not known, but that it goes on is seen.
    fileprivate func done(of words: Double) -> Double {
        let written = Double(self.written.wordsDone)
        return 0.8 * min(Double(read.wordsDone), words) + 0.2 * words * written
            / (written + words + 1)
    }
}

extension CooccurrenceSettings {
    /// The coordinator keeps to these ranges; a unit that does not must not stop a worker.
    fileprivate init(_ task: CountPairs) throws(Fault) {
        guard (1...Limits.windowMax).contains(task.window),
            (1...Limits.blocksMax).contains(task.blocks),
            (1...(1 << 20)).contains(task.memoryMebibytes)
        else {
            throw Fault(.data, "a window of \(task.window) and \(task.blocks) blocks are refused")
        }
        self.init(
            window: task.window, isSymmetric: task.symmetric, blocks: task.blocks,
            memoryBytes: task.memoryMebibytes << 20)
    }
}
