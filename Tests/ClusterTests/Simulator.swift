// A cluster in one thread and no time: the real scheduler and sessions, a bad network, mortal
// processes, and a seed that decides everything.

import Cluster
import Protocol

/// What the network and the processes do to each other until `endsAt`.
struct FaultPlan {
    var lossPercent = 5
    var duplicationPercent = 5
    var delayMax = 300
    /// Milliseconds between two disasters, on average.
    var disasterEvery = 1_500
    var unitFailurePercent = 5
    var unitHangPercent = 3
    var fetchFailurePercent = 5
    var endsAt = Moment(milliseconds: 60_000)
}

struct SimulationFailure: Error, CustomStringConvertible {
    let seed: UInt64
    let sentence: String
    let lastEvents: [String]

    var description: String {
        "seed \(seed): \(sentence)\nreplay with SIM_SEED=\(seed); it ended with\n"
            + lastEvents.joined(separator: "\n")
    }
}

struct Simulator {
    enum Happening {
        case coordinatorHears(WorkerID, Header, epoch: UInt64)
        case workerHears(WorkerID, Header, epoch: UInt64)
        case workerWakes(WorkerID)
        case coordinatorWakes
        case computes(WorkerID, Attempt, step: Int)
        case answered(Event, epoch: UInt64)
        case fetched(WorkUnitID, Lease, from: WorkerID, epoch: UInt64)
        case submitted(Int)
        case cancelled(JobID)
        case disaster

        var isTheCoordinators: Bool {
            switch self {
            case .coordinatorHears, .coordinatorWakes, .answered, .fetched, .submitted,
                .cancelled:
                true
            case .workerHears, .workerWakes, .computes, .disaster: false
            }
        }
    }

    struct SimulatedWorker {
        var session: WorkerSession
        var computing: [Attempt: Int] = [:]
        /// Payloads it would serve.
        var holds: Set<Attempt> = []
        var deafUntil = Moment(milliseconds: 0)
        var muteUntil = Moment(milliseconds: 0)
        var wakesAt: Moment?
    }

    /// Values, not text: text is for failures, and dictionaries have no order in it.
    enum Line: Equatable {
        case event(Event), journal(JournalEntry), store(StoreCommand)
        case told(WorkerID, Header), killed(WorkerID), cutOff(WorkerID), drained(WorkerID)
        case hung(WorkerID, Attempt), exited(WorkerID, Exit)
        case coordinatorKilled, coordinatorStalled
    }

    struct Logged: Equatable {
        let at: Moment
        let line: Line
    }

    let seed: UInt64
    var plan: FaultPlan
    var chance: SeededGenerator
    var now = Moment(milliseconds: 0)
    var agenda = Agenda<Happening>()
    var scheduler: Scheduler
    /// The last wish counts: earlier ones are still in the agenda and are passed over.
    var coordinatorWakesAt: Moment?
    var coordinatorStallsUntil = Moment(milliseconds: 0)
    var policy = Policy()
    var workers: [WorkerID: SimulatedWorker] = [:]
    var workersBorn = 0
    var journal: [JournalEntry] = []
    var checker = Checker()
    var log: [Logged] = []

    static let jobs = 2
    static let workersWanted = 4

    init(seed: UInt64, plan: FaultPlan = FaultPlan()) {
        self.seed = seed
        self.plan = plan
        chance = SeededGenerator(seed: seed)
        policy.leaseMilliseconds = 4_000
        // Units must not run out of attempts here: every job has to finish in the end.
        policy.attemptsMax = 1_000
        policy.retryBackoffMaxMilliseconds = 2_000
        scheduler = Scheduler(epoch: 1, policy: policy, seed: chance.next())
        for _ in 0..<Simulator.workersWanted { bear() }
        for job in 0..<Simulator.jobs {
            agenda.add(.submitted(job), at: now + roll(5_000))
        }
        agenda.add(.disaster, at: now + roll(plan.disasterEvery))
    }

    var faulty: Bool { now < plan.endsAt }

    mutating func roll(_ limit: Int) -> Int { Int.random(in: 0..<max(1, limit), using: &chance) }
    mutating func happens(_ percent: Int) -> Bool { faulty && roll(100) < percent }

    /// Runs until all is done and quiet.
    mutating func run() throws(SimulationFailure) {
        let end = plan.endsAt + 120_000
        var doneAt: Moment?
        while let (moment, happening) = agenda.next() {
            now = moment
            if now > end { break }
            try carryOut(happening)
            guard checker.ended.count == Simulator.jobs else { continue }
            let quietFrom = max(doneAt ?? now, plan.endsAt)
            doneAt = doneAt ?? now
            if now - quietFrom > 20_000 { break }
        }
        try check(finalComplaint)
    }

    func check(_ complaint: String?) throws(SimulationFailure) {
        guard let complaint else { return }
        throw SimulationFailure(
            seed: seed, sentence: "at \(now.milliseconds) ms: \(complaint)",
            lastEvents: log.suffix(50).map { "\($0.at.milliseconds) " + "\($0.line)".prefix(200) })
    }

    mutating func note(_ what: Line) { log.append(Logged(at: now, line: what)) }

    private var finalComplaint: String? {
        for number in 0..<Simulator.jobs {
            let job = JobID("job\(number)")
            guard let status = checker.ended[job] else { return "\(job) did not end" }
            if status.state == .cancelled { continue }
            if status.state != .finished { return "\(job) ended as \(status)" }
            if status.measures["sum"] != Program.sum { return "\(job) counted \(status.measures)" }
        }
        for (name, worker) in workers.sorted(by: { $0.key < $1.key }) {
            if !worker.computing.isEmpty { return "\(name) computes \(worker.computing.keys)" }
            if !worker.holds.isEmpty { return "\(name) holds \(worker.holds)" }
        }
        return scheduler.contradiction
    }
}

/// Three stages; the result is a number that is right only if every unit counts exactly once.
enum Program {
    private static let rounds: [(stage: String, units: Int)] = [
        ("count", 5), ("encode", 3), ("train", 3), ("train", 3), ("train", 3),
    ]

    static func value(of unit: WorkUnitID) -> Double { Double(unit.round * 100 + unit.index + 1) }

    static var sum: Double {
        var sum = 0.0
        for (number, round) in rounds.enumerated() {
            for index in 0..<round.units {
                sum += value(of: WorkUnitID(job: "", round: number, index: index))
            }
        }
        return sum
    }

    /// The event that follows reduction `number - 1`, or the planning where that is -1.
    static func next(_ job: JobID, _ number: Int, sum: Double) -> Event {
        guard rounds.indices.contains(number) else {
            return .jobCompleted(job, JobResult(outputs: [], measures: ["sum": sum]))
        }
        let (stage, units) = rounds[number]
        let first = rounds.firstIndex { $0.stage == stage } ?? number
        let count = rounds.count { $0.stage == stage }
        return .roundPlanned(
            job, Sample.round(units: units, stage: stage, index: number - first, count: count),
            measures: ["sum": sum])
    }
}

/// Happenings by time, then by the order in which they were added.
struct Agenda<Element> {
    private var items: [(at: Moment, order: Int, what: Element)] = []
    private var added = 0

    mutating func add(_ what: Element, at moment: Moment) {
        added += 1
        var (low, high) = (0, items.count)
        while low < high {
            let middle = (low + high) / 2
            if (items[middle].at, items[middle].order) > (moment, added) {
                low = middle + 1
            } else {
                high = middle
            }
        }
        items.insert((moment, added, what), at: low)
    }

    mutating func next() -> (Moment, Element)? { items.popLast().map { ($0.at, $0.what) } }
}
