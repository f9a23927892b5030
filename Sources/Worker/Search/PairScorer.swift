// Scores pairs of a query and passages by a cross-encoder, as the last word of a search.

import Digests
import Models
import Protocol
import Retrieval
import Transport

/// Used by the thread of pairs alone: a model takes so long that nothing else may wait behind it.
final class PairScorer {
    private let models: ModelShelf
    private let threads: Int
    /// Pairs of a thread between two looks at the clock.
    private static let sliceOfThread = 16

    init(models: ModelShelf, threads: Int) {
        self.models = models
        self.threads = threads
    }

    /// The best of the passages, in order.
    ///
    /// - Parameters:
    ///   - passages: with their texts.
    ///   - isGivenUp: whether nobody waits for the answer any more.
    func hits(
        _ score: Score, _ query: ShardQuery, _ passages: [ShardHit], isGivenUp: () -> Bool
    ) throws(Fault) -> [Hit] {
        if passages.isEmpty { return [] }
        let texts = passages.map { $0.text ?? "" }
        guard !texts.contains("") else {
            throw Fault(
                .usage, "the index keeps no text, which a cross-encoder reads; build it with text")
        }
        let values: [Float]
        do {
            values = try scores(of: texts, for: query.query, try model(score.model), isGivenUp)
        } catch { throw Fault(indexing: error) }
        var hits: [Hit] = []
        for (var passage, value) in zip(passages, values) {
            guard value.isFinite else {
                throw Fault(
                    .data, "the score of \(passage.id.prefix(100).debugDescription) is not finite")
            }
            passage.score = value
            if !query.wantsText { passage.text = nil }
            hits.append(Hit(passage))
        }
        hits.sort { $0.precedes($1) }
        return Array(hits.prefix(score.top))
    }

    private func scores(
        of texts: [String], for query: String, _ model: CrossEncoder,
        _ isGivenUp: () -> Bool
    ) throws -> [Float] {
        var values: [Float] = []
        let slice = Self.sliceOfThread * threads
        while values.count < texts.count {
            guard !isGivenUp() else {
                throw Fault(
                    .temporary,
                    "\(values.count) of \(texts.count) pairs were scored when the time was over; "
                        + "allow more, or leave fewer passages to the cross-encoder")
            }
            let part = texts[values.count...].prefix(slice)
            let pairs: [(query: String, document: String)] = part.map { (query, $0) }
            values += try model.score(pairs, threads: threads).values
        }
        return values
    }

    private func model(_ source: ModelSource?) throws -> CrossEncoder {
        guard let source else {
            throw Fault(.usage, "pairs are asked for, and no model that scores them")
        }
        // A client says its name, and what is kept under that answers later questions, too.
        let files = Array(zip(source.folder.entries.map(\.name), source.digests))
        guard FolderIdentity.sum(files.map { ($0.0, $0.1) }) == source.identity else {
            throw Fault(.data, "the model \(source.folder.path) has another name than its files")
        }
        let model: CrossEncoder
        do {
            model = try models.crossEncoder(source, CrossEncoderOptions(), RunControl())
        } catch let fault as Fault where fault.code == .payloadMissing {
            throw Fault(
                .input,
                "neither this worker nor the coordinator sees the files of the model "
                    + "\(source.folder.path) as the question names them")
        }
        guard model.labels == 1 else {
            throw Fault(
                .usage,
                "\(source.folder.path) gives \(model.labels) scores for a pair, and one ranks; "
                    + "name another --cross-encoder")
        }
        return model
    }
}
