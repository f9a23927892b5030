// Scores the documents of a chunk that are candidates of queries.

import Documents
import Files
import Models
import Protocol
import Retrieval
import Tensors
import Transport

/// A model that scores queries against documents.
enum CandidateRanker {
    case crossEncoder(CrossEncoder)
    case lateInteraction(LateInteractionModel)

    var maxLength: Int {
        switch self {
        case .crossEncoder(let model): model.maxLength
        case .lateInteraction(let model): model.documentLength
        }
    }
}

final class RerankChunkRunner: UnitRunner {
    static let kind = "rerank-chunk"
    static let kinds = [kind, "rerank-chunk-filter"]
    private let models: ModelShelf
    private let chunks: ChunkReader
    private let bulk: BulkExchange
    private let threads: Int
    /// Of the last unit.
    private var candidates: Candidates?

    init(models: ModelShelf, chunks: ChunkReader, bulk: BulkExchange, threads: Int) {
        self.models = models
        self.chunks = chunks
        self.bulk = bulk
        self.threads = threads
    }

    func run(_ assignment: Assign, control: RunControl) throws(Fault) -> UnitOutcome {
        guard case .rerankChunk(let task) = assignment.task else { throw assignment.misplaced }
        do {
            let (ranker, received) = try models.ranker(for: task, control)
            let candidates = try candidates(of: task)
            var (batch, read) = try chunks.batch(
                of: task.chunk, metadata: task.metadataFields)
            let all = batch
            batch.keep { candidates.queries(of: all.id($0)) != nil }
            let left = try filter(&batch, task)
            let began = monotonicMilliseconds()
            let progress = EncodingProgress()
            control.follow(
                total: Double(batch.entries.count), done: { Double(progress.documentsDone) },
                halt: { progress.cancel() })
            let (scores, tokens) = try score(batch, ranker, candidates, progress)
            try control.check()
            var documents = EncodedDocuments(batch, tokens: tokens, maxLength: ranker.maxLength)
            documents.documents += left
            let spent = Double(monotonicMilliseconds() - began) / 1_000
            let outputs = [
                bulk.offer(
                    id: assignment.outputPrefix + "/documents", frame: Frame(documents.head)),
                bulk.offer(
                    id: assignment.outputPrefix + "/scores",
                    frame: CandidateScore.encode(scores)),
            ]
            return UnitOutcome(
                outputs: outputs,
                measures: documents.measures.merging([
                    "computeSeconds": spent, "pairs": Double(scores.count),
                    "bytesSent": Double(outputs.reduce(0) { $0 + $1.size }),
                    "bytesReceived": Double(received + read),
                ]) { $1 })
        } catch { throw Fault(indexing: error) }
    }

    private func candidates(of task: RerankChunk) throws -> Candidates {
        if let candidates, candidates.task == CandidatesKey(task) { return candidates }
        candidates = nil
        let made = try Candidates(
            task, queries: try content(task.queries, task.queriesPayload),
            run: try content(task.run, task.runPayload))
        candidates = made
        return made
    }

    /// Keeps the documents that the filter lets through.
    ///
    /// - Returns: the others, which have no scores and are yet there.
    private func filter(
        _ batch: inout DocumentBatch, _ task: RerankChunk
    ) throws -> [EncodedDocuments.Document] {
        guard let text = task.filter else { return [] }
        let all = batch
        let passing = try Filter(text).documents(of: all, task.metadataFields ?? [])
        batch.keep { passing.contains($0) }
        return all.entries.indices.filter { !passing.contains($0) }.map { index in
            EncodedDocuments.Document(
                id: all.id(index), record: all.entries[index].record,
                line: all.entries[index].line, rows: 0, tokens: 0, isTruncated: false)
        }
    }

    private func content(_ file: InputFile, _ payload: String) throws -> Frame {
        try chunks.content(of: file, payload: payload)
    }

    // MARK: - Scores

