// The corpus as the cluster has it: counted, and encoded in partitions of random blocks.

import Files
import Glibc
import Tensors
import WordVectors

/// The vocabulary and one stream of ids for each worker.
struct EncodedCorpus {
    let vocabulary: Vocabulary
    let partitions: [IdStream]

    var counts: [Int] { vocabulary.counts.map { Int($0) } }

    /// Encodes into `folder`, or finds there what an earlier run has encoded.
    init(text: String, folder: String, workers: Int, seed: UInt64, threads: Int) throws {
        let source = try LocalTextSource(paths: [text])
        let layout = CorpusLayout(fileSizes: source.fileSizes)
        let table = try WordCounter.count(
            source, layout: layout, blocks: Array(0..<layout.blockCount), threads: threads)
        vocabulary = try Vocabulary(table.pruned(minimum: 5, limit: nil))
        let plan = PartitionPlan(layout: layout, partitions: workers, seed: seed)
        var streams: [IdStream] = []
        for (part, blocks) in plan.partitions.enumerated() {
            let path = "\(folder)/\(layout.byteCount)-\(seed)-\(part)-of-\(workers).ids"
            if access(path, R_OK) != 0 {
                try IdStream.encode(
                    source, layout: layout, blocks: blocks, vocabulary: vocabulary, to: path,
                    threads: threads)
            }
            streams.append(try IdStream(path: path))
        }
        partitions = streams
    }
}
