// Indexes on a standing cluster: workers killed while one is built, frozen and killed while it is
// searched.

import Foundation
import Testing

@testable import Processes

extension EndToEnd {
    @Suite(.serialized)
    struct IndexClusterTests {
        @Test("killed workers and a killed coordinator change no byte of the index")
        func killed() async throws {
            let site = try Site()
            let input = try site.documents(12_000)
            let expected = try await site.buildIndex([input], "undisturbed")
            try #require(expected.code == 0, "\(expected)")
            let cluster = try await StandingCluster(site, workers: 2)
            let building = try site.start(
                site.indexing([input]) + ["--cluster", cluster.address])
            for stage in ["sampling", "indexing"] {
                let began = try await eventually(within: 30) {
                    let jobs = try await cluster.sounder("jobs", "--json").json["jobs"]
                    let job = (jobs as? [[String: Any]])?.first
                    return job?["stage"] as? String == stage
                        && job?["unitsDone"] as? Int ?? 0 >= 2
                }
                try #require(began && building.isRunning, "\(stage): \(building.errors)")
                cluster.workers[stage == "sampling" ? 0 : 1].signal(SIGKILL)
                try cluster.startWorker()
            }
            cluster.coordinator.signal(SIGKILL)
            _ = try await cluster.coordinator.ending()
            let again = try await StandingCluster(site, workers: 0, present: 2)
            let ending = try await building.ending(within: 180)
            try #require(ending.code == 0, "\(ending)")
            #expect(
                try site.indexContent("docs.index") == site.indexContent("undisturbed"))
            for worker in cluster.workers where worker.isRunning {
                worker.signal(SIGTERM)
                _ = try await worker.ending(within: 10)
            }
            again.coordinator.signal(SIGTERM)
            _ = try await again.coordinator.ending(within: 10)
        }

        @Test("a frozen worker's shards are answered by replicas, without them it is a plain error")
        func frozen() async throws {
            let site = try Site()
            try #require(
                try await site.buildIndex(
                    [site.documents(400)], "docs.index", "--segment-passages", "50"
                ).code == 0)
            let cluster = try await StandingCluster(site, workers: 3)
            func ask(_ more: String...) async throws -> Ending { try await ask(more) }
            func ask(_ more: [String]) async throws -> Ending {
                try await Program(
                    "sounder",
                    [
                        "search", "--index", site.path("docs.index"), "--json", "--quiet",
                        "--cluster", cluster.address, "wild hog",
                    ] + more, in: site
                ).ending(within: 20)
            }
            let healthy = try await ask()
            try #require(healthy.code == 0, "\(healthy)")
            cluster.workers[0].signal(SIGSTOP)
            defer { cluster.workers[0].signal(SIGCONT) }
            let alone = try await ask("--replicas", "1", "--deadline", "200")
            #expect(alone.code == 75 && alone.errors.contains("200 ms"), "\(alone)")
            cluster.workers[0].signal(SIGCONT)
            let back = try await ask("--replicas", "1")
            #expect(back.code == 0 && back.hits == healthy.hits, "\(back)")
            cluster.workers[0].signal(SIGSTOP)
            let served = try await ask("--deadline", "900")
            #expect(served.code == 0 && served.hits == healthy.hits, "\(served)")
            cluster.workers[0].signal(SIGCONT)
            _ = try await ask()
            cluster.workers[0].signal(SIGSTOP)
            let partial = try await ask("--replicas", "1", "--partial", "--deadline", "200")
            let missing = partial.json["missingShards"] as? [Int] ?? []
            #expect(partial.code == 0 && !missing.isEmpty, "\(partial)")
            // The first stage waits for the frozen worker until nothing is left for the second.
            let stages = ["--replicas", "1", "--pipeline", "bm25:20,maxsim:5", "--deadline", "700"]
            let late = try await ask(stages)
            #expect(late.code == 75 && late.errors.contains("700 ms"), "\(late)")
            let staged = try await ask(stages + ["--partial"])
            let took = try #require(staged.number("milliseconds"), "\(staged)")
            #expect(staged.code == 0 && staged.hits.count == 5 && took < 1_300, "\(staged)")
            cluster.workers[0].signal(SIGCONT)
            try await cluster.stop()
        }

        @Test(
            "a lost worker's shards are searched elsewhere, and a worker that sees no files fetches"
        )
        func lost() async throws {
            let site = try Site()
            try #require(
                try await site.buildIndex(
                    [site.documents(300)], "docs.index", "--segment-passages", "50"
                ).code == 0)
            let cluster = try await StandingCluster(
                site, workers: 2, workerFlags: ["--fetch-text", "--cache", site.path("cache")])
            func ask() async throws -> Ending {
                try await Program(
                    "sounder",
                    [
                        "search", "--index", site.path("docs.index"), "--json", "--quiet",
                        "--cluster", cluster.address, "--replicas", "1", "wild hog",
                    ], in: site
                ).ending(within: 20)
            }
            let first = try await ask()
            try #require(first.code == 0, "\(first)")
            cluster.workers[0].signal(SIGKILL)
            let found = try await eventually(within: 20) {
                let again = try await ask()
                return again.code == 0 && again.hits == first.hits
            }
            #expect(found)
            try await cluster.stop()
        }
    }
}
