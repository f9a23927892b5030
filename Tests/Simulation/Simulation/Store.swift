// The simulated store thread: programs of jobs, outputs in memory and on disk, checkpoints.

import Cluster
import Protocol

struct Store {
    enum Work {
        case plan(JobID, JobSpec, slots: Int)
        case reduce(JobID, number: Int, Round, [UnitOutcome], slots: Int)
        case keep(WorkUnitID, Lease, Output)
        case discard(JobID, keepsProgress: Bool)
        case fetch(WorkUnitID, Lease, worker: Int, WorkerID, [PayloadReference])
    }

    struct Program {
        let plan: Int
        var step: Int
        var parameter: UInt64
        var slots: Int
    }

    /// What a job goes on from.
    struct Checkpoint {
        var step: Int
        var parameter: UInt64
        var slots: Int
    }

    struct Output: Equatable {
        let reference: PayloadReference
        let value: UInt64
    }

    var serials: Int32 = 0
    /// Every one is answered by exactly one event. Looked up, never iterated.
    var pending: [Int32: Work] = [:]
    /// Serials of fetches, oldest first.
    var fetches: [Int32] = []
    var busyUntil: Int64 = 0
    var programs: [JobID: Program] = [:]
    /// Whether the job's round keeps its outputs on the disk.
    var keeps: [JobID: Bool] = [:]
    /// Outputs that were fetched into memory, by the index of their unit.
    var outputs: [JobID: [Int: Output]] = [:]

    // On the disk

    /// By round and unit, as files are named.
    var files: [JobID: [WorkUnitID: Output]] = [:]
    /// The newest generation is last.
    var checkpoints: [JobID: [Checkpoint]] = [:]

    /// Memory is gone, the disk is not.
    mutating func crash() {
        pending = [:]
        fetches = []
        busyUntil = 0
        programs = [:]
        keeps = [:]
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
        case .discard(let job, let keepsProgress):
            queueStoreWork(.discard(job, keepsProgress: keepsProgress))
        }
    }

    /// One after the other.
    private mutating func queueStoreWork(_ work: Store.Work) {
        let start = max(now, store.busyUntil)
        var longest = options.planMax
        if case .keep = work { longest = min(longest, 10) }
        store.busyUntil = start + 1 + Int64(chance.below(longest))
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
        let work = Store.Work.fetch(unit, lease, worker: worker, name, references)
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
        store.pending[serial] = nil
        switch work {
        case .plan(let job, let spec, let slots): plan(job, spec, slots: slots)
        case .reduce(let job, let number, let round, let outcomes, let slots):
            reduce(job, number, round, outcomes, slots: slots)
        case .keep(let unit, let lease, let output):
            guard store.keeps[unit.job] != nil else { return }
            store.files[unit.job, default: [:]][unit] = output
            coordinatorHears(.outputsStored(unit, lease))
        case .discard(let job, let keepsProgress): discard(job, keepsProgress: keepsProgress)
        case .fetch(let unit, let lease, let worker, _, let references):
            endFetch(serial)
            endFetch(of: unit, lease, from: worker, references)
        }
    }

    private mutating func endFetch(
        of unit: WorkUnitID, _ lease: Lease, from worker: Int, _ references: [PayloadReference]
    ) {
        let attempt = Attempt(unit, lease)
        let link = workers[worker].link
        let isReached =
            workers[worker].isAlive && link >= 0 && links[link].isOpen
            && now >= max(links[link].upCutUntil, links[link].downCutUntil)
        let held = workers[worker].holdings.first { $0.attempt == attempt }
        guard isReached, let held, let reference = references.first,
            !(isFaulty && chance.happens(perMille: options.fetchFailShare))
        else {
            let fault = Fault(.payloadMissing, "it is not there")
            return coordinatorHears(.outputsLost(unit, lease, fault))
        }
        guard held.value == reference.checksum else {
            return coordinatorHears(.outputsLost(unit, lease, Fault(.data, "it is damaged")))
        }
        let output = Store.Output(reference: reference, value: held.value)
        if store.keeps[unit.job] == true { return queueStoreWork(.keep(unit, lease, output)) }
        store.outputs[unit.job, default: [:]][unit.index] = output
        coordinatorHears(.outputsStored(unit, lease))
    }

    // Programs

    private mutating func plan(_ job: JobID, _ spec: JobSpec, slots: Int) {
        let number = JobPlan.number(of: spec)
        let kept = store.checkpoints[job]?.last
        store.programs[job] = Store.Program(
            plan: number, step: kept?.step ?? 0,
            parameter: kept?.parameter ?? plans[number].parameters[0],
            slots: kept?.slots ?? slots)
        if kept == nil, options.checkpointShare > 0 { saveCheckpoint(of: job) }
        store.outputs[job] = nil
        advance(job)
    }

    private mutating func saveCheckpoint(of job: JobID) {
        guard let program = store.programs[job] else { return }
        let newest = Store.Checkpoint(
            step: program.step, parameter: program.parameter, slots: program.slots)
        store.checkpoints[job] = (store.checkpoints[job] ?? []).suffix(1) + [newest]
    }

    private mutating func reduce(
        _ job: JobID, _ number: Int, _ round: Round, _ outcomes: [UnitOutcome], slots: Int
    ) {
        guard var program = store.programs[job] else { return }
        var sum: UInt64 = 0
        var gone: [Int] = []
        for (index, outcome) in outcomes.enumerated() {
            if let value = taken(outcome, WorkUnitID(job: job, round: number, index: index)) {
                if value != outcome.value { fail("\(job) reduces another output of \(index)") }
                sum = (sum &+ value) & valueMask
            } else {
                gone.append(index)
            }
        }
        guard gone.isEmpty else { return coordinatorHears(.outputsGone(job, gone)) }
        program.parameter = JobPlan.reduced(program.parameter, sum: sum)
        program.step += 1
        store.programs[job] = program
        store.outputs[job] = nil
        if chance.happens(perMille: options.checkpointShare) { saveCheckpoint(of: job) }
        store.files[job] = nil
        advance(job)
    }

    /// As `OutputTable.take` finds it: in memory, or in the file of the unit.
    private func taken(_ outcome: UnitOutcome, _ unit: WorkUnitID) -> UInt64? {
        guard let reference = outcome.outputs.first else { return outcome.value }
        if let output = store.outputs[unit.job]?[unit.index], output.reference == reference {
            return output.value
        }
        return store.files[unit.job]?[unit].flatMap {
            $0.reference == reference ? $0.value : nil
        }
    }

    private mutating func advance(_ job: JobID) {
        guard let program = store.programs[job] else { return }
        let plan = plans[program.plan]
        if program.step == plan.rounds.count {
            let result = JobResult(
                outputs: [], measures: ["result": Double(program.parameter)])
            return coordinatorHears(.jobCompleted(job, result))
        }
        let round = plan.round(program.step, parameter: program.parameter, slots: program.slots)
        store.keeps[job] = round.keepsOutputs
        coordinatorHears(.roundPlanned(job, round, measures: [:]))
    }

    private mutating func discard(_ job: JobID, keepsProgress: Bool) {
        store.programs[job] = nil
        store.keeps[job] = nil
        store.outputs[job] = nil
        store.files[job] = nil
        if !keepsProgress { store.checkpoints[job] = nil }
    }
}
