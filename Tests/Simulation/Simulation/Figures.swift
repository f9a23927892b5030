// Figures that are measured in simulated time: what deaths and slowness cost, how fast the cluster
// notices and comes back.

import Cluster
import Protocol

/// Sorted samples.
public struct Sample: Sendable, CustomStringConvertible {
    public let values: [Double]

    init(_ values: [Double]) { self.values = values.sorted() }

    public var mean: Double { values.reduce(0, +) / Double(max(1, values.count)) }
    public var most: Double { values.last ?? 0 }

    public func percentile(_ percent: Int) -> Double {
        values.isEmpty ? 0 : values[min(values.count - 1, values.count * percent / 100)]
    }

    public var description: String {
        func short(_ value: Double) -> Double { (value * 100).rounded() / 100 }
        return "mean \(short(mean)), p50 \(short(percentile(50))), p99 \(short(percentile(99))), "
            + "most \(short(most)) of \(values.count)"
    }
}

public enum Figure: String, CaseIterable, Sendable {
    case killed, killedTraining, slow, slowTraining, noticed, elsewhere, reconnected, recovered

    /// What is measured, and in which unit.
    public var title: String {
        switch self {
        case .killed:
            "11.5 % of 200 workers killed at once and restarted: percent more time, counting"
        case .killedTraining: "the same for a job of 40 short rounds of 200 units each"
        case .slow: "5 % of 200 workers ten times slower: percent more time, counting"
        case .slowTraining: "the same for a job of 40 short rounds of 200 units each"
        case .noticed: "seconds from a worker's death to the coordinator's notice"
        case .elsewhere: "seconds from a worker's death to its unit's start elsewhere"
        case .reconnected: "seconds from a coordinator's restart until 10,000 workers are back"
        case .recovered: "seconds until each of those 10,000 workers computes again"
        }
    }

    /// - Parameter runs: seeds; the figures over 10,000 workers take one.
    public func measure(runs: Int) -> Sample {
        switch self {
        case .killed: Sample((1...runs).map { extraTime(seed: $0, isTraining: false, harm: kill) })
        case .killedTraining:
            Sample((1...runs).map { extraTime(seed: $0, isTraining: true, harm: kill) })
        case .slow: Sample((1...runs).map { extraTime(seed: $0, isTraining: false, harm: slow) })
        case .slowTraining:
            Sample((1...runs).map { extraTime(seed: $0, isTraining: true, harm: slow) })
        case .noticed: Sample((1...runs).flatMap { noticing(seed: $0).noticed })
        case .elsewhere: Sample((1...runs).flatMap { noticing(seed: $0).elsewhere })
        case .reconnected: Sample([reconnecting().last ?? 0])
        case .recovered: Sample(reconnecting())
        }
    }

    // Time of a job with and without harm

    private static let workers = 200

    private func options(seed: Int) -> Options {
        var options = Options(calm: UInt64(seed))
        options.workers = Self.workers
        options.clients = 1
        options.looksInside = false
        options.blockMilliseconds = 250
        options.jitterPercent = 20
        options.commitMax = 5
        return options
    }

    /// Counting: 4,000 units of 10 s. Training: 40 rounds of one unit of 10 s for each worker.
    private func plan(isTraining: Bool) -> JobPlan {
        let rounds = (0..<(isTraining ? 40 : 1)).map { index in
            RoundPlan(
                stage: "work", index: index, count: isTraining ? 40 : 1,
                blocks: isTraining ? 40 * Self.workers : 160_000,
                units: isTraining ? Self.workers : 4_000, canSplit: !isTraining,
                keepsOutputs: !isTraining, measuredOf8: 0)
        }
        return JobPlan(number: 0, rounds: rounds)
    }

    /// Percent.
    private func extraTime(
        seed: Int, isTraining: Bool, harm: (inout World, Int64) -> Void
    ) -> Double {
        let plan = plan(isTraining: isTraining)
        var calm = World(options(seed: seed), plans: [plan])
        let usual = jobTime(&calm)
        var world = World(options(seed: seed), plans: [plan])
        harm(&world, usual)
        return 100 * (Double(jobTime(&world)) / Double(usual) - 1)
    }

    private func jobTime(_ world: inout World) -> Int64 {
        world.observed = world.observed ?? Observations()
        if let failure = world.run() { preconditionFailure("\(failure)") }
        return world.observed?.ended.first ?? 0
    }

    private func kill(_ world: inout World, _ usual: Int64) {
        world.run(until: usual / 3)
        for _ in 0..<23 { world.killWorker(world.chance.pick(world.aliveWorkers)) }
    }

