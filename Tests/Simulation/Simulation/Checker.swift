// What must hold whatever goes wrong, judged from what is said, journaled and commanded; never from
// what the scheduler knows.

import Cluster
import Protocol

struct Checker {
    /// What the result of an attempt is worth.
    enum Standing: UInt8 {
        case live
        /// Its worker was given up; it counts until the unit is given to somebody else.
        case orphaned
        /// Its worker came back: whether it goes on is between the two.
        case returned
        case dead
        case done
    }

    struct Issued {
        let attempt: Attempt
        let worker: Int
        let assignment: Assignment
        var standing = Standing.live
        /// What the worker says that it came to.
        var reported: UInt64?
        var isRecalled = false
    }

    struct RoundView {
        let number: Int
        /// Tokens of the leases by unit. Looked up, never iterated.
        var done: [Int: UInt64] = [:]
        var newest: [Int: Int] = [:]
    }

    var epoch: UInt64 = 0
    /// Every attempt there ever was, by the token of its lease. Looked up, never iterated.
    var attempts: [UInt64: Issued] = [:]
    /// Tokens that may still count, in the order in which they were issued.
    var open: [WorkUnitID: [UInt64]] = [:]
    var held: [Int: [UInt64]] = [:]
    /// What workers held that were given up.
    var orphans: [Int: [UInt64]] = [:]
    var rounds: [JobID: RoundView] = [:]
    /// Tokens of all attempts at a round, which is named by its unit 0.
    private var tokens: [WorkUnitID: [UInt64]] = [:]
    var ended: Set<JobID> = []
    var attemptsMost: [JobID: Int] = [:]
    var openCount = 0

    var promised: [String: (job: JobID, spec: JobSpec)] = [:]
    var promises: [JobID] = []
    private var specs: [JobID: JobSpec] = [:]
    var final: [JobID: JobStatus] = [:]
    var cancelsAsked: Set<JobID> = []
    var retriesAsked: Set<JobID> = []

    /// A new coordinator knows what the ledger holds, and no worker. What the old one decided last
    /// and could not commit was never decided.
    mutating func restart(epoch: UInt64, from ledger: Ledger, _ plans: [JobPlan]) {
        self.epoch = epoch
        for worker in held.keys.sorted() { abandon(worker) }
        let before = rounds
        rounds = [:]
        for job in ledger.jobs {
            guard let row = ledger.rows[job], let round = row.recovered.round else { continue }
            var view = RoundView(number: round.summary.number)
            for (index, unit) in round.units.enumerated() { view.newest[index] = unit.attempts }
            for (index, lease) in row.done where isKept(lease, plans) {
                view.done[index] = lease.token
            }
            for token in tokens[Self.name(view.number, of: job)] ?? [] {
                revise(token, round, view)
            }
            rounds[job] = view
        }
        for (job, view) in before where rounds[job]?.number != view.number {
            bury(view.number, of: job)
        }
        ended = Set(ledger.rows.filter { $0.value.recovered.ended != nil }.keys)
    }

    private mutating func revise(_ token: UInt64, _ round: RecoveredRound, _ view: RoundView) {
        guard let issued = attempts[token] else { return }
        let index = issued.attempt.unit.index
        if view.done[index] == token { return }
        let known = round.units.indices.contains(index) ? round.units[index].lease : nil
        let counts = known?.token == token && view.done[index] == nil
        close(token, as: .dead)
        attempts[token]?.standing = .dead
        guard counts else { return }
        attempts[token]?.standing = .orphaned
        attempts[token]?.isRecalled = false
        openCount += 1
        open[issued.attempt.unit, default: []].append(token)
        orphans[issued.worker, default: []].append(token)
    }

    private func isKept(_ lease: Lease, _ plans: [JobPlan]) -> Bool {
        guard let issued = attempts[lease.token] else { return false }
        let plan = plans[issued.assignment.job]
        return !plan.leavesPayload(issued.assignment)
            || plan.rounds[issued.assignment.step].keepsOutputs
    }

    /// The round is over: no attempt at its units counts any more.
    mutating func end(roundOf job: JobID) {
        if let view = rounds.removeValue(forKey: job) { bury(view.number, of: job) }
    }

    private mutating func bury(_ round: Int, of job: JobID) {
        for token in tokens[Self.name(round, of: job)] ?? [] { close(token, as: .dead) }
    }

    private static func name(_ round: Int, of job: JobID) -> WorkUnitID {
        WorkUnitID(job: job, round: round, index: 0)
    }

    private mutating func orphan(_ token: UInt64) {
        guard let standing = attempts[token]?.standing else { return }
        if standing == .live || standing == .returned { attempts[token]?.standing = .orphaned }
    }

    /// The coordinator gave the worker up.
    mutating func abandon(_ worker: Int) {
        for token in held.removeValue(forKey: worker) ?? [] {
            orphan(token)
            orphans[worker, default: []].append(token)
        }
    }

    /// It is known again; what it holds may go on.
    mutating func join(_ worker: Int) {
        for token in orphans.removeValue(forKey: worker) ?? []
        where attempts[token]?.standing == .orphaned {
            attempts[token]?.standing = .returned
            held[worker, default: []].append(token)
        }
    }

