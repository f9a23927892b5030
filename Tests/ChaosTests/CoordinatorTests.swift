// Coordinators that stand still, come twice, or come from an old copy of their state.

import Foundation
import Testing

@testable import Processes

extension ProcessChaos {
    @Suite(.serialized)
    struct CoordinatorTests {
        @Test(
            "13: a coordinator that stood still finds its work as it was, and clients tell of it"
        )
        func stopped() async throws {
            let drill = Drill(epochs: 100)
            _ = try await drill.calmResult()
            let fleet = try await Fleet(Site(), workers: 2, liveness: 1_000)
            let training = try fleet.begin(drill)
            let job = try await fleet.awaitStage("training", round: 2)
            fleet.coordinator.signal(SIGSTOP)
            try await Task.sleep(for: .seconds(8))
            fleet.coordinator.signal(SIGCONT)
            try await fleet.expectCalmResult(of: training, drill)
            let told = training.errors.split(separator: "\n").filter { $0.contains("answer") }
            #expect(told.count == 2, "\(training.errors)")
            #expect(told.first?.contains("has not answered for 5 s; trying on") == true)
            #expect(told.last?.contains("answers again after ") == true, "\(training.errors)")
            let status = try await fleet.status(of: job)
            #expect(status["retries"] as? Int == 0, "\(status)")
            try await fleet.stop()
        }

        @Test("14: a second coordinator of one state directory is refused, the first one goes on")
        func twice() async throws {
            let site = try Site()
            let fleet = try await Fleet(site, workers: 0)
            let second = try await Program(
                "sounder-coordinator",
                ["--listen", "ipc://\(site.path("other"))", "--state", site.path("state")],
                in: site
            ).ending(within: 10)
            #expect(second.code == 75, "\(second)")
            #expect(second.errors.contains(site.path("state")), "\(second)")
            #expect(second.errors.contains("in use by another coordinator"), "\(second)")
            #expect(try await fleet.sounder("jobs").code == 0)
            try await fleet.stop()
        }

        @Test("12: workers compute on while the coordinator is away, and hand in what they did")
        func handIn() async throws {
            let site = try Site()
            let text = Corpora.megabytes(40)
            _ = try site.write(text, to: "corpus.txt")
            let fleet = try await Fleet(site, workers: 1, liveness: 60_000)
            // So many epochs that it is cancelled before it ends, however fast the machine is.
            let training = try fleet.begin(Drill(epochs: 50, dimension: 4))
            let job = try await fleet.awaitStage("counting")
            fleet.workers[0].signal(SIGSTOP)
            try await fleet.killCoordinator()
            try fleet.startCoordinator()
            fleet.workers[0].signal(SIGCONT)
            try await fleet.awaitStage("training")
            let status = try await fleet.status(of: job)
            #expect(status["retries"] as? Int == 0, "\(status)")
            let log = try await fleet.log(of: job)
            #expect(log.components(separatedBy: "counting: round 1 of 1").count == 2, "\(log)")
            #expect(try await fleet.sounder("cancel", job).code == 0)
            #expect(try await training.ending(within: 10).code == 130)
            try await fleet.stop()
        }

        @Test("15: workers refuse a coordinator that runs from an old copy of its state")
        func oldCopy() async throws {
            let site = try Site()
            let fleet = try await Fleet(site, workers: 1)
            try await fleet.killCoordinator(SIGTERM)
            let copied = try await Program(
                "/usr/bin/env", ["cp", "-a", site.path("state"), site.path("copy")], in: site
            ).ending()
            #expect(copied.code == 0, "\(copied)")
            for _ in 0..<2 {
                try fleet.startCoordinator()
                try await fleet.awaitWorkers(1)
                try await fleet.killCoordinator(SIGTERM)
            }
            for command in [["rm", "-r", "state"], ["mv", "copy", "state"]] {
                _ = try await Program(
                    "/usr/bin/env",
                    command.map { ["copy", "state"].contains($0) ? site.path($0) : $0 }, in: site
                ).ending()
            }
            try fleet.startCoordinator()
            let ending = try await fleet.workers[0].ending(within: 15)
            #expect(ending.code == 78, "\(ending)")
            #expect(ending.errors.contains("old copy of its state"), "\(ending)")
            try await fleet.stop()
        }
    }
}
