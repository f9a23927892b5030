// A cluster in one thread and no time: the real scheduler and sessions between simulated clocks,
// networks, disks and processes, all decided by one seed.

import Cluster
import Protocol

/// Why a run failed.
public struct Failure: Error, Sendable, CustomStringConvertible {
    public let seed: UInt64
    public let step: Int
    public let at: Int64
    public let sentence: String
    public let options: String
    public let lastEvents: [String]

    public var description: String {
        lastEvents.suffix(60).joined(separator: "\n")
            + "\n\(options)\nFAILED: seed \(seed), step \(step), \(at) ms: \(sentence)\n"
            + "replay with: SEED=\(seed) make sim"
    }
}

public struct World {
    let options: Options
    var chance: Chance
    var now: Int64 = 0
    var steps = 0
    var agenda = Agenda<Happening>()
    var letters = Slab<Letter>()
    var links: [Link] = []
    var workers: [WorkerProcess] = []
    var numbers: [WorkerID: Int] = [:]
    var clients: [ClientProcess] = []
    var coordinator: CoordinatorProcess
    var store = Store()
    var ledger = Ledger()
    var checker = Checker()
    var plans: [JobPlan] = []
    var log: Log
    var failure: Failure?
    var isHealed = false
    var healedAt: Int64 = 0
    /// Nil until every client is content.
    var contentAt: Int64?
    var isOver = false
    var sessionEffects = SessionEffects()
    /// What figures are made of, where somebody asked for them.
    var observed: Observations?
    /// The scheduler is asked for contradictions at every n-th event.
    var checkEvery = 1

    /// - Parameter keepsAll: the log keeps every line, not only the last ones.
    public init(_ options: Options, keepsAll: Bool = false) {
        self.init(options, plans: nil, keepsAll: keepsAll)
    }

    init(_ options: Options, plans given: [JobPlan]?, keepsAll: Bool = false) {
        self.options = options
        chance = Chance(seed: options.seed)
        log = Log(keep: keepsAll ? nil : 400)
        coordinator = CoordinatorProcess(
            scheduler: Scheduler(epoch: 0, policy: options.policy, seed: 0),
            clock: Clock(offset: 0, driftPPM: 0))
        // It looks at every worker and unit, which a crowd has too many of.
        checkEvery = options.looksInside ? max(1, options.workers * options.slotsMax / 20) : .max
        plans = given ?? (0..<options.clients).map { drawPlan(number: $0) }
        begin()
    }

    private mutating func begin() {
        agenda.add(.coordinatorStarts, at: 0)
        for _ in 0..<options.workers {
            agenda.add(.workerBorn, at: Int64(chance.below(options.bornWithin)))
        }
        for plan in plans { hireClients(for: plan) }
        if options.disasterEvery > 0 {
            agenda.add(.disaster, at: Int64(chance.below(options.disasterEvery)))
        }
        agenda.add(.heal, at: Int64(options.faultyUntil))
    }

    /// - Returns: nil if all went well.
    public mutating func run() -> Failure? {
        run(until: .max)
        if failure == nil { checkEnd() }
        return failure
    }

    /// Stops early where something is wrong or nothing is left to happen.
    mutating func run(until end: Int64) {
        while failure == nil, !isOver, let happening = agenda.next() {
            now = agenda.now
            if now > end {
                agenda.add(happening, at: now)
                return
            }
            steps += 1
            carryOut(happening)
        }
    }

    var isFaulty: Bool { !isHealed }

    private mutating func carryOut(_ happening: Happening) {
        switch happening {
        case .arrives(let letter): arrive(letter)
        case .workerWakes(let worker): wakeWorker(Int(worker))
        case .workerComputes(let worker, let serial): compute(serial, on: Int(worker))
        case .workerBorn: bearWorker()
        case .workerConnects(let worker): connectWorker(Int(worker))
        case .clientWakes(let client): wakeClient(Int(client))
        case .clientConnects(let client): connectClient(Int(client))
        case .coordinatorStarts: startCoordinator()
        case .coordinatorTurns(let life): if life == coordinator.life { turnCoordinator() }
        case .coordinatorWakes(let life):
            if life == coordinator.life, coordinator.wakeAt == now { turnCoordinator() }
        case .committed(let life): if life == coordinator.life { endCommit() }
        case .storeEnds(let life, let serial):
            if life == coordinator.life { endStoreWork(serial) }
        case .disaster: strike()
        case .cut(let link, let milliseconds): cut(Int(link), for: Int(milliseconds))
        case .heal: heal()
        case .deadline: meetDeadline()
        case .inspection: inspect()
        }
    }

    /// The first complaint ends the run.
    mutating func fail(_ complaint: String?) {
        guard failure == nil, let sentence = complaint else { return }
        failure = Failure(
            seed: options.seed, step: steps, at: now, sentence: sentence,
            options: options.description, lastEvents: log.lines)
    }

    mutating func note(_ kind: Note.Kind, who: Int = -1, number: UInt64 = 0) {
        log.add(Note(at: now, kind: kind, who: Int32(truncatingIfNeeded: who), number: number))
    }

    mutating func note(_ kind: Note.Kind, who: Int = -1, _ unit: WorkUnitID, _ lease: Lease?) {
        var note = Note(at: now, kind: kind, who: Int32(truncatingIfNeeded: who))
        note.name(unit, lease)
        log.add(note)
    }

    // What the outside may ask of a run.

    /// Equal for two runs only if the same happened in both.
    public var digest: UInt64 { log.digest }
    public var lines: [String] { log.lines }
    public var stepsTaken: Int { steps }
    public var milliseconds: Int64 { now }
    /// Of the jobs that somebody was told the end of.
    public var retries: Int {
        checker.promises.reduce(0) { $0 + (checker.final[$1]?.retries ?? 0) }
    }
}
