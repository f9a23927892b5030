// What the simulated processes do: shells around the scheduler and the sessions, and disasters.

import Cluster
import Protocol

extension Simulator {
    mutating func carryOut(_ happening: Happening) throws(SimulationFailure) {
        if happening.isTheCoordinators, now < coordinatorStallsUntil {
            if case .coordinatorWakes = happening { coordinatorWakesAt = coordinatorStallsUntil }
            return agenda.add(happening, at: coordinatorStallsUntil)
        }
        switch happening {
        case .coordinatorHears(let worker, let header, let epoch):
            guard epoch == scheduler.epoch else { return }
            try coordinator(hears: header, from: worker)
        case .workerHears(let worker, let header, let epoch):
            guard epoch == scheduler.epoch, workers[worker] != nil else { return }
            note(.told(worker, header))
            try self.worker(worker) { $0.handle(.received(header), at: $1, into: &$2) }
        case .workerWakes(let worker):
            guard workers[worker]?.wakesAt == now else { return }
            try self.worker(worker) { _, _, _ in }
        case .coordinatorWakes:
            guard coordinatorWakesAt == now else { return }
            try coordinator([])
        case .computes(let worker, let attempt, let step):
            try compute(attempt, on: worker, step: step)
        case .answered(let event, let epoch):
            if epoch == scheduler.epoch { try coordinator([event]) }
        case .fetched(let unit, let lease, let worker, let epoch):
            guard epoch == scheduler.epoch else { return }
            try coordinator([fetch(unit, lease, from: worker)])
        case .submitted(let number):
            try submit(number)
        case .cancelled(let job):
            try coordinator([.jobCancelled(job)])
        case .disaster:
            try strike()
        }
    }

    private mutating func submit(_ number: Int) throws(SimulationFailure) {
        let (job, key) = (JobID("job\(number)"), "key\(number)")
        if scheduler.admission(key: key, spec: Sample.spec(number + 1)) == .new {
            try coordinator([
                .jobSubmitted(job, key: key, Sample.spec(number + 1), atWallMilliseconds: 0)
            ])
        }
        if roll(8) == 0 { agenda.add(.cancelled(job), at: now + roll(30_000)) }
    }

    // The coordinator

    private mutating func coordinator(
        hears header: Header, from worker: WorkerID
    ) throws(SimulationFailure) {
        switch header {
        case .hello(let hello):
            let answer = scheduler.answer(to: hello, softwareVersion: "sim")
            send(answer, to: worker)
            guard case .welcome = answer, let capabilities = hello.capabilities else { return }
            try coordinator([.workerJoined(worker, capabilities)])
        case .heartbeat(let heartbeat):
            try coordinator([.workerHeard(worker, heartbeat.running)])
        case .unitFinished(let message):
            try coordinator([
                .unitFinished(message.unit, message.lease, from: worker, message.outcome)
            ])
        case .unitFailed(let message):
            try coordinator([.unitFailed(message.unit, message.lease, from: worker, message.fault)])
        case .goodbye(let goodbye):
            try coordinator([goodbye.finishing ? .workerDraining(worker) : .workerLeft(worker)])
        default:
            try check("the coordinator was sent \(header)")
        }
    }

    mutating func coordinator(_ events: [Event]) throws(SimulationFailure) {
        var effects = Effects()
        for event in events {
            note(.event(event))
            scheduler.handle(event, at: now, into: &effects)
            try check(scheduler.contradiction)
        }
        scheduler.tick(at: now, into: &effects)
        try check(scheduler.contradiction)
        try perform(effects)
    }

    private mutating func perform(_ effects: Effects) throws(SimulationFailure) {
        for entry in effects.journal {
            note(.journal(entry))
            try check(checker.complaint(about: entry))
        }
        journal += effects.journal
        for command in effects.store {
            note(.store(command))
            try check(checker.complaint(about: command))
            obey(command)
        }
        for case .worker(let worker, let header) in effects.outbound {
            try check(checker.complaint(about: header, to: worker))
            send(header, to: worker)
        }
        coordinatorWakesAt = effects.wakeAt.map { max(now + 1, $0) }
        if let coordinatorWakesAt { agenda.add(.coordinatorWakes, at: coordinatorWakesAt) }
    }

