// Trains centroids in two levels: coarse ones, then those of every group by itself.

import Synchronization
import Tensors

/// Spherical k-means (Dhillon and Modha 2001) on a sample. Groups are split independently, which
/// takes tokens x sqrt(centroids) products instead of tokens x centroids. The result depends on
/// the sample and the seed, not on the number of threads.
public struct CentroidTraining: Sendable {
    public var seed: UInt64
    /// Rounds of each level; PLAID takes 4.
    public var rounds = 4
    public var threads: Int

    public init(seed: UInt64 = 0, threads: Int = 1) {
        self.seed = seed
        self.threads = threads
    }

    /// - Parameters:
    ///   - tokens: `[sample, dimension]`; directions count, lengths do not.
    ///   - count: centroids wanted; fewer come out when the sample has fewer tokens.
    /// - Throws: `.tooFewTokens`, `.dimension`.
    public func train(_ tokens: TokenMatrix, count: Int) throws(RetrievalError) -> Centroids {
        let tokens = tokens.normalised()
        guard tokens.count > 0 else { throw .tooFewTokens(found: tokens.count) }
        let count = min(count, Centroids.countMax, tokens.count)
        precondition(count >= 1, "\(count) centroids")
        let groups = 1 << ((Int.bitWidth - 1 - count.leadingZeroBitCount) / 2)
        return tokens.values.withUnsafeBufferPointer { values in
            guard let base = values.baseAddress else { preconditionFailure("no tokens") }
            nonisolated(unsafe) let rows = base
            return train(
                rows, sample: tokens.count, dimension: tokens.dimension, count: count,
                groups: groups)
        }
    }

    private func train(
        _ rows: UnsafePointer<Float>, sample: Int, dimension: Int, count: Int, groups: Int
    ) -> Centroids {
        var coarse = KMeans(dimension: dimension, seed: seed, rounds: rounds + 2)
        // so many tell the groups apart; every token is then given to one
        let step = max(1, sample / (groups * 256))
        coarse.train(
            (0..<sample / step).map { $0 * step }, of: rows, count: groups, threads: threads)
        let all = coarse.assign(Array(0..<sample), of: rows, threads: threads)
        var members = [[Int]](repeating: [], count: coarse.count)
        for (token, group) in all.enumerated() { members[Int(group)].append(token) }
        let used = members.indices.filter { !members[$0].isEmpty }
        let shares = Self.share(count, among: used.map { members[$0].count })
        let parts = split(rows, dimension, used.map { members[$0] }, shares)
        var ends: [Int] = []
        for part in parts { ends.append((ends.last ?? 0) + part.count / dimension) }
        return Centroids(
            dimension: dimension, values: parts.flatMap { $0 },
            coarse: used.flatMap {
                coarse.centroids[$0 * dimension..<($0 + 1) * dimension]
            }, ends: ends)
    }

    /// Trains the centroids of every group, whichever thread is free.
    private func split(
        _ rows: UnsafePointer<Float>, _ dimension: Int, _ members: [[Int]], _ shares: [Int]
    ) -> [[Float]] {
        let next = Atomic(0)
        nonisolated(unsafe) let rows = rows
        let pieces = Parallel.map(count: threads, threads: threads) { _ -> [(Int, [Float])] in
            var done: [(Int, [Float])] = []
            while true {
                let group = next.add(1, ordering: .relaxed).oldValue
                guard group < members.count else { return done }
                var fine = KMeans(
                    dimension: dimension, seed: SplitMix.derive(seed, UInt64(group) + 1),
                    rounds: rounds)
                fine.train(members[group], of: rows, count: shares[group], threads: 1)
                done.append((group, fine.centroids))
            }
        }
        return pieces.flatMap { $0 }.sorted { $0.0 < $1.0 }.map(\.1)
    }

    /// `count` in proportion to `sizes`, at least 1 and at most its size each.
    static func share(_ count: Int, among sizes: [Int]) -> [Int] {
        let total = sizes.reduce(0, +)
        var shares = sizes.map { max(1, min($0, $0 * count / max(total, 1))) }
        var left = count - shares.reduce(0, +)
        let order = sizes.indices.sorted { (sizes[$0], $1) > (sizes[$1], $0) }
        while left > 0 {
            let before = left
            for index in order where left > 0 && shares[index] < sizes[index] {
                shares[index] += 1
                left -= 1
            }
            if left == before { break }
        }
        while left < 0 {
            for index in order where left < 0 && shares[index] > 1 {
                shares[index] -= 1
                left += 1
            }
            if shares.allSatisfy({ $0 == 1 }) { break }
        }
        return shares
    }
}
