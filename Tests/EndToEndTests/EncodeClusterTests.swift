// Jobs that encode on a standing cluster: killed, taken up, fetched, one model after the other.

import Foundation
import Testing

@testable import Processes

extension EndToEnd {
    @Suite(.serialized)
    struct EncodeClusterTests {
        private static let many = 30_000

        /// What an undisturbed run leaves.
        private func undisturbed(_ site: Site, _ input: String) async throws -> [String: Data] {
            let ending = try await site.encode([input], "undisturbed", "--shard-rows", "7000")
            try #require(ending.code == 0, "\(ending)")
            return try site.content(of: "undisturbed")
        }

        private func beginEncoding(
            _ site: Site, _ cluster: StandingCluster, _ input: String
        ) async throws -> Program {
            let program = try site.start(
                site.encoding([input]) + ["--shard-rows", "7000", "--cluster", cluster.address])
            let began = try await eventually(within: 20) {
                let jobs = try await cluster.sounder("jobs", "--json").json["jobs"]
                let job = (jobs as? [[String: Any]])?.first
                return (job?["unitsDone"] as? Int ?? 0) >= 3
                    && job?["stage"] as? String == "embedding"
            }
            try #require(began && program.isRunning, "\(program.errors)")
            return program
        }

        @Test("killed workers and a killed coordinator change no byte of the result")
        func killed() async throws {
            let site = try Site()
            let input = try site.documents(Self.many)
            let expected = try await undisturbed(site, input)
            let cluster = try await StandingCluster(site, workers: 2)
            let encoding = try await beginEncoding(site, cluster, input)
            cluster.workers[0].signal(SIGKILL)
            try cluster.startWorker()
            cluster.coordinator.signal(SIGKILL)
            _ = try await cluster.coordinator.ending()
            let again = try await StandingCluster(site, workers: 0, present: 2)
            // What a worker lost while there was no coordinator is no retry in its eyes.
            #expect(encoding.isRunning)
            cluster.workers[1].signal(SIGKILL)
            let ending = try await encoding.ending(within: 180)
            try #require(ending.code == 0, "\(ending)")
            #expect(try site.content(of: "encoded") == expected)
            cluster.workers[2].signal(SIGTERM)
            _ = try await cluster.workers[2].ending(within: 10)
            again.coordinator.signal(SIGTERM)
            _ = try await again.coordinator.ending(within: 10)
        }

        @Test("a worker that does not see the files fetches text and model, once")
        func fetching() async throws {
            let site = try Site()
            let input = try site.documents(2_000)
            let expected = try await site.encode([input], "expected")
            try #require(expected.code == 0, "\(expected)")
            let cluster = try await StandingCluster(
                site, workers: 1, workerFlags: ["--fetch-text", "--cache", site.path("cache")])
            let ending = try await site.encode([input], "encoded", "--cluster", cluster.address)
            try #require(ending.code == 0, "\(ending)")
            #expect(try site.content(of: "encoded") == site.content(of: "expected"))
            let received = try #require(ending.number("bytesSent"))
            let once = try await site.encode([input], "again", "--cluster", cluster.address)
            let model = 130_040.0
            #expect(try #require(once.number("bytesSent")) <= received - model)
            try await cluster.stop()
        }

        @Test("a finished job is listed and fetched again, also after a restart")
        func fetchedAgain() async throws {
            let site = try Site()
            let cluster = try await StandingCluster(site, workers: 1)
            let ending = try await site.encode(
                [site.documents(300)], "encoded", "--cluster", cluster.address,
                "--shard-rows", "100")
            let job = try #require(ending.json["job"] as? String, "\(ending)")
            let jobs = try await cluster.sounder("jobs")
            #expect(jobs.output.contains("encode") && jobs.output.contains("finished"), "\(jobs)")
            cluster.coordinator.signal(SIGKILL)
            _ = try await cluster.coordinator.ending()
            let again = try await StandingCluster(site, workers: 0, present: 1)
            let fetched = try await again.sounder("fetch", job, "--output", site.path("fetched"))
            #expect(fetched.code == 0, "\(fetched)")
            #expect(try site.content(of: "fetched") == site.content(of: "encoded"))
            // A file that was damaged meanwhile is fetched anew.
            _ = try site.write("nonsense", to: "fetched/ids-00001.txt")
            let mended = try await again.sounder("fetch", job, "--output", site.path("fetched"))
            #expect(mended.code == 0, "\(mended)")
            #expect(try site.content(of: "fetched") == site.content(of: "encoded"))
            cluster.workers[0].signal(SIGTERM)
            _ = try await cluster.workers[0].ending(within: 10)
            try await again.stop()
        }

        @Test("jobs of several models run on one cluster, one after the other")
        func severalModels() async throws {
            let site = try Site()
            let input = try site.documents(400)
            let cluster = try await StandingCluster(site, workers: 2)
            let copy = try site.copiedModel()
            var running: [Program] = []
            for (index, model) in [Site.tinyModel, copy, Site.tinyModel].enumerated() {
                let more = ["--cluster", cluster.address, "--dimension", "\(8 + 8 * index)"]
                running.append(
                    try site.start(site.encoding([input], "out\(index)", model: model) + more))
            }
            for (index, program) in running.enumerated() {
                let ending = try await program.ending(within: 180)
                #expect(ending.code == 0, "\(ending)")
                #expect(ending.number("dimension") == Double(8 + 8 * index))
            }
            try await cluster.stop()
        }

        @Test("a model that changed since its job was submitted is refused")
        func changedModel() async throws {
            let site = try Site()
            let input = try site.documents(10)
            let copy = try site.copiedModel()
            let cluster = try await StandingCluster(site, workers: 0)
            let encoding = try site.start(
                site.encoding([input], model: copy) + ["--cluster", cluster.address])
            let came = try await eventually(within: 10) {
                let jobs = try await cluster.sounder("jobs", "--json").json["jobs"]
                return (jobs as? [Any])?.count == 1
            }
            try #require(came)
            _ = try site.write("{}", to: "model/config.json")
            try cluster.startWorker()
            let ending = try await encoding.ending(within: 20)
            #expect(
                ending.code == 66 && ending.errors.contains("config.json has changed"), "\(ending)")
            #expect(!site.exists("encoded"))
            try await cluster.stop()
        }
    }
}