    private mutating func obey(_ command: StoreCommand) {
        let (epoch, later) = (scheduler.epoch, now + roll(200))
        switch command {
        case .plan(let job, _, _):
            agenda.add(.answered(Program.next(job, 0, sum: 0), epoch: epoch), at: later)
        case .reduce(let job, let number, _, let outcomes, _):
            let sum = outcomes.reduce(checker.sums[job] ?? 0) { $0 + ($1.measures["value"] ?? 0) }
            checker.sums[job] = sum
            agenda.add(
                .answered(Program.next(job, number + 1, sum: sum), epoch: epoch), at: later)
        case .fetch(let unit, let lease, let worker, _):
            // Some fetches outlive the worker they fetch from.
            let done = happens(20) ? now + roll(15_000) : later
            agenda.add(.fetched(unit, lease, from: worker, epoch: epoch), at: done)
        case .abandon, .discard:
            break
        }
    }

    private mutating func fetch(
        _ unit: WorkUnitID, _ lease: Lease, from worker: WorkerID
    ) -> Event {
        let isHeld = workers[worker]?.holds.contains(Attempt(unit, lease)) ?? false
        if !isHeld || happens(plan.fetchFailurePercent) {
            return .outputsLost(unit, lease, Fault(.payloadMissing, "not there"))
        }
        checker.stored.insert(Attempt(unit, lease))
        return .outputsStored(unit, lease)
    }

    // Workers

    mutating func bear() {
        workersBorn += 1
        let name = WorkerID("w\(workersBorn)")
        let hello = Hello(
            softwareVersion: "sim", role: .worker, name: name,
            capabilities: Sample.capabilities(slots: 1 + roll(2)))
        let wakesAt = now + roll(500)
        workers[name] = SimulatedWorker(
            session: WorkerSession(hello: hello, seed: chance.next(), at: now), wakesAt: wakesAt)
        agenda.add(.workerWakes(name), at: wakesAt)
    }

    mutating func worker(
        _ name: WorkerID,
        _ body: (inout WorkerSession, Moment, inout SessionEffects) -> Void
    ) throws(SimulationFailure) {
        guard workers[name] != nil else { return }
        var effects = SessionEffects()
        body(&workers[name]!.session, now, &effects)
        workers[name]!.session.tick(at: now, into: &effects)
        for attempt in effects.stop { workers[name]!.computing[attempt] = nil }
        for attempt in effects.stop + effects.release { workers[name]!.holds.remove(attempt) }
        for assign in effects.start {
            let attempt = Attempt(assign.unit, assign.lease)
            workers[name]!.computing[attempt] = 0
            agenda.add(.computes(name, attempt, step: 1), at: now + 10 + roll(400))
        }
        let slots = workers[name]!.session.hello.capabilities?.slots ?? 0
        if workers[name]!.computing.count > slots {
            try check("\(name) computes \(workers[name]!.computing.keys) in \(slots) slots")
        }
        for header in effects.send { deliver(header, from: name) }
        if let exit = effects.exit {
            note(.exited(name, exit))
            // A worker that is to leave does not wait for ever for a coordinator out of reach.
            if case .fault(let fault) = exit, fault.code != .unavailable {
                try check("\(name) exits with \(fault)")
            }
            workers[name] = nil
        } else if let wakeAt = effects.wakeAt.map({ max(now + 1, $0) }) {
            workers[name]!.wakesAt = wakeAt
            agenda.add(.workerWakes(name), at: wakeAt)
        }
    }

