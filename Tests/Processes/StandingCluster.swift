// A coordinator and workers started by hand, as an operator of several machines does.

import Foundation
import Testing

final class StandingCluster {
    let site: Site
    let address: String
    let coordinator: Program
    private(set) var workers: [Program] = []

    /// - Parameters:
    ///   - liveness: silence after which a worker counts as lost, in milliseconds.
    ///   - present: workers of an earlier life of the coordinator, which come by themselves.
    init(
        _ site: Site, workers: Int, present: Int = 0, liveness: Int = 1_000,
        workerFlags: [String] = []
    ) async throws {
        self.site = site
        address = "ipc://\(site.path("control"))"
        coordinator = try Program(
            "sounder-coordinator",
            ["--listen", address, "--state", site.path("state"), "--liveness", "\(liveness)"],
            in: site)
        for _ in 0..<workers { try startWorker(workerFlags) }
        let are = try await eventually(within: 20) {
            try await self.presentWorkers() == workers + present
        }
        try #require(are, "\(coordinator.errors)")
    }

    func startWorker(_ flags: [String] = []) throws {
        workers.append(
            try Program(
                "sounder-worker", ["--coordinator", address, "--threads", "1"] + flags, in: site))
    }

    private func presentWorkers() async throws -> Int {
        let status = try await site.sounder("status", "--json", "--cluster", address)
        return (status.json["workers"] as? [Any])?.count ?? 0
    }

    /// Runs a command of `sounder` on this cluster.
    func sounder(_ arguments: String..., within seconds: Double = 30) async throws -> Ending {
        try await Program("sounder", arguments + ["--cluster", address], in: site)
            .ending(within: seconds)
    }

    /// The fields that `sounder status JOB --json` tells.
    func status(of job: String) async throws -> [String: Any] {
        try await sounder("status", job, "--json").json
    }

    /// Drains everything; the programs must end by themselves and leave nothing.
    func stop() async throws {
        for worker in workers where worker.isRunning { worker.signal(SIGTERM) }
        for worker in workers { _ = try await worker.ending(within: 10) }
        coordinator.signal(SIGTERM)
        #expect(try await coordinator.ending(within: 10).code == 0, "\(coordinator.errors)")
        try await site.expectNothingLeft()
    }
}
