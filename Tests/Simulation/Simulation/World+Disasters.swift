// What goes wrong at large: processes die and stand still, links break and clog, disks crawl.

import Cluster
import Protocol

extension World {
    mutating func strike() {
        guard isFaulty else { return }
        agenda.add(.disaster, at: now + 1 + Int64(chance.below(2 * options.disasterEvery)))
        bring(chance.pick(options.disasters))
    }

    private mutating func bring(_ disaster: Disaster) {
        switch disaster {
        case .killWorker: if let victim = anyWorker() { killWorker(victim) }
        case .killMany: killMany()
        case .bearWorker: if aliveWorkers.count < 2 * options.workers + 2 { bearWorker() }
        case .drainWorker: if let victim = anyWorker() { drain(victim) }
        case .pauseWorker: if let victim = anyWorker() { pause(victim, chance.skewed(40_000)) }
        case .cutWorker: if let link = anyLink() { cut(link, for: chance.skewed(30_000)) }
        case .swizzle: swizzle()
        case .resetLink: if let link = anyLink() { reset(link) }
        case .flap: flap()
        case .slowWorker: slowDown()
        case .killCoordinator: doomCoordinator()
        case .losePower: killCoordinator(losingPower: true)
        case .pauseCoordinator: pauseCoordinator(chance.skewed(25_000))
        case .slowDisk: coordinator.slowDiskUntil = now + Int64(chance.below(10_000))
        case .loseFiles: loseFiles()
        case .disturbClient: disturbClient()
        }
    }

    private mutating func anyWorker() -> Int? {
        let alive = aliveWorkers
        return alive.isEmpty ? nil : chance.pick(alive)
    }

    private mutating func anyLink() -> Int? {
        let open = links.indices.suffix(4 * options.workers + 20).filter { links[$0].isOpen }
        return open.isEmpty ? nil : chance.pick(open)
    }

    private mutating func killMany() {
        for worker in aliveWorkers where chance.oneIn(2) { killWorker(worker) }
    }

    mutating func drain(_ worker: Int) {
        guard !workers[worker].isAskedToDrain else { return }
        workers[worker].isAskedToDrain = true
        workers[worker].session.handle(
            .drainRequested, at: workers[worker].clock.moment(now), into: &sessionEffects)
        turnWorker(worker)
    }

    /// SIGSTOP: its compute threads stand still, too.
    mutating func pause(_ worker: Int, _ milliseconds: Int) {
        guard now >= workers[worker].pausedUntil else { return }
        note(.workerPaused, who: worker, number: UInt64(milliseconds))
        workers[worker].pausedUntil = now + Int64(milliseconds)
        for index in workers[worker].computing.indices {
            workers[worker].computing[index].endsAt += Int64(milliseconds)
        }
        wake(worker, at: workers[worker].pausedUntil)
    }

    mutating func pauseCoordinator(_ milliseconds: Int) {
        guard coordinator.isUp, now >= coordinator.pausedUntil else { return }
        note(.coordinatorPaused, number: UInt64(milliseconds))
        coordinator.pausedUntil = now + Int64(milliseconds)
    }

    /// One way, the other way or both.
    mutating func cut(_ link: Int, for milliseconds: Int) {
        guard isFaulty else { return }
        let (until, way) = (now + Int64(milliseconds), chance.below(3))
        if way != 0 { links[link].upCutUntil = until }
        if way != 1 { links[link].downCutUntil = until }
        note(.cut, number: UInt64(link) << 32 | UInt64(milliseconds))
    }

    /// Stops links one by one and restores them in another order.
    private mutating func swizzle() {
        for link in links.indices where links[link].isOpen && chance.oneIn(2) {
            links[link].clogUntil = now + Int64(chance.below(12_000))
            note(.clogged, number: UInt64(link))
        }
    }

    mutating func reset(_ link: Int) {
        note(.reset, number: UInt64(link))
        close(link)
        switch links[link].owner {
        case .worker(let worker): reconnectWorker(worker)
        case .client(let client): reconnectClient(client)
        }
    }

    private mutating func flap() {
        guard let link = anyLink() else { return }
        for turn in 0..<10 {
            agenda.add(
                .cut(link: Int32(link), forMilliseconds: 1_500), at: now + Int64(turn) * 3_000)
        }
    }

    private mutating func slowDown() {
        guard let worker = anyWorker() else { return }
        note(.workerSlow, who: worker)
        workers[worker].slowness = workers[worker].slowness == 1 ? options.slowness : 1
    }

    private mutating func doomCoordinator() {
        guard coordinator.isUp else { return }
        let doom = chance.pick(Doom.allCases)
        if doom == .atOnce { killCoordinator() } else { coordinator.doom = doom }
    }

    /// A damaged checkpoint is found out, and the generation before is used; a damaged output is as
    /// good as none.
    private mutating func loseFiles() {
        for job in checker.promises where chance.oneIn(2) {
            if store.checkpoints[job]?.count ?? 0 > 1 { store.checkpoints[job]?.removeLast() }
            if let index = store.files[job]?.keys.min() { store.files[job]?[index] = nil }
        }
    }

    private mutating func disturbClient() {
        let busy = clients.indices.filter { clients[$0].stage != .content && clients[$0].link >= 0 }
        guard !busy.isEmpty else { return }
        let client = chance.pick(busy)
        if chance.oneIn(3) {
            restartClient(client)
        } else if links[clients[client].link].isOpen {
            if chance.oneIn(2) {
                cut(clients[client].link, for: chance.below(8_000))
            } else {
                reset(clients[client].link)
            }
        }
    }
}
