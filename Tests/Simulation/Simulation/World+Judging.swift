// Shows the checker everything that the coordinator decides, one event at a time.

import Cluster
import Protocol

/// How far the effects were judged.
struct Mark {
    var journal = 0
    var store = 0
    var outbound = 0
}

extension World {
    func markEffects() -> Mark {
        Mark(
            journal: coordinator.effects.journal.count, store: coordinator.effects.store.count,
            outbound: coordinator.effects.outbound.count)
    }

    /// Notes the event before it is handled.
    /// - Returns: whether it speaks of an attempt whose result no longer counts.
    mutating func judge(_ event: Event) -> Bool {
        switch event {
        case .workerJoined(let name, _):
            guard let worker = numbers[name] else { return false }
            note(.joined, who: worker)
            checker.join(worker)
        case .workerHeard: break
        case .workerDraining(let name): note(.draining, who: numbers[name] ?? -1)
        case .workerLeft(let name): note(.left, who: numbers[name] ?? -1)
        case .unitFinished(let unit, let lease, let name, _):
            note(.finished, who: numbers[name] ?? -1, unit, lease)
            return isStale(lease)
        case .unitFailed(let unit, let lease, let name, _):
            note(.failed, who: numbers[name] ?? -1, unit, lease)
            return isStale(lease)
        case .outputsStored(let unit, let lease): note(.stored, unit, lease)
        case .outputsLost(let unit, let lease, _): note(.outputsLost, unit, lease)
        case .jobSubmitted(let job, _, _, _): note(.submitted, number: job.number)
        case .jobCancelled(let job): note(.cancelled, number: job.number)
        case .jobRetried(let job): note(.retried, number: job.number)
        case .outputsGone(let job, let units):
            note(.gone, number: job.number)
            guard let round = checker.rounds[job]?.number else { break }
            for index in units { checker.undo(WorkUnitID(job: job, round: round, index: index)) }
        case .roundPlanned(let job, _, _): note(.planned, number: job.number)
        case .jobCompleted(let job, _): note(.completed, number: job.number)
        case .jobFaulted(let job, _): note(.faulted, number: job.number)
        }
        return false
    }

    private func isStale(_ lease: Lease) -> Bool {
        let standing = checker.attempts[lease.token]?.standing
        return standing == .dead || standing == .done
    }

    /// A stale result changes nothing: at most it is answered with RELEASE.
    mutating func judgeStale(_ event: Event, from mark: Mark) {
        let after = markEffects()
        if after.journal != mark.journal || after.store != mark.store {
            fail("a stale message had effects: \(event)")
        }
        for case .worker(_, let header) in coordinator.effects.outbound[mark.outbound...] {
            if case .release = header { continue }
            fail("a stale message was answered with \(header)")
        }
    }

    mutating func judgeEffects(from mark: Mark) {
        for index in mark.journal..<coordinator.effects.journal.count {
            judge(coordinator.effects.journal[index])
        }
        for index in mark.store..<coordinator.effects.store.count {
            judge(coordinator.effects.store[index])
        }
        let sent = coordinator.effects.outbound.count - mark.outbound
        for index in mark.outbound..<coordinator.effects.outbound.count {
            guard case .worker(let name, let header) = coordinator.effects.outbound[index] else {
                continue
            }
            judge(header, to: name)
        }
        if sent > 2_000 + 4 * (checker.openCount + workers.count * options.slotsMax) {
            fail("one event was answered with \(sent) messages")
        }
        if checkEvery < .max, coordinator.eventsHandled % checkEvery == 0 {
            fail(coordinator.scheduler.contradiction)
        }
    }

    private mutating func judge(_ entry: JournalEntry) {
        switch entry {
        case .jobSubmitted(let job, _, _, _): note(.journalSubmitted, number: job.number)
        case .roundStarted(let job, let round):
            note(.journalRound, number: job.number << 16 | UInt64(round.number))
            checker.end(roundOf: job)
            checker.rounds[job] = Checker.RoundView(number: round.number)
        case .unitAssigned(let unit, let lease, let name):
            note(.journalAssigned, who: numbers[name] ?? -1, unit, lease)
        case .unitFailed(let unit, let lease, let name, _, let isLoss):
            note(isLoss ? .journalLost : .journalFailed, who: numbers[name] ?? -1, unit, lease)
            if !isLoss { checker.close(lease.token, as: .dead) }
        case .unitSplit(let unit):
            note(.journalSplit, unit, nil)
            checker.split(unit)
        case .jobRetried(let job):
            note(.journalRetried, number: job.number)
            checker.ended.remove(job)
        case .unitDone(let unit, let lease, let outcome):
            note(.journalDone, unit, lease)
            fail(checker.complaint(aboutDone: unit, lease, outcome))
        case .roundReduced(let job, let number):
            note(.journalReduced, number: job.number << 16 | UInt64(number))
            checker.end(roundOf: job)
        case .jobEnded(let job, let status):
            note(.journalEnded, number: job.number)
            observed?.ended.append(now)
            if !checker.ended.insert(job).inserted { fail("\(job) ended twice: \(status)") }
            checker.end(roundOf: job)
        }
    }

