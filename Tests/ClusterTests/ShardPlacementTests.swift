// Where the shards of an index are kept.

import Protocol
import Testing

@testable import Cluster

@Suite("Placement of shards")
struct ShardPlacementTests {
    private func place(_ shards: Int, on workers: Int, replicas: Int = 2) -> [[WorkerID]] {
        ShardPlacement.holders(
            of: "/index", shards: shards, on: (0..<workers).map { WorkerID("w\($0)") },
            replicas: replicas)
    }

    @Test("every shard has as many different holders as it shall, and nobody has more than a share")
    func balanced() {
        for workers in 1...9 {
            for shards in [1, 2, 7, 16, 64] {
                let holders = place(shards, on: workers, replicas: 3)
                #expect(holders.allSatisfy { Set($0).count == min(3, workers) })
                let firsts = Dictionary(grouping: holders.map { $0[0] }) { $0 }.mapValues(\.count)
                #expect(firsts.values.max() ?? 0 <= (shards + workers - 1) / workers)
            }
        }
    }

    @Test("it does not depend on the order in which the workers came")
    func order() {
        let names = (0..<5).map { WorkerID("w\($0)") }
        let one = ShardPlacement.holders(of: "/i", shards: 9, on: names, replicas: 2)
        let other = ShardPlacement.holders(of: "/i", shards: 9, on: names.reversed(), replicas: 2)
        #expect(one == other)
    }

    @Test("a worker that leaves moves few of the others' shards")
    func stable() {
        let before = place(64, on: 8).map { $0[0] }
        let after = place(64, on: 7).map { $0[0] }
        let moved = zip(before, after).count { $0 != $1 && $0 != WorkerID("w7") }
        #expect(moved <= 24, "\(moved) of 56")
    }
}
