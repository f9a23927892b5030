// A simulated worker process: the loop of its control thread, its compute threads, its payloads.

import Cluster
import Protocol

enum Fate: UInt8 { case finishes, fails, hangs, lies, kills }

/// A unit that a worker computes.
struct Computation {
    let serial: Int32
    let attempt: Attempt
    let assignment: Assignment
    let startedAt: Int64
    var endsAt: Int64
    let fate: Fate
}

/// An output that a worker serves until it is released.
struct Holding {
    let attempt: Attempt
    let value: UInt64
}

struct WorkerProcess {
    let name: WorkerID
    let slots: Int
    /// It knows one kind of unit only.
    let isNarrow: Bool
    var session: WorkerSession
    var clock: Clock
    var isAlive = true
    var link = -1
    var inbox: [Letter] = []
    var pausedUntil: Int64 = 0
    var wakeAt: Int64 = -1
    var serials: Int32 = 0
    var computing: [Computation] = []
    var holdings: [Holding] = []
    /// Times slower than others.
    var slowness = 1
    /// A compute thread hangs for good: what comes after never moves.
    var isStuck = false
    var isAskedToDrain = false
    var epoch: UInt64 = 0
    var recorder = Recorder()
}

extension World {
    var aliveWorkers: [Int] { workers.indices.filter { workers[$0].isAlive } }

    mutating func drawClock() -> Clock {
        let drift = chance.between(-options.driftPPM, options.driftPPM)
        return Clock(offset: Int64(chance.below(1_000_000_000)), driftPPM: drift)
    }

    mutating func bearWorker() {
        let number = workers.count
        let name = WorkerID("w\(number)")
        let slots = chance.between(1, options.slotsMax)
        let isNarrow = options.someKnowOneKind && isFaulty && number % 3 == 1
        let capabilities = Capabilities(
            kinds: isNarrow ? ["count-words"] : ["count-words", "encode-words"], slots: slots,
            threads: 1, instructionSet: "scalar", host: "h", processID: number)
        let clock = drawClock()
        let hello = Hello(
            softwareVersion: "sim", role: .worker, name: name, capabilities: capabilities)
        let session = WorkerSession(hello: hello, seed: chance.bits(), at: clock.moment(now))
        workers.append(
            WorkerProcess(
                name: name, slots: slots, isNarrow: isNarrow, session: session, clock: clock))
        numbers[name] = number
        if isFaulty, chance.happens(perMille: options.slowShare) {
            workers[number].slowness = options.slowness
        }
        note(.workerBorn, who: number)
        connectWorker(number)
        turnWorker(number)
    }

    mutating func connectWorker(_ worker: Int) {
        guard workers[worker].isAlive, coordinator.isUp else { return }
        let link = workers[worker].link
        guard link < 0 || !links[link].isOpen else { return }
        workers[worker].link = open(.worker(worker))
    }

    mutating func reconnectWorker(_ worker: Int) {
        let wait = chance.below(options.reconnectMax)
        agenda.add(.workerConnects(Int32(worker)), at: now + Int64(wait))
    }

    mutating func workerReceives(_ letter: Letter, _ worker: Int) {
        guard workers[worker].isAlive, workers[worker].link == Int(letter.link) else { return }
        if now < workers[worker].pausedUntil { return workers[worker].inbox.append(letter) }
        hear(letter, worker)
        turnWorker(worker)
    }

    private mutating func hear(_ letter: Letter, _ worker: Int) {
        var note = Note(at: now, kind: .down, who: Int32(worker))
        note.name(letter.content)
        log.add(note)
        let moment = workers[worker].clock.moment(now)
        workers[worker].session.handle(
            .received(letter.content.header), at: moment, into: &sessionEffects)
    }

    mutating func wakeWorker(_ worker: Int) {
        guard workers[worker].isAlive, workers[worker].wakeAt == now else { return }
        workers[worker].wakeAt = -1
        if now < workers[worker].pausedUntil {
            return wake(worker, at: workers[worker].pausedUntil)
        }
        reportProgress(of: worker)
        if !workers[worker].inbox.isEmpty {
            let inbox = workers[worker].inbox
            workers[worker].inbox = []
            for letter in inbox where Int(letter.link) == workers[worker].link {
                hear(letter, worker)
            }
        }
        turnWorker(worker)
    }

    private mutating func reportProgress(of worker: Int) {
        guard !workers[worker].computing.isEmpty else { return }
        let moment = workers[worker].clock.moment(now)
        for computation in workers[worker].computing where computation.fate != .hangs {
            // What the compute loop has not counted yet is no progress.
            let progress = Progress(
                done: Double(now - computation.startedAt),
                total: Double(computation.endsAt - computation.startedAt))
            workers[worker].session.handle(
                .unitProgressed(computation.attempt.unit, progress), at: moment,
                into: &sessionEffects)
        }
    }

    mutating func wake(_ worker: Int, at moment: Int64) {
        guard workers[worker].wakeAt != moment else { return }
        workers[worker].wakeAt = moment
        agenda.add(.workerWakes(Int32(worker)), at: moment)
    }

    /// Ticks and carries out what the session wants.
    mutating func turnWorker(_ worker: Int) {
        let moment = workers[worker].clock.moment(now)
        workers[worker].session.tick(at: moment, into: &sessionEffects)
        if !sessionEffects.stop.isEmpty { stopUnits(worker) }
        if !sessionEffects.release.isEmpty {
            for attempt in sessionEffects.release { drop(attempt, worker) }
        }
        if !sessionEffects.start.isEmpty {
            for assign in sessionEffects.start { begin(assign, worker) }
        }
        for header in sessionEffects.send { sendUp(Content(header), over: workers[worker].link) }
        judgeSession(worker)
        if let exit = sessionEffects.exit { end(worker, exit) }
        if workers[worker].isAlive, let wakeAt = sessionEffects.wakeAt {
            wake(worker, at: workers[worker].clock.time(of: wakeAt, after: now))
        }
        sessionEffects.removeAll()
    }

