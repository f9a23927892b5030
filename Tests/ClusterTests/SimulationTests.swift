// Hundreds of seeded disasters, each of which must end well.

import Cluster
import FoundationEssentials
import Protocol
import Testing

@Suite struct SimulationTests {
    /// `SIM_SEED=123` replays one seed; `SIM_SEEDS=5000` runs more of them.
    private var seeds: [UInt64] {
        let environment = ProcessInfo.processInfo.environment
        if let seed = environment["SIM_SEED"].flatMap(UInt64.init) { return [seed] }
        return Array(1...(environment["SIM_SEEDS"].flatMap(UInt64.init) ?? 300))
    }

    @Test("whatever happens, every unit counts once and every job ends")
    func survives() {
        var events = 0
        for seed in seeds {
            var simulator = Simulator(seed: seed)
            do throws(SimulationFailure) { try simulator.run() } catch {
                Issue.record(error)
                return
            }
            events += simulator.log.count
        }
        #expect(events > 500 * seeds.count, "the disasters were no disasters")
    }

    @Test("the same seed has the same log, another one another")
    func repeats() throws {
        var logs: [[Simulator.Logged]] = []
        for seed in [7, 7, 8] as [UInt64] {
            var simulator = Simulator(seed: seed)
            try simulator.run()
            logs.append(simulator.log)
        }
        #expect(logs[0] == logs[1])
        #expect(logs[0] != logs[2])
    }

    @Test("without faults nothing is tried twice")
    func calm() throws {
        var plan = FaultPlan()
        plan.endsAt = Moment(milliseconds: 0)
        for seed in 1...20 as ClosedRange<UInt64> {
            var simulator = Simulator(seed: seed, plan: plan)
            try simulator.run()
            for (job, status) in simulator.checker.ended {
                #expect(status.retries == 0, "\(job) with seed \(seed)")
            }
        }
    }
}