    mutating func report(_ attempt: Attempt, _ value: UInt64) {
        attempts[attempt.lease.token]?.reported = value
    }

    mutating func close(_ token: UInt64, as standing: Standing) {
        guard let issued = attempts[token] else { return }
        if issued.standing == .dead || issued.standing == .done { return }
        attempts[token]?.standing = standing
        openCount -= 1
        open[issued.attempt.unit]?.removeAll { $0 == token }
        if open[issued.attempt.unit]?.isEmpty == true { open[issued.attempt.unit] = nil }
        held[issued.worker]?.removeAll { $0 == token }
    }

    /// The outputs of a unit that was done are gone: it has to be done again.
    mutating func undo(_ unit: WorkUnitID) {
        guard let token = rounds[unit.job]?.done.removeValue(forKey: unit.index) else { return }
        attempts[token]?.standing = .dead
    }

    /// Cut in two, a unit has no attempts any more.
    mutating func split(_ unit: WorkUnitID) {
        for token in open[unit] ?? [] { close(token, as: .dead) }
    }

    // Attempts

    mutating func complaint(aboutAssigning assign: Assign, to worker: Int) -> String? {
        let attempt = Attempt(assign.unit, assign.lease)
        let token = assign.lease.token
        if let known = attempts[token] {
            if known.worker != worker || known.attempt != attempt {
                return "\(attempt) belongs to w\(known.worker) and w\(worker)"
            }
            return known.isRecalled ? "\(attempt) was recalled and is sent again" : nil
        }
        if assign.lease.epoch != epoch { return "\(attempt) is of epoch \(assign.lease.epoch)" }
        if ended.contains(assign.unit.job) { return "\(attempt) of a job that is over" }
        guard let round = rounds[assign.unit.job], round.number == assign.unit.round else {
            return "\(attempt) of a round that is not open"
        }
        if round.done[assign.unit.index] != nil { return "\(attempt) was done before" }
        let newest = round.newest[assign.unit.index] ?? 0
        if assign.lease.attempt <= newest { return "\(attempt) follows attempt \(newest)" }
        guard let assignment = Assignment(assign.task) else { return "\(attempt) has no task" }
        issue(Issued(attempt: attempt, worker: worker, assignment: assignment))
        return nil
    }

    private mutating func issue(_ issued: Issued) {
        let (unit, lease) = (issued.attempt.unit, issued.attempt.lease)
        // Whoever was given up is superseded.
        for token in open[unit] ?? [] where attempts[token]?.standing == .orphaned {
            close(token, as: .dead)
        }
        rounds[unit.job]?.newest[unit.index] = lease.attempt
        tokens[Self.name(unit.round, of: unit.job), default: []].append(lease.token)
        attempts[lease.token] = issued
        open[unit, default: []].append(lease.token)
        held[issued.worker, default: []].append(lease.token)
        openCount += 1
        attemptsMost[unit.job] = max(attemptsMost[unit.job] ?? 0, lease.attempt)
    }

    mutating func complaint(
        aboutDone unit: WorkUnitID, _ lease: Lease, _ outcome: UnitOutcome
    ) -> String? {
        let attempt = Attempt(unit, lease)
        guard let issued = attempts[lease.token], issued.attempt == attempt else {
            return "\(attempt) is done, and nobody was given it"
        }
        guard let round = rounds[unit.job], round.number == unit.round else {
            return "\(attempt) is done after its round"
        }
        if let before = round.done[unit.index].flatMap({ attempts[$0] }) {
            return "\(unit) is done by attempts \(before.attempt.lease.attempt) and "
                + "\(lease.attempt)"
        }
        if issued.standing == .dead { return "\(attempt) is done, but it is stale" }
        if issued.reported == nil || issued.reported != outcome.value {
            return "\(attempt) is done as \(outcome), not as w\(issued.worker) said"
        }
        close(lease.token, as: .done)
        rounds[unit.job]?.done[unit.index] = lease.token
        return nil
    }

    // Promises

    mutating func promise(_ job: JobID, key: String, _ spec: JobSpec) -> String? {
        if let known = promised[key] {
            if known.job != job { return "\(key) named \(known.job), now \(job)" }
            return known.spec == spec ? nil : "\(key) was accepted for two specs"
        }
        if specs[job] != nil { return "\(job) has two keys" }
        promised[key] = (job, spec)
        specs[job] = spec
        promises.append(job)
        return nil
    }

    func plan(of job: JobID) -> Int? { specs[job].map(JobPlan.number) }

    /// The last word on a job is the last word.
    mutating func remember(_ status: JobStatus) -> String? {
        guard let known = final[status.job] else {
            final[status.job] = status
            return nil
        }
        if retriesAsked.contains(status.job) {
            final[status.job] = status
            return nil
        }
        return known == status ? nil : "\(status.job) ended as \(known), now as \(status)"
    }

    func hasReasonToFail(_ job: JobID, _ policy: Policy) -> Bool {
        attemptsMost[job] ?? 0 >= min(policy.attemptsMax, policy.lossesMax)
    }
}