    private mutating func judge(_ command: StoreCommand) {
        switch command {
        case .plan(let job, _, _): note(.plan, number: job.number)
        case .fetch(let unit, let lease, let name, _):
            note(.fetch, who: numbers[name] ?? -1, unit, lease)
        case .reduce(let job, let number, let round, let outcomes, _):
            note(.reduce, number: job.number << 16 | UInt64(number))
            fail(complaint(aboutReducing: round, number, of: job, outcomes))
        case .abandon(let name):
            guard let worker = numbers[name] else { return fail("\(name) is abandoned") }
            note(.abandon, who: worker)
            checker.abandon(worker)
            observed?.abandoned.append((worker, now))
        case .discard(let job, _): note(.discard, number: job.number)
        }
    }

    private mutating func judge(_ header: Header, to name: WorkerID) {
        switch header {
        case .assign(let assign):
            guard let worker = numbers[name] else { return fail("\(name) is assigned work") }
            fail(checker.complaint(aboutAssigning: assign, to: worker))
            observed?.assigned.append((assign.unit, worker, now))
        case .revoke(let revoke):
            checker.close(revoke.lease.token, as: .dead)
            checker.attempts[revoke.lease.token]?.isRecalled = true
        case .release(let release):
            checker.close(release.lease.token, as: .dead)
        default: break
        }
    }

    /// The reduction sees every block once, and the right values.
    private func complaint(
        aboutReducing round: Round, _ number: Int, of job: JobID, _ outcomes: [UnitOutcome]
    ) -> String? {
        guard outcomes.count == round.units.count else {
            return "\(job) reduces \(outcomes.count) of \(round.units.count) units"
        }
        guard let view = checker.rounds[job], view.number == number else {
            return "\(job) reduces round \(number), which is not open"
        }
        var covered: [Range<Int>] = []
        for (index, outcome) in outcomes.enumerated() {
            guard let assignment = Assignment(round.units[index].task) else { return "no task" }
            covered.append(assignment.blocks)
            guard let token = view.done[index], let issued = checker.attempts[token] else {
                return "\(job) reduces unit \(number)/\(index), which is not done"
            }
            let plan = plans[assignment.job]
            let parameter = store.programs[job]?.parameter
            if assignment.parameter != parameter
                || plan.isExact && parameter != plan.parameters[assignment.step]
            {
                return "\(job) reduces unit \(number)/\(index) of other parameters"
            }
            let value = plan.value(of: assignment, token: token)
            if issued.assignment != assignment || outcome.value != value {
                return "\(job) reduces unit \(number)/\(index) as \(outcome)"
            }
        }
        covered.sort { $0.lowerBound < $1.lowerBound }
        let isWhole = zip(covered, covered.dropFirst()).allSatisfy {
            $0.upperBound == $1.lowerBound
        }
        return isWhole && covered.first?.lowerBound == 0 ? nil : "\(job) reduces blocks \(covered)"
    }

    /// What is sent may rely on the ledger, never the other way round.
    mutating func judgeSending(_ content: Content) {
        guard case .other(let parcel) = content else { return }
        switch parcel.header {
        case .accepted(let accepted):
            if ledger.rows[accepted.job] == nil {
                fail("\(accepted.job) is accepted, but the ledger does not know it")
            }
        case .jobs(let answer):
            for status in answer.jobs where status.state.isFinal {
                if ledger.rows[status.job]?.recovered.ended != status {
                    fail("\(status.job) is said to be over, but the ledger does not know it")
                }
            }
        case .release(let release):
            let (row, view) = (ledger.rows[release.unit.job], checker.rounds[release.unit.job])
            if view?.number == release.unit.round,
                view?.done[release.unit.index] == release.lease.token, row?.recovered.ended == nil,
                row?.done[release.unit.index] != release.lease
            {
                fail("\(release.unit) is released, but the ledger does not know it")
            }
        default: break
        }
    }
}
