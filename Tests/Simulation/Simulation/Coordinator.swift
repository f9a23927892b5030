// The simulated coordinator process: the loop of `ClusterThread`, with a crash possible between
// any two of its steps.

import Cluster
import Protocol

/// Where the coordinator dies when its death was decided.
enum Doom: UInt8, CaseIterable {
    case atOnce, beforeCommit, commitLost, commitKept, afterCommit, afterStore, whileSending
}

struct CoordinatorProcess {
    /// Rises with every start.
    var life: Int32 = 0
    var isUp = false
    var scheduler: Scheduler
    var clock: Clock
    var desk = Desk()
    var inbox: [Letter] = []
    /// Empty; swapped with the inbox to keep its memory.
    var spare: [Letter] = []
    var mail: [Event] = []
    var effects = Effects()
    /// Waits for its disk.
    var isCommitting = false
    var turnsAt: Int64 = -1
    var wakeAt: Int64 = -1
    var pausedUntil: Int64 = 0
    var doom: Doom?
    var slowDiskUntil: Int64 = 0
    var jobsNamed = 0
    /// Turns that ended with the wish to go on at once.
    var spins = 0
    var eventsHandled = 0
    /// In this turn.
    var lettersRead = 0
}

extension World {
    var coordinatorMoment: Moment { coordinator.clock.moment(now) }

    mutating func startCoordinator() {
        guard !coordinator.isUp else { return }
        let epoch = ledger.raiseEpoch()
        coordinator.isUp = true
        coordinator.clock = drawClock()
        coordinator.desk = Desk()
        coordinator.inbox.removeAll()
        coordinator.mail.removeAll()
        coordinator.isCommitting = false
        coordinator.wakeAt = -1
        coordinator.turnsAt = -1
        coordinator.doom = nil
        coordinator.effects = Effects()
        coordinator.scheduler = Scheduler(
            epoch: epoch, policy: options.policy, seed: chance.bits())
        note(.coordinatorStarted, number: epoch)
        let recovered = ledger.recovered
        checker.restart(epoch: epoch, from: ledger, plans)
        coordinator.scheduler.recover(
            recovered, at: coordinatorMoment, into: &coordinator.effects)
        for index in workers.indices where workers[index].isAlive { reconnectWorker(index) }
        for index in clients.indices { reconnectClient(index) }
        judgeEffects(from: Mark())
        carryOutEffects()
    }

    mutating func coordinatorReceives(_ letter: Letter) {
        guard coordinator.isUp else { return }
        coordinator.inbox.append(letter)
        turnSoon()
    }

    mutating func coordinatorHears(_ event: Event) {
        coordinator.mail.append(event)
        turnSoon()
    }

    private mutating func turnSoon() {
        guard !coordinator.isCommitting, coordinator.turnsAt < 0 else { return }
        coordinator.turnsAt = max(now, coordinator.pausedUntil)
        agenda.add(.coordinatorTurns(life: coordinator.life), at: coordinator.turnsAt)
    }

    /// One turn of the loop: mail, messages, tick, answers; then the effects.
    mutating func turnCoordinator() {
        guard coordinator.isUp, !coordinator.isCommitting else { return }
        coordinator.turnsAt = -1
        if now < coordinator.pausedUntil { return turnSoon() }
        let mail = coordinator.mail
        coordinator.mail.removeAll()
        for event in mail { schedule(event) }
        receiveLetters()
        let mark = markEffects()
        coordinator.scheduler.tick(at: coordinatorMoment, into: &coordinator.effects)
        judgeEffects(from: mark)
        coordinator.desk.answer(coordinator.scheduler, at: coordinatorMoment)
        carryOutEffects()
    }

    private mutating func receiveLetters() {
        var batch: [Letter] = []
        swap(&batch, &coordinator.spare)
        swap(&batch, &coordinator.inbox)
        coordinator.lettersRead = min(batch.count, 1_000)
        for letter in batch.prefix(1_000) {
            noteUp(letter)
            let event = coordinator.desk.take(
                letter, coordinator.scheduler, naming: coordinator.jobsNamed + 1, now)
            guard let event else { continue }
            if case .jobSubmitted = event { coordinator.jobsNamed += 1 }
            schedule(event)
        }
        coordinator.inbox.append(contentsOf: batch.dropFirst(1_000))
        batch.removeAll(keepingCapacity: true)
        swap(&batch, &coordinator.spare)
    }

