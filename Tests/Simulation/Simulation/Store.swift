// The simulated store thread: programs of jobs, fetches of outputs, checkpoints on disk.

import Cluster
import Protocol

struct Store {
    enum Work {
        case plan(JobID, JobSpec, slots: Int)
        case reduce(JobID, number: Int, Round, [UnitOutcome], slots: Int)
        case fetch(WorkUnitID, Lease, worker: Int, name: WorkerID, [PayloadReference])
    }

    struct Program {
        let plan: Int
        var step: Int
        var parameter: UInt64
    }

    struct Checkpoint {
        var step: Int
        var parameter: UInt64
    }

    var serials: Int32 = 0
    /// Every one is answered by exactly one event. Looked up, never iterated.
    var pending: [Int32: Work] = [:]
    /// Serials of fetches, oldest first.
    var fetches: [Int32] = []
    var busyUntil: Int64 = 0
    var programs: [JobID: Program] = [:]
    /// Outputs that were fetched, by the token of their lease.
    var outputs: [UInt64: UInt64] = [:]
    /// On the disk: the newest generation is last.
    var checkpoints: [JobID: [Checkpoint]] = [:]

    /// Memory is gone, the disk is not.
    mutating func crash() {
        pending = [:]
        fetches = []
        busyUntil = 0
        programs = [:]
        outputs = [:]
    }
}

extension World {
    mutating func obey(_ command: StoreCommand) {
        switch command {
        case .plan(let job, let spec, let slots):
            queueStoreWork(.plan(job, spec, slots: slots))
        case .reduce(let job, let number, let round, let outcomes, let slots):
            queueStoreWork(.reduce(job, number: number, round, outcomes, slots: slots))
        case .fetch(let unit, let lease, let name, let references):
            fetch(unit, lease, name, references)
        case .abandon(let name):
            abandon(name)
        case .discard(let job):
            store.programs[job] = nil
            store.checkpoints[job] = nil
        }
    }

    /// One after the other.
    private mutating func queueStoreWork(_ work: Store.Work) {
        let start = max(now, store.busyUntil)
        store.busyUntil = start + 1 + Int64(chance.below(options.planMax))
        _ = add(work, endsAt: store.busyUntil)
    }

    private mutating func add(_ work: Store.Work, endsAt: Int64) -> Int32 {
        store.serials += 1
        store.pending[store.serials] = work
        agenda.add(.storeEnds(life: coordinator.life, serial: store.serials), at: endsAt)
        return store.serials
    }

    private mutating func fetch(
        _ unit: WorkUnitID, _ lease: Lease, _ name: WorkerID, _ references: [PayloadReference]
    ) {
        guard let worker = numbers[name] else { return fail("a fetch from \(name)") }
        // Some are slow, and outlive the worker they fetch from.
        var wait = 1 + chance.below(30)
        if isFaulty, chance.oneIn(8) { wait += chance.below(8_000) }
        let work = Store.Work.fetch(unit, lease, worker: worker, name: name, references)
        store.fetches.append(add(work, endsAt: now + Int64(wait)))
    }

    private mutating func abandon(_ name: WorkerID) {
        for serial in store.fetches {
            guard case .fetch(let unit, let lease, _, name, _) = store.pending[serial] else {
                continue
            }
            endFetch(serial)
            let fault = Fault(.payloadMissing, "the worker is gone", retryable: true)
            coordinatorHears(.outputsLost(unit, lease, fault))
        }
    }

    private mutating func endFetch(_ serial: Int32) {
        store.pending[serial] = nil
        store.fetches.removeAll { $0 == serial }
    }

    mutating func endStoreWork(_ serial: Int32) {
        guard let work = store.pending[serial] else { return }
        if now < coordinator.pausedUntil {
            return agenda.add(
                .storeEnds(life: coordinator.life, serial: serial),
                at: coordinator.pausedUntil)
        }
        if case .fetch(let unit, let lease, let worker, _, let references) = work {
            endFetch(serial)
            return coordinatorHears(fetched(unit, lease, worker, references))
        }
        store.pending[serial] = nil
        switch work {
        case .plan(let job, let spec, let slots): plan(job, spec, slots: slots)
        case .reduce(let job, let number, let round, let outcomes, let slots):
            reduce(job, number, round, outcomes, slots: slots)
        case .fetch: break
        }
    }

    private mutating func fetched(
        _ unit: WorkUnitID, _ lease: Lease, _ worker: Int, _ references: [PayloadReference]
    ) -> Event {
        let attempt = Attempt(unit, lease)
        let link = workers[worker].link
        let isReached =
            workers[worker].isAlive && link >= 0 && links[link].isOpen
            && now >= max(links[link].upCutUntil, links[link].downCutUntil)
        let held = workers[worker].holdings.first { $0.attempt == attempt }
        guard isReached, let held, let reference = references.first,
            !(isFaulty && chance.happens(perMille: options.fetchFailShare))
        else { return .outputsLost(unit, lease, Fault(.payloadMissing, "it is not there")) }
        guard held.value == reference.checksum else {
            return .outputsLost(unit, lease, Fault(.data, "the checksum differs"))
        }
        store.outputs[lease.token] = held.value
        return .outputsStored(unit, lease)
    }

    private mutating func plan(_ job: JobID, _ spec: JobSpec, slots: Int) {
        let number = JobPlan.number(of: spec)
        let kept = options.keepsCheckpoints ? store.checkpoints[job]?.last : nil
        store.programs[job] = Store.Program(
            plan: number, step: kept?.step ?? 0,
            parameter: kept?.parameter ?? plans[number].parameters[0])
        advance(job, slots: slots)
    }

    private mutating func reduce(
        _ job: JobID, _ number: Int, _ round: Round, _ outcomes: [UnitOutcome], slots: Int
    ) {
        guard var program = store.programs[job] else { return }
        let sum = outcomes.reduce(0) { ($0 &+ ($1.value ?? 0)) & valueMask }
        program.parameter = JobPlan.reduced(program.parameter, sum: sum)
        program.step += 1
        store.programs[job] = program
        let newest = Store.Checkpoint(step: program.step, parameter: program.parameter)
        store.checkpoints[job] = (store.checkpoints[job] ?? []).suffix(1) + [newest]
        advance(job, slots: slots)
    }

    private mutating func advance(_ job: JobID, slots: Int) {
        guard let program = store.programs[job] else { return }
        let plan = plans[program.plan]
        if program.step == plan.rounds.count {
            let result = JobResult(
                outputs: [], measures: ["result": Double(program.parameter)])
            return coordinatorHears(.jobCompleted(job, result))
        }
        let round = plan.round(program.step, parameter: program.parameter, slots: slots)
        coordinatorHears(.roundPlanned(job, round, measures: [:]))
    }
}
