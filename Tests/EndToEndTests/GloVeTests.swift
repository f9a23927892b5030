// GloVe from a command to a file of vectors, whatever happens to workers and coordinator.

import Foundation
import TestSupport
import Testing

@testable import Processes

extension EndToEnd {
    @Suite(.serialized)
    struct GloVeTests {
        private func arguments(_ site: Site, _ output: String, _ more: [String]) throws -> [String]
        {
            [
                "train", "glove", "--input", try site.corpus(), "--output", site.path(output),
                "--dim", "16", "--quiet", "--json",
            ] + more
        }

        private func train(
            _ site: Site, _ output: String, _ more: String...
        ) async throws -> Ending {
            let ending = try await Program(
                "sounder", try arguments(site, output, more), in: site
            ).ending(within: 180)
            try #require(ending.code == 0, "\(ending)")
            return ending
        }

        @Test("a megabyte trains from command to file, and the report has its figures")
        func megabyte() async throws {
            let site = try Site()
            let ending = try await train(site, "v.bin", "--epochs", "3")
            for key in [
                "pairs", "updates", "updatesPerSecond", "loss", "secondsPairing", "rounds",
                "skipped", "vocabulary", "bytesSent", "retries",
            ] {
                #expect(ending.json[key] != nil, "\(key) is missing")
            }
            let pairs = try #require(ending.number("pairs"))
            #expect(try #require(ending.number("updates")) > 5 * pairs)
            #expect(ending.number("skipped") == 0)
            #expect(ending.number("dimension") == 16)
            let vocabulary = try #require(ending.number("vocabulary"))
            let file = try site.bytes("v.bin")
            #expect(file.starts(with: Data("\(Int(vocabulary)) 16\nthe ".utf8)))
            let longer = try await train(site, "w.bin", "--epochs", "12")
            #expect(try #require(longer.number("loss")) < (try #require(ending.number("loss"))))
            try await site.expectNothingLeft()
        }

        @Test("one, two and three workers with any memory give the same bits, another seed others")
        func determinism() async throws {
            let site = try Site()
            func bits(_ output: String, _ more: String...) async throws -> Data {
                let flags = ["--deterministic", "--partitions", "3", "--epochs", "2"] + more
                let ending = try await Program(
                    "sounder", try arguments(site, output, flags), in: site
                ).ending(within: 180)
                try #require(ending.code == 0, "\(ending)")
                #expect(ending.number("partitions") == 3)
                return try site.bytes(output)
            }
            let one = try await bits("1.bin", "--workers", "1")
            #expect(try await bits("2.bin", "--workers", "2", "--memory", "16") == one)
            #expect(try await bits("3.bin", "--workers", "3", "--threads", "2") == one)
            #expect(try await bits("s.bin", "--workers", "2", "--seed", "2") != one)
        }

        @Test("words and contexts come apart, and their sum is the default")
        func outputs() async throws {
            let site = try Site()
            let flags = ["--epochs", "1", "--deterministic", "--format", "npy"]
            _ = try await train(site, "sum.npy", flags[0], flags[1], flags[2], flags[3], flags[4])
            _ = try await train(
                site, "w.npy", flags[0], flags[1], flags[2], flags[3], flags[4], "--vectors",
                "words", "--output-vectors", site.path("c.npy"))
            let script = """
                import sys, numpy as n
                s, w, c = (n.load(p) for p in sys.argv[1:4])
                print(n.array_equal(s, w + c), n.array_equal(w, c))
                """
            let answer = try Python.run(
                script, ["sum.npy", "w.npy", "c.npy"].map { site.path($0) })
            #expect(answer.trimmingCharacters(in: .newlines) == "True False")
        }

        @Test("11: a coordinator killed while it trains goes on, and no bit changes")
        func killedCoordinator() async throws {
            let site = try Site()
            let flags = ["--deterministic", "--partitions", "2", "--epochs", "100"]
            let cluster = try await StandingCluster(site, workers: 2)
            let training = try site.start(
                try arguments(site, "v.bin", flags + ["--cluster", cluster.address]))
            let began = try await eventually(within: 30) {
                guard training.isRunning else { return true }
                return try await site.isTraining(at: cluster.address)
            }
            try #require(began && training.isRunning, "\(training.errors)")
            cluster.coordinator.signal(SIGKILL)
            _ = try await cluster.coordinator.ending(within: 5)
            let next = try await StandingCluster(site, workers: 0, present: 2)
            let ending = try await training.ending(within: 120)
            try #require(ending.code == 0, "\(ending)")
            let calm = try await next.sounder(
                "train", "glove", "--input", site.path("corpus.txt"), "--output",
                site.path("w.bin"), "--dim", "16", "--quiet", "--deterministic", "--partitions",
                "2", "--epochs", "100", within: 120)
            try #require(calm.code == 0, "\(calm)")
            #expect(try site.bytes("v.bin") == (try site.bytes("w.bin")))
            for worker in cluster.workers { worker.signal(SIGTERM) }
            for worker in cluster.workers { _ = try await worker.ending(within: 10) }
            try await next.stop()
        }

        @Test("a text of lonely words is refused by name")
        func lonely() async throws {
            let site = try Site()
            let path = try site.write(Data("a\nb\na\nb\n".utf8), to: "text.txt")
            let ending = try await site.sounder(
                "train", "glove", "--input", path, "--output", site.path("v.bin"),
                "--min-count", "1", "--quiet")
            try await site.expect(ending, fails: 65, saying: "window", besides: ["text.txt"])
        }
    }
}
