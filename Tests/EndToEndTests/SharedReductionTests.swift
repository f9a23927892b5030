// Workers that share a reduction leave the bits that the coordinator leaves, whatever happens.

import Foundation
import Testing

@testable import Processes

extension EndToEnd {
    @Suite(.serialized)
    struct SharedReductionTests {
        private static let flags = [
            "--deterministic", "--partitions", "3", "--words-per-round", "100000", "--epochs", "3",
        ]

        private func train(_ site: Site, _ output: String, _ more: String...) async throws -> Data {
            let text = site.exists("corpus.txt") ? site.path("corpus.txt") : try site.corpus()
            let arguments = Site.training([text], site.path(output)) + Self.flags + more
            let ending = try await Program("sounder", arguments, in: site).ending()
            try #require(ending.code == 0, "\(ending)")
            return try site.bytes(output)
        }

        @Test("one, two and three workers that share the reduction give the coordinator's bits")
        func sameBits() async throws {
            let site = try Site()
            let hub = try await train(site, "h.bin", "--workers", "3", "--reduction", "hub")
            for workers in ["1", "2", "3"] {
                let peer = try await train(
                    site, "p.bin", "--workers", workers, "--reduction", "peer")
                #expect(peer == hub, "\(workers) workers")
            }
            let plain = try await train(
                site, "m.bin", "--workers", "2", "--momentum", "0", "--reduction", "hub")
            #expect(
                try await train(
                    site, "n.bin", "--workers", "2", "--momentum", "0", "--reduction", "peer")
                    == plain)
        }

        @Test("57: a worker killed in mid-round changes no bit of a shared reduction")
        func killedWorker() async throws {
            let site = try Site()
            let flags = ["--deterministic", "--partitions", "3", "--workers", "3", "--json"]
            let training = try await site.longTraining(flags + ["--reduction", "peer"])
            kill(try #require(site.processes("sounder-worker").first), SIGKILL)
            let ending = try await training.ending(within: 120)
            try #require(ending.code == 0, "\(ending)")
            #expect(ending.errors.contains("signal 9"), "\(ending)")
            let killed = try site.bytes("v.bin")
            let calm = try await site.longTraining(flags, output: "w.bin").ending(within: 120)
            try #require(calm.code == 0, "\(calm)")
            #expect(try site.bytes("w.bin") == killed)
            try await site.expectNothingLeft()
        }

        @Test("over TCP, workers fetch from each other under keys that the job hands out")
        func keyed() async throws {
            let site = try Site()
            let hub = try await train(site, "h.bin", "--workers", "2", "--reduction", "hub")
            let cluster = try await KeyedCluster(site)
            _ = try cluster.startWorker("--peer", "tcp://127.0.0.1:*")
            _ = try cluster.startWorker("--peer", "tcp://127.0.0.1:*")
            try await cluster.awaitWorkers(2)
            let peer = try await train(
                site, "p.bin", "--cluster", cluster.address, "--reduction", "peer")
            #expect(peer == hub)
            try await cluster.stop()
        }

        @Test("to share is refused where no worker can be fetched from, and not missed otherwise")
        func refusal() async throws {
            let site = try Site()
            let cluster = try await KeyedCluster(site)
            _ = try cluster.startWorker()
            try await cluster.awaitWorkers(1)
            let arguments =
                Site.training([try site.corpus()], site.path("v.bin")) + Self.flags
                + ["--cluster", cluster.address, "--reduction", "peer"]
            let ending = try await Program("sounder", arguments, in: site).ending()
            #expect(ending.code == 64 && ending.errors.contains("--peer"), "\(ending)")
            _ = try await train(site, "w.bin", "--cluster", cluster.address)
            let open = try await Program(
                "sounder-worker",
                [
                    "--coordinator", "tcp://127.0.0.1:1", "--insecure", "--peer",
                    "tcp://192.0.2.1:9",
                ],
                in: site
            ).ending(within: 10)
            #expect(open.code == 64 && open.errors.contains("192.0.2.1"), "\(open)")
            try await cluster.stop()
        }
    }
}
