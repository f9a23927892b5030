// One kind of fault at a time, and more of it than a seed would draw.

import Cluster
import Simulation
import Testing

@Suite struct DisasterTests {
    /// Sixty clusters to which `disasters` happen several times a second.
    ///
    /// - Parameter kind: of the lines of the log that tell of the fault; it must have happened.
    private func expectCalmAfter(
        _ disasters: [Disaster], seeing kind: String, atLeast least: Int = 60,
        _ change: (inout Options) -> Void = { _ in },
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        var sights = 0
        for seed in 1...60 as ClosedRange<UInt64> {
            var options = Options(seed: seed)
            options.disasters = disasters
            options.disasterEvery = 300
            change(&options)
            var world = World(options, keepsAll: true)
            if let failure = world.run() {
                Issue.record(failure, sourceLocation: sourceLocation)
                return
            }
            sights += world.lines.count { $0.split(separator: " ").dropFirst().first == kind[...] }
        }
        #expect(sights >= least, "there were \(sights) of \(kind)", sourceLocation: sourceLocation)
    }

    @Test("1: workers die by the dozen")
    func kills() { expectCalmAfter([.killWorker, .killMany], seeing: "workerDied") }

    @Test("2, 3: workers stand still, some longer than their lease")
    func pauses() { expectCalmAfter([.pauseWorker], seeing: "workerPaused") }

    @Test("4: computations get stuck while their worker answers")
    func hangs() {
        expectCalmAfter([.bearWorker], seeing: "journalFailed") { $0.hangShare = 200 }
    }

    @Test("6: a unit that kills its workers is cut until what kills them is alone")
    func poison() {
        expectCalmAfter([.bearWorker], seeing: "journalSplit", atLeast: 10) {
            $0.hasPoison = true
            $0.policy.attemptsMax = 4
            $0.policy.lossesMax = 16
        }
    }

    @Test("9: workers are drained one after the other")
    func drains() { expectCalmAfter([.drainWorker, .bearWorker], seeing: "draining") }

    @Test("11: the coordinator dies between any two steps of its loop")
    func coordinatorDies() { expectCalmAfter([.killCoordinator], seeing: "coordinatorDied") }

    @Test("13: the coordinator stands still")
    func coordinatorPauses() {
        expectCalmAfter([.pauseCoordinator], seeing: "coordinatorPaused")
    }

    @Test("18, 19, 20: links are cut one way, the other way, or both")
    func cuts() { expectCalmAfter([.cutWorker, .cutWorker, .killWorker], seeing: "cut") }

    @Test("23: messages come twice, in another order, and again over later connections")
    func repetitions() {
        expectCalmAfter([.resetLink], seeing: "reset") {
            $0.duplicateShare = 500
            $0.replayShare = 500
            $0.reorders = true
        }
    }

    @Test("24: a link comes and goes every three seconds")
    func flaps() { expectCalmAfter([.flap], seeing: "cut") }

    @Test("25: links clog one by one and open in another order")
    func swizzles() { expectCalmAfter([.swizzle], seeing: "clogged") }

    @Test("30: power fails, and with it goes what was not synced")
    func powerFails() { expectCalmAfter([.losePower], seeing: "powerLost") }

    @Test("31: checkpoints and kept outputs are damaged while the coordinator is killed")
    func damage() {
        expectCalmAfter([.loseFiles, .killCoordinator], seeing: "coordinatorDied") {
            $0.checkpointShare = 1_000
        }
    }
}