    private mutating func compute(
        _ attempt: Attempt, on name: WorkerID, step: Int
    ) throws(SimulationFailure) {
        guard workers[name]?.computing[attempt] != nil else { return }
        if happens(plan.unitHangPercent) { return note(.hung(name, attempt)) }
        let steps = 5
        if step <= steps {
            agenda.add(.computes(name, attempt, step: step + 1), at: now + 10 + roll(400))
            let progress = Progress(done: Double(step), total: Double(steps))
            return try worker(name) {
                $0.handle(.unitProgressed(attempt.unit, progress), at: $1, into: &$2)
            }
        }
        var result: Result<UnitOutcome, Fault> = .failure(Sample.flaky)
        if !happens(plan.unitFailurePercent) {
            let outputs = attempt.unit.index % 3 == 2 ? [] : [Sample.payload("\(attempt)")]
            result = .success(
                UnitOutcome(
                    outputs: outputs, measures: ["value": Program.value(of: attempt.unit)]))
            if !outputs.isEmpty { workers[name]!.holds.insert(attempt) }
        }
        workers[name]!.computing[attempt] = nil
        try worker(name) {
            $0.handle(.unitEnded(attempt.unit, attempt.lease, result), at: $1, into: &$2)
        }
    }

    // The network

    private mutating func send(_ header: Header, to worker: WorkerID) {
        guard let target = workers[worker] else { return }
        let isCut = now < target.deafUntil
        travel(.workerHears(worker, header, epoch: scheduler.epoch), isCut: isCut)
    }

    private mutating func deliver(_ header: Header, from worker: WorkerID) {
        let isCut = workers[worker].map { now < $0.muteUntil } ?? false
        travel(.coordinatorHears(worker, header, epoch: scheduler.epoch), isCut: isCut)
    }

    /// Loses, delays, repeats and so reorders.
    private mutating func travel(_ happening: Happening, isCut: Bool) {
        if isCut || happens(plan.lossPercent) { return }
        for _ in 0..<(happens(plan.duplicationPercent) ? 2 : 1) {
            agenda.add(happening, at: now + 1 + roll(faulty ? plan.delayMax : 10))
        }
    }

    // Disasters

    private mutating func strike() throws(SimulationFailure) {
        guard faulty else {
            while workers.count < Simulator.workersWanted { bear() }
            return
        }
        agenda.add(.disaster, at: now + roll(2 * plan.disasterEvery))
        let names = workers.keys.sorted()
        let victim = names.isEmpty ? nil : names[roll(names.count)]
        switch (roll(10), victim) {
        case (0...2, let victim?):
            note(.killed(victim))
            workers[victim] = nil
            if roll(2) == 0 { bear() }
        case (3...4, let victim?):
            note(.cutOff(victim))
            let (deaf, mute) = (roll(12_000), roll(12_000))
            if roll(3) != 0 { workers[victim]!.deafUntil = now + deaf }
            if roll(3) != 0 { workers[victim]!.muteUntil = now + mute }
        case (5, let victim?):
            note(.drained(victim))
            try worker(victim) { $0.handle(.drainRequested, at: $1, into: &$2) }
        case (6, _):
            try restartCoordinator()
        case (7, _):
            note(.coordinatorStalled)
            coordinatorStallsUntil = now + roll(20_000)
        default:
            bear()
        }
    }

    /// What is on its way is lost with the connections; what was journaled is there.
    private mutating func restartCoordinator() throws(SimulationFailure) {
        note(.coordinatorKilled)
        let epoch = scheduler.epoch + 1
        coordinatorStallsUntil = now
        scheduler = Scheduler(epoch: epoch, policy: policy, seed: chance.next())
        checker.restart()
        var effects = Effects()
        scheduler.recover(recovered, at: now, into: &effects)
        scheduler.tick(at: now, into: &effects)
        for (job, status) in checker.ended
        where scheduler.status(of: job, at: now) != status {
            try check("\(job) ended and was forgotten")
        }
        try perform(effects)
    }

    private var recovered: [RecoveredJob] {
        var jobs: [RecoveredJob] = []
        for entry in journal {
            if case .jobSubmitted(let job, let key, let spec, let wall) = entry {
                jobs.append(
                    RecoveredJob(job: job, key: key, spec: spec, submittedAtMilliseconds: wall))
            } else if let index = jobs.firstIndex(where: { $0.job == entry.job }) {
                jobs[index].apply(entry)
            }
        }
        return jobs
    }
}
