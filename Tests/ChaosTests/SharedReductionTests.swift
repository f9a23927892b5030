// Workers die while they share reductions: what only they held is trained again, with the same
// bits.

import Foundation
import Testing

@testable import Processes

extension ProcessChaos {
    @Suite(.serialized)
    struct SharedReductionTests {
        private static let drill = Drill(epochs: 100)

        @Test("57: workers killed while they share reductions cost repeats, and no bit")
        func killed() async throws {
            _ = try await Self.drill.calmResult()
            let fleet = try await Fleet(Site(), workers: 3)
            let training = try fleet.begin(Self.drill, more: ["--reduction", "peer"])
            try await fleet.awaitStage("training", round: 2)
            // Sooner or later one dies that has trained while others reduce.
            var kills = 0
            while training.isRunning, kills < 12,
                !fleet.coordinator.errors.contains("are trained again")
            {
                try await fleet.killWorker(kills % 3)
                try fleet.startWorker(at: kills % 3)
                kills += 1
                try await Task.sleep(for: .milliseconds(300 + 170 * (kills % 5)))
            }
            try await fleet.expectCalmResult(of: training, Self.drill, within: 240)
            #expect(
                fleet.coordinator.errors.contains("are trained again"),
                "\(kills) kills, and none of them in time")
            try await fleet.stop()
        }

        @Test("a worker and the coordinator killed in a job of int8 change no bit")
        func int8() async throws {
            let drill = Drill(epochs: 100, deltas: "int8")
            _ = try await drill.calmResult()
            let fleet = try await Fleet(Site(), workers: 2)
            let training = try fleet.begin(drill, more: ["--reduction", "peer"])
            try await fleet.awaitStage("training", round: 3)
            try await fleet.killWorker(0)
            try fleet.startWorker(at: 0)
            try await Task.sleep(for: .milliseconds(600))
            try await fleet.killCoordinator()
            try fleet.startCoordinator()
            try await fleet.expectCalmResult(of: training, drill, within: 240)
            try await fleet.stop()
        }

        @Test("58: a coordinator killed between two shared reductions goes on with the same bits")
        func coordinator() async throws {
            _ = try await Self.drill.calmResult()
            let fleet = try await Fleet(Site(), workers: 2)
            let training = try fleet.begin(Self.drill, more: ["--reduction", "peer"])
            try await fleet.awaitStage("training", round: 3)
            for _ in 0..<2 {
                try await fleet.killCoordinator()
                try fleet.startCoordinator()
                try await Task.sleep(for: .milliseconds(900))
            }
            try await fleet.expectCalmResult(of: training, Self.drill, within: 240)
            try await fleet.stop()
        }

        @Test(
            "59: a worker that stands still while others wait for its pieces holds nobody up long")
        func stopped() async throws {
            _ = try await Self.drill.calmResult()
            let fleet = try await Fleet(Site(), workers: 3, liveness: 2_000)
            let training = try fleet.begin(Self.drill, more: ["--reduction", "peer"])
            try await fleet.awaitStage("training", round: 2)
            fleet.workers[1].signal(SIGSTOP)
            try await Task.sleep(for: .seconds(6))
            fleet.workers[1].signal(SIGCONT)
            try await fleet.expectCalmResult(of: training, Self.drill, within: 240)
            try await fleet.stop()
        }
    }
}