    private func slow(_ world: inout World, _ usual: Int64) {
        world.run(until: 600)
        for worker in 0..<Self.workers / 20 { world.workers[worker * 20].slowness = 10 }
    }

    // How fast a death is noticed

    /// One worker after the other dies; there is always room elsewhere.
    private func noticing(seed: Int) -> (noticed: [Double], elsewhere: [Double]) {
        var options = options(seed: seed)
        options.workers = 50
        options.slotsMax = 1
        let plan = JobPlan(
            number: 0,
            rounds: [
                RoundPlan(
                    stage: "work", index: 0, count: 1, blocks: 40_000, units: 2_000,
                    canSplit: true, measuredOf8: 0)
            ])
        var world = World(options, plans: [plan])
        world.observed = Observations()
        var moment: Int64 = 10_000
        for _ in 0..<10 {
            moment += 8_000 + Int64(world.chance.below(4_000))
            world.run(until: moment)
            let busy = world.aliveWorkers.filter { !world.workers[$0].computing.isEmpty }
            if !busy.isEmpty { world.killWorker(world.chance.pick(busy)) }
        }
        world.run(until: moment + 30_000)
        return delays(world.observed ?? Observations())
    }

    private func delays(_ seen: Observations) -> (noticed: [Double], elsewhere: [Double]) {
        var (noticed, elsewhere): ([Double], [Double]) = ([], [])
        for (worker, at) in seen.killed {
            guard let notice = seen.abandoned.first(where: { $0.worker == worker }) else {
                noticed.append(.infinity)
                continue
            }
            noticed.append(Double(notice.at - at) / 1_000)
            let held = seen.assigned.last { $0.worker == worker && $0.at <= at }
            guard let unit = held?.unit else { continue }
            let next = seen.assigned.first { $0.unit == unit && $0.at > at && $0.worker != worker }
            elsewhere.append(next.map { Double($0.at - at) / 1_000 } ?? .infinity)
        }
        return (noticed, elsewhere)
    }

    // How fast 10,000 workers are back

    /// Seconds from the restart, for each worker that runs a unit.
    private func reconnecting() -> [Double] {
        var world = World(Figure.crowd(seed: 1, workers: 10_000), plans: [Figure.crowdPlan(10_000)])
        world.run(until: 30_000)
        world.killCoordinator()
        world.run(until: 31_500)
        world.startCoordinator()
        let start = world.now
        var back: [Double] = []
        while world.now < start + 120_000, back.count < 10_000 {
            world.run(until: world.now + 100)
            let count = self == .reconnected ? world.workersKnown : world.workersBusy
            while back.count < count { back.append(Double(world.now - start) / 1_000) }
        }
        while back.count < 10_000 { back.append(.infinity) }
        return back
    }

    /// A calm cluster that is busy all the time.
    public static func crowd(seed: UInt64, workers: Int) -> Options {
        var options = Options(calm: seed)
        options.workers = workers
        options.clients = 1
        options.looksInside = false
        options.blockMilliseconds = 200_000
        options.bornWithin = 3_000
        options.commitMax = 5
        options.policy.heartbeatMilliseconds = 3_000
        options.policy.livenessMilliseconds = 15_000
        // ZeroMQ waits so long at most before it connects again, and the loop is no faster.
        options.reconnectMax = 30_000
        options.letterMicroseconds = 30
        return options
    }

    /// A job that keeps all of them busy for half an hour.
    static func crowdPlan(_ workers: Int) -> JobPlan {
        JobPlan(
            number: 0,
            rounds: [
                RoundPlan(
                    stage: "work", index: 0, count: 1, blocks: 10 * workers, units: 10 * workers,
                    canSplit: true, measuredOf8: 8)
            ])
    }
}

extension World {
    var workersKnown: Int {
        coordinator.scheduler.status(at: coordinatorMoment).workersTotal
    }

    /// Workers whose unit the coordinator of now knows of.
    var workersBusy: Int {
        workers.count { worker in
            worker.isAlive && worker.epoch == ledger.epoch && !worker.computing.isEmpty
        }
    }

    /// A crowd of busy workers, for measurements of the simulator itself.
    public init(crowd workers: Int, seed: UInt64) {
        self.init(Figure.crowd(seed: seed, workers: workers), plans: [Figure.crowdPlan(workers)])
    }

    /// - Returns: what went wrong on the way.
    public mutating func run(milliseconds: Int64) -> Failure? {
        run(until: now + milliseconds)
        return failure
    }
}