    private func score(
        _ batch: DocumentBatch, _ ranker: CandidateRanker, _ candidates: Candidates,
        _ progress: EncodingProgress
    ) throws -> (scores: [CandidateScore], tokens: [Int]) {
        if batch.entries.isEmpty { return ([], []) }
        return switch ranker {
        case .crossEncoder(let model): try pairs(batch, model, candidates, progress)
        case .lateInteraction(let model): try maxSim(batch, model, candidates, progress)
        }
    }

    private func pairs(
        _ batch: DocumentBatch, _ model: CrossEncoder, _ candidates: Candidates,
        _ progress: EncodingProgress
    ) throws -> (scores: [CandidateScore], tokens: [Int]) {
        guard model.labels == 1 else {
            throw Fault(
                .usage,
                "the model gives \(model.labels) scores for a pair, and one ranks; choose another")
        }
        var scores: [CandidateScore] = []
        for index in batch.entries.indices {
            for query in candidates.queries(of: batch.id(index)) ?? [] {
                scores.append(
                    CandidateScore(query: query, document: UInt32(index), score: 0))
            }
        }
        let result = try batch.bytes.withUnsafeBytes { bytes in
            try candidates.texts.withUnsafeBytes { texts in
                let pairs = scores.map { item -> CrossEncoder.Pair in
                    (
                        UnsafeRawBufferPointer(
                            rebasing: texts[candidates.ranges[Int(item.query)]]),
                        UnsafeRawBufferPointer(
                            rebasing: bytes[batch.entries[Int(item.document)].text])
                    )
                }
                return try model.score(pairs, threads: threads, progress: progress)
            }
        }
        var tokens = [Int](repeating: 0, count: batch.entries.count)
        for place in scores.indices {
            scores[place].score = result.values[place]
            let document = Int(scores[place].document)
            tokens[document] = max(tokens[document], Int(result.tokenCounts[place]))
        }
        return (scores, tokens)
    }

    private func maxSim(
        _ batch: DocumentBatch, _ model: LateInteractionModel, _ candidates: Candidates,
        _ progress: EncodingProgress
    ) throws -> (scores: [CandidateScore], tokens: [Int]) {
        let queries = try candidates.packed(by: model, threads: threads)
        let encoded = try batch.bytes.withUnsafeBytes { bytes in
            try model.encodeDocuments(
                batch.entries.map { UnsafeRawBufferPointer(rebasing: bytes[$0.text]) },
                threads: threads, progress: progress)
        }
        let base = encoded.vectors.baseAddress.assumingMemoryBound(to: Float.self)
        var scores: [CandidateScore] = []
        var row = 0
        for index in batch.entries.indices {
            let count = Int(encoded.rowCounts[index])
            let stored = StoredTokens(
                .f32(base + row * encoded.dimension), count: count, dimension: encoded.dimension)
            for query in candidates.queries(of: batch.id(index)) ?? [] {
                let score = MaxSim.scores(queries[Int(query)], stored, lengths: [count])[0]
                scores.append(
                    CandidateScore(
                        query: query, document: UInt32(index),
                        score: score.isFinite ? score : -.greatestFiniteMagnitude))
            }
            row += count
        }
        return (scores, encoded.tokenCounts.map(Int.init))
    }
}

extension EncodedDocuments {
    /// Of documents whose vectors do not travel.
    fileprivate init(_ batch: DocumentBatch, tokens: [Int], maxLength: Int) {
        self.init(
            documents: [], skipped: batch.problems, repaired: batch.repaired, dimension: 1,
            rowBytes: 4, maxLength: maxLength)
        for (index, entry) in batch.entries.enumerated() {
            let count = index < tokens.count ? tokens[index] : 0
            documents.append(
                EncodedDocuments.Document(
                    id: batch.id(index), record: entry.record, line: entry.line, rows: 0,
                    tokens: count,
                    isTruncated: count > maxLength))
        }
    }
}
