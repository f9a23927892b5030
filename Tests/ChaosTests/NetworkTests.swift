// Links between a worker and its coordinator that fall silent, in one direction or in both.

import Foundation
import Testing

@testable import Processes

extension NetworkChaos {
    @Suite(.serialized)
    struct NetworkTests {
        private struct Scene {
            let drill: Drill
            let fleet: Fleet
            let link: FaultProxy
            let training: Program
            let job: String
        }

        /// One worker behind the proxy, one that nothing disturbs, and a job in the middle.
        private func begun(liveness: Int) async throws -> Scene {
            let drill = try await Drill.lasting(12)
            _ = try await drill.calmResult()
            let fleet = try await Fleet(Site(), .proxied, workers: 1, liveness: liveness)
            let link = try #require(fleet.proxy)
            try fleet.startWorker(isDirect: true)
            try await fleet.awaitWorkers(2)
            let training = try fleet.begin(drill)
            let job = try await fleet.awaitStage("training", round: 2)
            return Scene(drill: drill, fleet: fleet, link: link, training: training, job: job)
        }

        /// The link is whole again: the worker comes back by itself, and no bit is wrong.
        private func expectRecovery(_ scene: Scene, workers: Int = 2) async throws {
            scene.link.heal()
            try await scene.fleet.awaitWorkers(workers)
            try await scene.fleet.expectCalmResult(of: scene.training, scene.drill)
            try await scene.fleet.stop()
        }

        @Test("18-24: a proxy that does nothing changes nothing")
        func calm() async throws {
            let fleet = try await Fleet(Site(), .proxied, workers: 2)
            let ending = try await fleet.expectCalmResult(of: fleet.begin(.short), .short)
            #expect(ending.number("retries") == 0)
            let tally = try #require(fleet.proxy?.tally)
            Chaos.say("chaos: calm through the proxy: \(ending.seconds) s, \(tally)")
            #expect(tally.connections == 4 && tally.resets == 0 && tally.flips == 0, "\(tally)")
            #expect(tally.bytes.allSatisfy { $0 > 10_000 }, "\(tally)")
            try await fleet.stop()
        }

        @Test("18: a silent partition costs one attempt, and what comes late does not count")
        func partition() async throws {
            let scene = try await begun(liveness: 3_000)
            scene.link.change { $0.both { $0.isHeld = true } }
            try await scene.fleet.awaitWorkers(1, within: 10)
            let lost = try await scene.fleet.retries(of: scene.job)
            // One that it ran, and two whose outputs were not fetched yet.
            #expect((1...3).contains(lost), "\(lost) retries")
            try await Task.sleep(for: .seconds(1))
            #expect(scene.training.isRunning, "the job was over too soon")
            scene.link.heal()
            try await scene.fleet.awaitWorkers(2)
            let ending = try await scene.fleet.expectCalmResult(of: scene.training, scene.drill)
            // What it is given on its return may be taken back when older messages come after.
            let retries = try #require(ending.number("retries").map { Int($0) })
            #expect((lost...lost + 4).contains(retries), "\(ending)")
            try await scene.fleet.stop()
        }

        @Test("19: a worker that hears but is not heard loses its units until it is heard again")
        func mute() async throws {
            let scene = try await begun(liveness: 1_000)
            scene.link.change { $0.toCoordinator.isHeld = true }
            try await scene.fleet.awaitWorkers(1, within: 20)
            #expect(try await scene.fleet.retries(of: scene.job) > 0)
            try await expectRecovery(scene)
        }

        @Test("19: a worker that is heard but does not hear is given up, however often it calls")
        func deaf() async throws {
            let scene = try await begun(liveness: 5_000)
            scene.link.change { $0.toWorker.isHeld = true }
            try await scene.fleet.awaitWorkers(1, within: 45)
            try await expectRecovery(scene)
        }

        @Test("20: a worker that dies behind a cut cable is noticed by its silence")
        func halfOpen() async throws {
            let scene = try await begun(liveness: 5_000)
            scene.link.change { $0.both { $0.isHeld = true } }
            try await scene.fleet.killWorker(0)
            let killed = Date()
            try await scene.fleet.awaitWorkers(1, within: 20)
            let seconds = Date().timeIntervalSince(killed)
            #expect(seconds > 1, "noticed by something else than silence, after \(seconds) s")
            try await expectRecovery(scene, workers: 1)
        }
    }
}