    private mutating func stopUnits(_ worker: Int) {
        for attempt in sessionEffects.stop {
            note(.unitStopped, who: worker, attempt.unit, attempt.lease)
            // Some threads that hang do not even stop.
            let stopped = workers[worker].computing.first { $0.attempt == attempt }
            if stopped?.fate == .hangs, isFaulty, chance.oneIn(3) {
                workers[worker].isStuck = true
                note(.workerStuck, who: worker)
            }
            workers[worker].computing.removeAll { $0.attempt == attempt }
            drop(attempt, worker)
        }
    }

    private mutating func drop(_ attempt: Attempt, _ worker: Int) {
        workers[worker].holdings.removeAll { $0.attempt == attempt }
    }

    private mutating func begin(_ assign: Assign, _ worker: Int) {
        let attempt = Attempt(assign.unit, assign.lease)
        guard let assignment = Assignment(assign.task), plans.indices.contains(assignment.job)
        else { return fail("w\(worker) was told to compute \(assign)") }
        note(.unitStarted, who: worker, assign.unit, assign.lease)
        let work = assignment.blocks.count * options.blockMilliseconds * workers[worker].slowness
        let jitter = work * options.jitterPercent / 100
        var duration = max(1, work - jitter + chance.below(2 * jitter + 1))
        let fate = drawFate(assignment, worker)
        if fate == .kills || fate == .fails { duration = 1 + chance.below(duration) }
        workers[worker].serials += 1
        let computation = Computation(
            serial: workers[worker].serials, attempt: attempt, assignment: assignment,
            startedAt: now, endsAt: now + Int64(duration), fate: fate)
        workers[worker].computing.append(computation)
        if fate == .hangs { return }
        agenda.add(
            .workerComputes(Int32(worker), serial: computation.serial), at: computation.endsAt)
    }

    private mutating func drawFate(_ assignment: Assignment, _ worker: Int) -> Fate {
        if workers[worker].isStuck { return .hangs }
        if plans[assignment.job].isPoisonous(assignment) { return .kills }
        guard isFaulty else { return .finishes }
        if chance.happens(perMille: options.hangShare) { return .hangs }
        if chance.happens(perMille: options.failShare) { return .fails }
        if chance.happens(perMille: options.wrongShare) { return .lies }
        return .finishes
    }

    mutating func compute(_ serial: Int32, on worker: Int) {
        guard workers[worker].isAlive,
            let index = workers[worker].computing.firstIndex(where: { $0.serial == serial })
        else { return }
        let computation = workers[worker].computing[index]
        if computation.endsAt > now || workers[worker].pausedUntil > now {
            let moment = max(computation.endsAt, workers[worker].pausedUntil)
            return agenda.add(.workerComputes(Int32(worker), serial: serial), at: moment)
        }
        if computation.fate == .kills { return killWorker(worker) }
        workers[worker].computing.remove(at: index)
        let result = result(of: computation, worker)
        workers[worker].session.handle(
            .unitEnded(computation.attempt.unit, computation.attempt.lease, result),
            at: workers[worker].clock.moment(now), into: &sessionEffects)
        turnWorker(worker)
    }

    private mutating func result(
        of computation: Computation, _ worker: Int
    ) -> Result<UnitOutcome, Fault> {
        let attempt = computation.attempt
        if computation.fate == .fails {
            note(.unitFailed, who: worker, attempt.unit, attempt.lease)
            return .failure(Fault(.temporary, "out of memory", retryable: true))
        }
        note(.unitEnded, who: worker, attempt.unit, attempt.lease)
        let value = plans[computation.assignment.job].value(
            of: computation.assignment, token: attempt.lease.token)
        checker.report(attempt, value)
        guard plans[computation.assignment.job].leavesPayload(computation.assignment) else {
            return .success(UnitOutcome(outputs: [], measures: ["value": Double(value)]))
        }
        // A payload that is not what its reference says is found out when it is fetched.
        let isWrong = computation.fate == .lies
        workers[worker].holdings.append(
            Holding(attempt: attempt, value: isWrong ? value ^ 1 : value))
        return .success(
            UnitOutcome(
                outputs: [PayloadReference(id: "p", size: 1, checksum: value)], measures: [:]))
    }

    // The end of a worker

    mutating func killWorker(_ worker: Int) {
        guard workers[worker].isAlive else { return }
        note(.workerDied, who: worker)
        bury(worker)
        observed?.killed.append((worker, now))
    }

    private mutating func end(_ worker: Int, _ exit: Exit) {
        note(.workerExited, who: worker)
        let isLeaving = workers[worker].isAskedToDrain
        if case .fault(let fault) = exit, isHealed, !isLeaving, now > healedAt + 45_000 {
            fail("w\(worker) gave up in a healthy cluster: \(fault)")
        }
        bury(worker)
    }

    /// What was sent may still arrive; a new life has a new name.
    private mutating func bury(_ worker: Int) {
        workers[worker].isAlive = false
        workers[worker].computing = []
        workers[worker].holdings = []
        workers[worker].inbox = []
        workers[worker].recorder = Recorder()
        guard options.replacesDead else { return }
        let isWanted = aliveWorkers.count { !workers[$0].isNarrow } < options.workers
        guard isWanted, !isFaulty || !chance.oneIn(3) else { return }
        let wait = isFaulty ? chance.below(options.restartMax) : 200 + chance.below(2_000)
        agenda.add(.workerBorn, at: now + Int64(wait))
    }
}
