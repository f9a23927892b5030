// Answers questions about shards of an index from the segments that this worker has at hand.

import Protocol
import Retrieval

/// Used by the scoring thread alone.
final class ShardScorer {
    enum Answer {
        /// The best of the shards, in order.
        case hits([Hit])
        /// Passages with their texts, which a model is to score.
        case pairs(ShardQuery, [ShardHit])
    }

    private let shelf: IndexShelf
    private let threads: Int

    init(shelf: IndexShelf, threads: Int) {
        self.shelf = shelf
        self.threads = threads
    }

    func answer(_ score: Score, _ body: Frame) throws(Fault) -> Answer {
        do {
            let query = try body.withUnsafeBytes { try ShardQuery($0) }
            let shards = try shelf.open(score.index, score.shards)
            let found = try shards.answer(query, top: score.top, threads: threads)
            return query.kind == .pairs ? .pairs(query, found) : .hits(found.map { Hit($0) })
        } catch let fault as Fault {
            throw fault
        } catch let error as RetrievalError {
            throw Fault(.usage, "\(error)")
        } catch IndexError.filter(let problem) {
            throw Fault(.usage, problem.sentence)
        } catch {
            throw Fault(.data, "\(error)")
        }
    }
}

extension Hit {
    init(_ hit: ShardHit) {
        self.init(
            score: hit.score, shard: UInt32(hit.shard), passage: UInt32(hit.passage), id: hit.id,
            extra: hit.extra)
    }
}
