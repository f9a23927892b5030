// Workers that come and go between rounds, and one that is slow: what training makes of them.

import Foundation
import Testing

@testable import Processes

extension EndToEnd {
    @Suite(.serialized)
    struct ElasticTests {
        private static let flags = ["--deterministic", "--partitions", "6"]

        private func unitsDone(_ cluster: StandingCluster) async throws -> [String: Int] {
            let status = try await cluster.sounder("status", "--json")
            let workers = status.json["workers"] as? [[String: Any]] ?? []
            return Dictionary(
                uniqueKeysWithValues: workers.compactMap { worker in
                    guard let name = worker["worker"] as? String,
                        let done = worker["unitsDone"] as? NSNumber
                    else { return nil }
                    return (name, done.intValue)
                })
        }

        @Test(
            "a job of more partitions than workers has work for newcomers, and no bit changes",
            arguments: ["hub", "peer"])
        func growth(reduction: String) async throws {
            let site = try Site()
            let flags = Self.flags + ["--reduction", reduction]
            let calm = try await site.longTraining(
                flags + ["--workers", "2"], output: "w.bin"
            ).ending(within: 120)
            try #require(calm.code == 0, "\(calm)")
            let cluster = try await StandingCluster(site, workers: 1)
            let training = try await site.longTraining(flags + ["--cluster", cluster.address])
            try cluster.startWorker()
            try cluster.startWorker()
            // The first one leaves in good order, with what only it held.
            let joined = try await eventually(within: 30) {
                try await self.unitsDone(cluster).values.filter { $0 > 0 }.count == 3
            }
            let units = try await unitsDone(cluster)
            #expect(joined, "\(units)")
            cluster.workers[0].signal(SIGTERM)
            let ending = try await training.ending(within: 180)
            try #require(ending.code == 0, "\(ending)\(cluster.coordinator.errors)")
            #expect(try site.bytes("v.bin") == site.bytes("w.bin"))
            try await cluster.stop()
        }

        @Test(
            "of several partitions a worker at a tenth of the speed trains fewer than the others")
        func slowWorker() async throws {
            let site = try Site()
            let cluster = try await StandingCluster(site, workers: 3, liveness: 5_000)
            let slow = cluster.workers[0]
            let training = try await site.longTraining(
                [
                    "--deterministic", "--partitions", "12", "--cluster", cluster.address,
                ])
            let identifier = slow.identifier
            let brake = Task {
                while !Task.isCancelled {
                    kill(identifier, SIGSTOP)
                    try? await Task.sleep(for: .milliseconds(90))
                    kill(identifier, SIGCONT)
                    try? await Task.sleep(for: .milliseconds(10))
                }
            }
            let ending = try await training.ending(within: 240)
            let done = try await unitsDone(cluster).values.sorted()
            brake.cancel()
            _ = await brake.value
            slow.signal(SIGCONT)
            try #require(ending.code == 0, "\(ending)")
            #expect(done.count == 3 && done[0] * 3 < done[1] * 2, "\(done)")
            try await cluster.stop()
        }
    }
}
