// Encodes partitions of a corpus to ids and keeps them in the worker's cache directory.

import Protocol
import Tensors
import Transport
import WordVectors

/// The encoded partitions of this worker. Training units ask for theirs and get it from the cache,
/// or have it made again: so it does not matter which worker encoded what.
final class Partitions {
    private let texts: CorpusTexts
    private let bulk: BulkExchange
    private let directory: String
    private let threads: Int
    private var vocabulary: (reference: PayloadReference, vocabulary: Vocabulary)?
    private var streams: [EncodeWords: IdStream] = [:]

    init(texts: CorpusTexts, bulk: BulkExchange, directory: String, threads: Int) {
        self.texts = texts
        self.bulk = bulk
        self.directory = directory
        self.threads = threads
    }

    /// The vocabulary of `task`, fetched once.
    func vocabulary(of task: EncodeWords) throws -> Vocabulary {
        if let vocabulary, vocabulary.reference == task.vocabulary { return vocabulary.vocabulary }
        let frame = try bulk.fetch(task.vocabulary, from: .coordinator, deadlineSeconds: 300)
        let table = try frame.withUnsafeBytes { bytes in try CountTable(copying: bytes) }
        let vocabulary = try Vocabulary(table)
        // Another vocabulary is another job: what was encoded for the last one is not needed.
        forget()
        self.vocabulary = (task.vocabulary, vocabulary)
        return vocabulary
    }

    /// The ids of a partition, encoded now if they are not at hand.
    func stream(of task: EncodeWords, _ control: RunControl) throws -> IdStream {
        let vocabulary = try vocabulary(of: task)
        if let stream = streams[task] { return stream }
        let text = try texts.open(task.corpus)
        let plan = PartitionPlan(
            layout: text.layout, partitions: task.partitions, seed: task.seed)
        let path = "\(directory)/partition-\(task.partition)-of-\(task.partitions).ids"
        let progress = control.followText(bytes: text.layout.byteCount / task.partitions)
        try IdStream.encode(
            text.source, layout: text.layout, blocks: plan.partitions[task.partition],
            vocabulary: vocabulary, to: path, threads: threads, progress: progress)
        let stream = try IdStream(path: path, checkingIds: false)
        // The mapping keeps the bytes; without a name nothing is left behind, however we end.
        removeFile(path)
        streams[task] = stream
        return stream
    }

    private func forget() { streams.removeAll() }
}

final class EncodeWordsRunner: UnitRunner {
    static let kind = "encode-words"
    private let partitions: Partitions

    init(partitions: Partitions) { self.partitions = partitions }

    func run(_ assignment: Assign, control: RunControl) throws(Fault) -> UnitOutcome {
        guard case .encodeWords(let task) = assignment.task else { throw assignment.misplaced }
        do {
            let stream = try partitions.stream(of: task, control)
            return UnitOutcome(
                outputs: [],
                measures: [
                    "words": Double(stream.wordCount), "sentences": Double(stream.sentenceCount),
                ])
        } catch { throw Fault(running: error) }
    }
}
