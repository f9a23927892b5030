// How a unit is cut in two, and how what it works on is named for people.

extension WorkUnit {
    /// Two units that together do the work of this one; nil if it cannot be cut. The reduction must
    /// not care how many units a round has.
    public var halves: (WorkUnit, WorkUnit)? {
        guard let (first, second) = task.halves else { return nil }
        return (
            WorkUnit(task: first, affinity: affinity, work: work / 2),
            WorkUnit(task: second, affinity: affinity, work: work / 2)
        )
    }
}

extension UnitTask {
    fileprivate var halves: (UnitTask, UnitTask)? {
        switch self {
        case .countWords(let task):
            guard task.blocks.count >= 2 else { return nil }
            let middle = (task.blocks.lowerBound + task.blocks.upperBound) / 2
            return (
                .countWords(
                    CountWords(
                        corpus: task.corpus, blocks: task.blocks.lowerBound..<middle,
                        pairs: task.pairs)),
                .countWords(
                    CountWords(
                        corpus: task.corpus, blocks: middle..<task.blocks.upperBound,
                        pairs: task.pairs))
            )
        case .encodeChunk(let task):
            guard let (first, second) = task.halves else { return nil }
            return (.encodeChunk(first), .encodeChunk(second))
        case .indexChunk(let task):
            guard let (first, second) = task.halves else { return nil }
            return (.indexChunk(first), .indexChunk(second))
        case .rerankChunk(let task):
            guard let (first, second) = task.halves else { return nil }
            return (.rerankChunk(first), .rerankChunk(second))
        // A partition is trained as a whole: half of one would be another model.
        case .encodeWords, .trainWords, .reduceWords, .countPairs, .trainGloVe, .factorisePairs:
            return nil
        }
    }

    /// What it works on, for error messages.
    public var subject: String {
        switch self {
        case .countWords(let task): task.corpus.place(of: task.blocks)
        case .encodeWords(let task):
            "partition \(task.partition) of \(task.partitions) of the corpus"
        case .trainWords(let task):
            "partition \(task.encoding.partition) of \(task.encoding.partitions) of the corpus"
        case .reduceWords(let task):
            "part \(task.shard) of \(task.exchange.shards) of the parameters"
        case .countPairs(let task):
            "piece \(task.encoding.partition) of \(task.encoding.partitions) of the corpus"
        case .factorisePairs: "the pairs of the corpus"
        case .trainGloVe(let task):
            "block (\(task.partition), \(task.contexts)) of \(task.partitions) of the pairs"
        case .encodeChunk(let task): task.subject
        case .indexChunk(let task): task.chunk.subject
        case .rerankChunk(let task): task.chunk.subject
        }
    }
}

extension Corpus {
    /// Bytes and file of a range of blocks. Every file begins a new block.
    func place(of blocks: Range<Int>) -> String {
        var first = 0
        for file in files {
            let count = (file.size + blockBytes - 1) / blockBytes
            if blocks.lowerBound < first + count {
                let start = (blocks.lowerBound - first) * blockBytes
                let end = min(file.size, (blocks.upperBound - first) * blockBytes)
                let more = blocks.upperBound > first + count ? " and the files after it" : ""
                return "bytes \(start)..<\(end) of \(file.path)\(more)"
            }
            first += count
        }
        return "blocks \(blocks.lowerBound)..<\(blocks.upperBound) of the corpus"
    }
}
