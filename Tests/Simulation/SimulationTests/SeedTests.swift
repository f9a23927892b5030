// Seeds that were good must stay good, fresh ones must be, and the same seed is the same run.

import Cluster
import Simulation
import Testing

@Suite struct SeedTests {
    @Test("a thousand known seeds end well", arguments: 0..<4 as Range<UInt64>)
    func known(quarter: UInt64) {
        var steps = 0
        for seed in 1 + quarter * 250...(quarter + 1) * 250 {
            var world = World(Options(seed: seed))
            if let failure = world.run() {
                Issue.record(failure)
                return
            }
            steps += world.stepsTaken
        }
        #expect(steps > 250 * 1_000, "the disasters were no disasters")
    }

    @Test("seeds that once failed end well")
    func regressions() {
        for seed in Self.onceFailed {
            var world = World(Options(seed: seed))
            if let failure = world.run() { Issue.record(failure) }
        }
    }

    /// What each of them found is told in docs/simulation.md.
    private static let onceFailed: [UInt64] = [
        274, 344, 412, 2_745, 2_879, 117_050_127_935_166, 236_991_724_909_111,
    ]

    @Test("seeds that nobody has ever run end well")
    func fresh() {
        let first = UInt64.random(in: 1 << 20..<1 << 48)
        let start = ContinuousClock.now
        for seed in first..<first + 2_000 {
            if ContinuousClock.now - start > .seconds(40) { return }
            var world = World(Options(seed: seed))
            if let failure = world.run() {
                Issue.record(failure)
                return
            }
        }
    }

    @Test("the same seed is the same run, line for line; another one is not")
    func repeats() {
        for seed in [3, 35, 4_243] as [UInt64] {
            let (first, second) = (lines(of: seed), lines(of: seed))
            #expect(first.count > 200)
            #expect(first == second)
            #expect(first != lines(of: seed + 1))
        }
    }

    private func lines(of seed: UInt64) -> [String] {
        var world = World(Options(seed: seed), keepsAll: true)
        _ = world.run()
        return world.lines
    }

    @Test("without faults nothing is tried twice")
    func calm() {
        for seed in 1...50 as ClosedRange<UInt64> {
            var world = World(Options(calm: seed))
            if let failure = world.run() { Issue.record(failure) }
            #expect(world.retries == 0, "seed \(seed)")
        }
    }

    @Test("nothing of what went wrong is kept for ever")
    func bounded() {
        for seed in 1...60 as ClosedRange<UInt64> {
            var world = World(Options(seed: seed))
            if let failure = world.run() { Issue.record(failure) }
            let kept = world.kept
            // A job's last word has dozens of figures, a worker's record a dozen.
            #expect(kept.inScheduler <= 100 + 40 * kept.workers + 80 * kept.jobs, "seed \(seed)")
            #expect(kept.inSession <= 100, "seed \(seed)")
        }
    }

    @Test("a failure names its seed, its step and how to replay it")
    func failure() throws {
        var options = Options(seed: 5)
        // No job ever runs.
        options.policy.jobsRunningMax = 0
        var world = World(options)
        let failure = world.run()
        let text = try #require(failure).description
        #expect(text.contains("seed 5, step "))
        #expect(text.contains("SEED=5 make sim"))
        #expect(text.contains("told jobs"))
    }
}