    private mutating func noteUp(_ letter: Letter) {
        guard case .worker(let worker) = links[Int(letter.link)].owner else { return }
        var note = Note(at: now, kind: .up, who: Int32(worker))
        note.name(letter.content)
        log.add(note)
    }

    private mutating func schedule(_ event: Event) {
        coordinator.eventsHandled += 1
        let mark = markEffects()
        let isStale = judge(event)
        coordinator.scheduler.handle(
            event, at: coordinatorMoment, into: &coordinator.effects)
        if isStale { judgeStale(event, from: mark) }
        judgeEffects(from: mark)
    }

    // Effects, in their order

    private mutating func carryOutEffects() {
        var wait = coordinator.lettersRead * options.letterMicroseconds / 1_000
        if coordinator.effects.journal.isEmpty, wait == 0 { return endCommit() }
        if coordinator.doom == .beforeCommit { return killCoordinator() }
        coordinator.isCommitting = true
        wait += chance.below(options.commitMax + 1)
        if now < coordinator.slowDiskUntil { wait += chance.below(4_000) }
        if wait == 0 { return endCommit() }
        agenda.add(.committed(life: coordinator.life), at: now + Int64(wait))
    }

    /// The disk says that the transaction is there.
    mutating func endCommit() {
        if now < coordinator.pausedUntil {
            coordinator.isCommitting = true
            return agenda.add(
                .committed(life: coordinator.life), at: coordinator.pausedUntil)
        }
        coordinator.isCommitting = false
        if !coordinator.effects.journal.isEmpty {
            if coordinator.doom == .commitLost { return killCoordinator() }
            fail(ledger.commit(coordinator.effects.journal))
            note(.committed, number: UInt64(coordinator.effects.journal.count))
            if coordinator.doom == .commitKept || coordinator.doom == .afterCommit {
                return killCoordinator()
            }
        }
        let hasStoreWork = !coordinator.effects.store.isEmpty
        for command in coordinator.effects.store { obey(command) }
        if hasStoreWork, coordinator.doom == .afterStore { return killCoordinator() }
        if sendReplies() { sleepUntilWoken() }
    }

    /// - Returns: false if the coordinator died over it.
    private mutating func sendReplies() -> Bool {
        coordinator.desk.address(coordinator.effects.outbound)
        let replies = coordinator.desk.replies
        coordinator.desk.replies.removeAll(keepingCapacity: true)
        let isDoomed = coordinator.doom == .whileSending && !replies.isEmpty
        let sent = isDoomed ? chance.below(replies.count) : replies.count
        for reply in replies.prefix(sent) {
            judgeSending(reply.content)
            if links[reply.peer].isOpen {
                sendDown(reply.content, request: reply.request, over: reply.peer)
            } else {
                coordinator.desk.forget(reply.peer)
            }
        }
        if isDoomed { killCoordinator() }
        return !isDoomed
    }

    private mutating func sleepUntilWoken() {
        let wakeAt = coordinator.effects.wakeAt
        coordinator.effects.removeAll()
        if !coordinator.inbox.isEmpty || !coordinator.mail.isEmpty { return turnSoon() }
        let moment = wakeAt.map { coordinator.clock.time(of: $0, after: now) } ?? .max
        coordinator.spins = moment <= now + 1 ? coordinator.spins + 1 : 0
        if coordinator.spins > 1_000 { fail("the coordinator's loop spins without a pause") }
        coordinator.wakeAt = min(moment, now + 1_000)
        agenda.add(.coordinatorWakes(life: coordinator.life), at: coordinator.wakeAt)
    }

    /// What is on its way is lost with the connections; what was journaled is there.
    mutating func killCoordinator(losingPower: Bool = false) {
        guard coordinator.isUp else { return }
        note(losingPower ? .powerLost : .coordinatorDied)
        coordinator.isUp = false
        coordinator.life += 1
        coordinator.pausedUntil = 0
        ledger.crash(losingPower: losingPower, &chance)
        store.crash()
        for index in links.indices where links[index].isOpen { close(index) }
        agenda.add(.coordinatorStarts, at: now + 1 + Int64(chance.below(options.restartMax)))
    }
}
