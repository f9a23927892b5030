// The same seed and partitions give the same bits, whatever happens to the workers.

import Foundation
@testable import Processes
import Testing

extension EndToEnd {
    @Suite(.serialized)
    struct DeterminismTests {
        private static let flags = [
            "--deterministic", "--partitions", "3", "--words-per-round", "100000", "--epochs", "3",
        ]

        private func train(_ site: Site, _ output: String, _ more: String...) async throws -> Data {
            let arguments =
                Site.training([try site.corpus()], site.path(output)) + Self.flags + more
            let ending = try await Program("sounder", arguments, in: site).ending()
            try #require(ending.code == 0, "\(ending)")
            return try site.bytes(output)
        }

        @Test("one, two and three workers give the same bits, another seed gives others")
        func numberOfWorkers() async throws {
            let site = try Site()
            let one = try await train(site, "1.bin", "--workers", "1")
            #expect(try await train(site, "2.bin", "--workers", "2", "--threads", "1") == one)
            #expect(try await train(site, "3.bin", "--workers", "3", "--threads", "2") == one)
            #expect(try await train(site, "s.bin", "--workers", "2", "--seed", "2") != one)
        }

        @Test("text that is fetched over the wire gives the same bits as text read in place")
        func fetchedText() async throws {
            let site = try Site()
            let expected = try await train(site, "1.bin")
            let cluster = try await StandingCluster(site, workers: 2, workerFlags: ["--fetch-text"])
            #expect(try await train(site, "2.bin", "--cluster", cluster.address) == expected)
            try await cluster.stop()
        }

        @Test("a worker killed in mid-round changes no bit")
        func killedWorker() async throws {
            let site = try Site()
            let flags = ["--deterministic", "--partitions", "2", "--workers", "2", "--json"]
            let training = try await site.longTraining(flags)
            kill(try #require(site.processes("sounder-worker").first), SIGKILL)
            let ending = try await training.ending(within: 180)
            try #require(ending.code == 0, "\(ending)")
            #expect(try #require(ending.number("retries")) >= 1)
            #expect(ending.errors.contains("signal 9"), "\(ending)")
            let killed = try site.bytes("v.bin")
            let calm = try await site.longTraining(flags, output: "w.bin").ending(within: 180)
            try #require(calm.code == 0, "\(calm)")
            #expect(calm.number("retries") == 0)
            #expect(try site.bytes("w.bin") == killed)
            try await site.expectNothingLeft()
        }
    }
}
