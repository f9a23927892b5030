// The second phase: faults stop, and everything that was promised must come about in time.

import Cluster
import Protocol

extension World {
    mutating func heal() {
        note(.healed)
        isHealed = true
        healedAt = now
        coordinator.doom = nil
        coordinator.slowDiskUntil = now
        for link in links.indices {
            links[link].upCutUntil = 0
            links[link].downCutUntil = 0
            links[link].clogUntil = 0
        }
        for worker in aliveWorkers {
            workers[worker].slowness = 1
            if workers[worker].isStuck { killWorker(worker) }
        }
        agenda.add(.deadline, at: now + Int64(patience))
        // Nothing was ever wrong.
        if options.faultyUntil == 0 { return }
        let able = aliveWorkers.count { !workers[$0].isNarrow && !workers[$0].isAskedToDrain }
        for _ in 0..<max(0, options.workers - able) { bearWorker() }
        for client in clients.indices where clients[client].stage == .content {
            clients[client].stage = .greeting
            wakeClientAgain(client, in: 1 + chance.below(2_000))
        }
    }

    /// What the rest may take at most, from the work and the figures of the policy.
    private var patience: Int {
        let policy = options.policy
        let blocks = plans.reduce(0) { $0 + $1.blocks }
        let serial = 2 * blocks * options.blockMilliseconds
        let longest = plans.reduce(0) { sum, plan in
            sum + plan.rounds.reduce(0) { $0 + $1.blocks / max(1, $1.units) }
        }
        let rounds = plans.reduce(0) { $0 + $1.rounds.count + 1 }
        // Pauses and clogs that began before the end of faults run out by themselves.
        let late =
            45_000 + policy.leaseMilliseconds + 4 * policy.livenessMilliseconds
            + policy.retryBackoffMaxMilliseconds
        let work = 3 * (serial / options.workers + 2 * longest * options.blockMilliseconds)
        let turns = rounds * (options.planMax + options.commitMax * 4 + 6_000)
        let deaths = options.hasPoison ? 60 * (policy.livenessMilliseconds + 8_000) : 0
        return late + work + turns + deaths * clients.count
    }

    /// Asked whenever a client is content.
    mutating func seeWhoIsContent() {
        guard contentAt == nil, isHealed,
            clients.allSatisfy({ $0.stage == .content })
        else { return }
        contentAt = now
        agenda.add(.inspection, at: now + 1)
    }

    mutating func meetDeadline() {
        guard contentAt == nil else { return }
        let waiting = clients.indices.filter { clients[$0].stage != .content }.map {
            "client \($0) of job \(clients[$0].plan) is \(clients[$0].stage)"
        }
        let jobs = checker.promises.compactMap {
            coordinator.scheduler.status(of: $0, at: coordinatorMoment)
        }.map { "\($0.job) \($0.state) \($0.stage) \($0.unitsDone)/\($0.unitsTotal)" }
        fail(
            "no end \(patience) ms after the last fault: "
                + (waiting + jobs).joined(separator: "; "))
    }

    /// Soon after the last job nobody computes, and nobody holds what nobody wants.
    mutating func inspect() {
        let noise = noise
        guard let noise else {
            isOver = true
            return
        }
        let policy = options.policy
        let limit = 60_000 + policy.leaseMilliseconds + 4 * policy.livenessMilliseconds
        if now - (contentAt ?? now) > limit { return fail(noise) }
        agenda.add(.inspection, at: now + 500)
    }

    private var noise: String? {
        for worker in aliveWorkers {
            if let unit = workers[worker].computing.first?.attempt {
                return "w\(worker) still computes \(unit)"
            }
            if let attempt = workers[worker].holdings.first?.attempt {
                return "w\(worker) still holds \(attempt)"
            }
            if !workers[worker].session.isConnected { return "w\(worker) is not connected" }
        }
        return store.pending.isEmpty ? nil : "the store is busy"
    }

    mutating func checkEnd() {
        fail(coordinator.scheduler.contradiction)
        if !isOver { fail("the world stood still at \(now) ms") }
        for job in checker.promises {
            guard let told = checker.final[job] else {
                fail("nobody learned how \(job) ended")
                continue
            }
            if ledger.rows[job]?.recovered.ended != told {
                fail("\(job) ended as \(told.state), but not in the ledger")
            }
            if coordinator.scheduler.status(of: job, at: coordinatorMoment) != told {
                fail("\(job) ended as \(told.state), and was forgotten")
            }
        }
        if checker.openCount != 0 { fail("\(checker.openCount) attempts are still open") }
    }

    /// A worker's epoch never falls, and what it holds is bounded.
    mutating func judgeSession(_ worker: Int) {
        let epoch = workers[worker].session.epoch ?? 0
        if epoch < workers[worker].epoch {
            fail("w\(worker) went from epoch \(workers[worker].epoch) to \(epoch)")
        }
        workers[worker].epoch = epoch
        let held = workers[worker].holdings.count
        if held > 64 * workers[worker].slots { fail("w\(worker) holds \(held) outputs") }
        if workers[worker].computing.count > workers[worker].slots {
            fail("w\(worker) computes more than it has slots")
        }
        if sessionEffects.send.count > 256 + held {
            fail("w\(worker) sends \(sessionEffects.send.count) messages at once")
        }
    }
}

/// What figures are made of.
struct Observations {
    var killed: [(worker: Int, at: Int64)] = []
    var abandoned: [(worker: Int, at: Int64)] = []
    var assigned: [(unit: WorkUnitID, worker: Int, at: Int64)] = []
    var ended: [Int64] = []
}

extension World {
    /// One to a few stages; the units of a stage are as many as there are slots, or fixed.
    mutating func drawPlan(number: Int) -> JobPlan {
        let count = chance.between(1, options.roundsMax)
        var rounds: [RoundPlan] = []
        while rounds.count < count {
            let repeats = chance.between(1, count - rounds.count)
            let blocks = chance.between(1, options.blocksMax)
            let units = chance.oneIn(3) ? 0 : chance.between(1, blocks)
            let canSplit = !chance.oneIn(3)
            let measured = chance.pick([0, 2, 8])
            let keepsOutputs = chance.oneIn(2)
            for index in 0..<repeats {
                rounds.append(
                    RoundPlan(
                        stage: "stage \(rounds.count - index)", index: index, count: repeats,
                        blocks: blocks, units: units, canSplit: canSplit,
                        keepsOutputs: keepsOutputs, measuredOf8: measured))
            }
        }
        var poison: (step: Int, block: Int)?
        if options.hasPoison, number == 0 {
            let step = chance.below(rounds.count)
            poison = (step, chance.below(rounds[step].blocks))
        }
        return JobPlan(
            number: number, rounds: rounds, poison: poison, isExact: !chance.oneIn(3))
    }
}
