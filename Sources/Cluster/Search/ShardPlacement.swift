// Which workers keep which shard of an index at hand: a function of their names and nothing else.

import Protocol

/// Rendezvous hashing (Thaler and Ravishankar 1998) with a bound on the load: a worker that comes
/// or goes moves few shards, and no worker has more than its share.
enum ShardPlacement {
    /// - Parameter workers: in any order.
    /// - Returns: for each shard as many holders as `replicas`, or as there are workers; the first
    ///   is the one to ask.
    static func holders(
        of path: String, shards: Int, on workers: [WorkerID], replicas: Int
    ) -> [[WorkerID]] {
        guard !workers.isEmpty else { return Array(repeating: [], count: shards) }
        let workers = workers.sorted()
        let share = (shards + workers.count - 1) / workers.count
        let hashes = workers.map { hash($0.text, from: hash(path, from: offset)) }
        var holders = [[Int]](repeating: [], count: shards)
        for _ in 0..<min(replicas, workers.count) {
            var loads = [Int](repeating: 0, count: workers.count)
            for shard in 0..<shards {
                let free = workers.indices.filter { !holders[shard].contains($0) }
                // Where all that have room hold it already, one takes more than its share.
                let open = free.filter { loads[$0] < share }
                let best = (open.isEmpty ? free : open).max { left, right in
                    let (a, b) = (mixed(hashes[left], shard), mixed(hashes[right], shard))
                    return a == b ? left > right : a < b
                }
                guard let best else { continue }
                holders[shard].append(best)
                loads[best] += 1
            }
        }
        return holders.map { $0.map { workers[$0] } }
    }

    private static let offset: UInt64 = 0xcbf2_9ce4_8422_2325

    /// FNV-1a of the bytes.
    private static func hash(_ text: String, from start: UInt64) -> UInt64 {
        text.utf8.reduce(start) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    }

    private static func mixed(_ hash: UInt64, _ shard: Int) -> UInt64 {
        var generator = SeededGenerator(seed: hash ^ UInt64(shard) &* 0x9E37_79B9_7F4A_7C15)
        return generator.next()
    }
}

/// Holders that were found already, for workers that are still the same.
struct KnownPlacements: Sendable {
    private struct Wanted: Hashable {
        let path: String
        let shards: Int
        let replicas: Int
    }

    private var known: [Wanted: [[WorkerID]]] = [:]
    private static let knownMax = 64

    mutating func holders(for search: Search, on workers: [WorkerID]) -> [[WorkerID]] {
        let wanted = Wanted(
            path: search.index.path, shards: search.index.shards.count, replicas: search.replicas)
        if let found = known[wanted] { return found }
        let holders = ShardPlacement.holders(
            of: wanted.path, shards: wanted.shards, on: workers, replicas: wanted.replicas)
        if known.count >= Self.knownMax { known = [:] }
        known[wanted] = holders
        return holders
    }
}
