// The stages of a search in order: what finds passages, and what ranks those again.

import Protocol

/// `bm25:1000,dense:1000,maxsim:100,cross-encoder:10`: stages of the same kind of work stand
/// first side by side, and their rankings are fused; each stage after them ranks what the one
/// before it has left. The number is how many a stage leaves.
struct SearchPipeline: Equatable {
    enum Kind: String, CaseIterable {
        case bm25, dense, maxsim
        case crossEncoder = "cross-encoder"

        /// Whether it can look at all passages.
        var finds: Bool { self != .crossEncoder }
    }

    struct Stage: Equatable {
        let kind: Kind
        let count: Int
    }

    /// Which look at all passages.
    let first: [Stage]
    let then: [Stage]

    /// Passages that the user gets.
    var top: Int { (then.last ?? first.last)?.count ?? 0 }

    /// - Throws: a `Fault` with code `usage` naming what is wrong.
    init(_ text: String) throws(Fault) {
        var stages: [Stage] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            stages.append(try Self.stage(part.trimmed))
        }
        // The finders at the beginning; the last of several of them may be one that ranks.
        var finders = stages.prefix { $0.kind == .bm25 || $0.kind == .dense }
        if finders.isEmpty { finders = stages.prefix(1) }
        guard let head = finders.first, head.kind.finds else {
            throw Fault(
                .usage,
                "--pipeline \(text) begins with a stage that cannot look at all passages; put "
                    + "bm25:N, dense:N or maxsim:N before it")
        }
        first = Array(finders)
        then = Array(stages.dropFirst(finders.count))
        var left = first.reduce(0) { $0 + $1.count }
        for stage in then {
            guard stage.count <= left else {
                throw Fault(
                    .usage,
                    "--pipeline \(text): \(stage.kind.rawValue) is to leave \(stage.count) of "
                        + "\(left) passages; lower it")
            }
            left = stage.count
        }
    }

    private static func stage(_ text: Substring) throws(Fault) -> Stage {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard let name = parts.first, let kind = Kind(rawValue: String(name)) else {
            throw Fault(
                .usage,
                "--pipeline: the stage \(String(text.prefix(100)).debugDescription) is not known; "
                    + "use " + Kind.allCases.map(\.rawValue).joined(separator: ", "))
        }
        guard parts.count == 2, let count = Int(parts[1]), (1...Limits.hitsMax).contains(count)
        else {
            throw Fault(
                .usage,
                "--pipeline: \(String(text.prefix(100)).debugDescription) needs a number from 1 "
                    + "to \(Limits.hitsMax), as in \(kind.rawValue):100")
        }
        return Stage(kind: kind, count: count)
    }
}

extension Substring {
    fileprivate var trimmed: Substring {
        var part = self
        while part.first == " " { part.removeFirst() }
        while part.last == " " { part.removeLast() }
        return part
    }
}

/// Reciprocal rank fusion (Cormack, Clarke and Büttcher 2009): the sum of 1 / (60 + rank) over the
/// rankings that have a passage.
enum RankFusion {
    private static let constant = 60.0

    static func fuse(_ rankings: [[Hit]]) -> [Hit] {
        if rankings.count == 1 { return rankings[0] }
        var scores: [String: Double] = [:]
        var hits: [String: Hit] = [:]
        for ranking in rankings {
            for (rank, hit) in ranking.enumerated() {
                scores[hit.id, default: 0] += 1 / (constant + Double(rank + 1))
                if hits[hit.id] == nil { hits[hit.id] = hit }
            }
        }
        return hits.values.map { hit in
            var hit = hit
            hit.score = Float(scores[hit.id] ?? 0)
            return hit
        }.sorted { $0.precedes($1) }
    }
}
