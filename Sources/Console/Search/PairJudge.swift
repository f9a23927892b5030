// A cross-encoder as the last stage of a search.

import Models
import Protocol
import Retrieval
import Transport

/// Scores passages in this process, which has the query and asks for little more than the best.
struct PairJudge: Sendable {
    private let model: CrossEncoder

    /// - Throws: a `Fault` if the folder is no cross-encoder with one score a pair.
    init(named name: String) throws(Fault) {
        let folder = try ModelFolder(named: name)
        do throws(ModelError) {
            model = try CrossEncoder(directory: folder.path, options: CrossEncoderOptions())
        } catch { throw Fault(model: error) }
        guard model.labels == 1 else {
            throw Fault(
                .usage,
                "\(name) gives \(model.labels) scores for a pair, and one ranks; name another "
                    + "--cross-encoder")
        }
    }

    /// - Parameter passages: with their texts.
    func rank(
        _ passages: [Hit], for query: String, top: Int, keepsText: Bool
    ) throws(Fault) -> [Hit] {
        var texts: [String] = []
        var ranked = passages
        do throws(RetrievalError) {
            for (index, hit) in passages.enumerated() {
                let (text, _, fields) = try ShardHit.read(extra: hit.extra)
                texts.append(text ?? "")
                if !keepsText { ranked[index].extra = ShardHit.extra(text: nil, fields: fields) }
            }
        } catch { throw Fault(.internalError, "\(error)") }
        guard !texts.contains("") else {
            throw Fault(
                .usage, "the index keeps no text, which a cross-encoder reads; build it with text")
        }
        let scores: PairScores
        do throws(ModelError) { scores = try model.score(texts.map { (query, $0) }) } catch {
            throw Fault(model: error)
        }
        for index in ranked.indices { ranked[index].score = scores.values[index] }
        return Array(ranked.sorted { $0.precedes($1) }.prefix(top))
    }
}
