// The network: loses, delays, repeats, reorders, holds back, and says again what it heard long ago.

import Protocol

extension World {
    /// A new connection of a worker or client; the old one, if any, is closed.
    mutating func open(_ owner: Owner) -> Int {
        links.append(Link(owner: owner))
        return links.count - 1
    }

    mutating func close(_ link: Int) {
        if links.indices.contains(link) { links[link].isOpen = false }
    }

    mutating func sendUp(_ content: Content, request: UInt64 = 0, over link: Int) {
        guard links.indices.contains(link), links[link].isOpen else { return }
        let letter = Letter(
            link: Int32(link), isUp: true, request: request, content: content)
        record(letter)
        if isFaulty, now < links[link].upCutUntil { return noteLoss(letter) }
        post(letter, last: \.upArrivesAt)
    }

    mutating func sendDown(_ content: Content, request: UInt64 = 0, over link: Int) {
        guard links[link].isOpen else { return }
        let letter = Letter(
            link: Int32(link), isUp: false, request: request, content: content)
        record(letter)
        if isFaulty, now < links[link].downCutUntil { return noteLoss(letter) }
        // Whoever does not read loses what is beyond the queue.
        guard links[link].queuedDown < options.queueMax else { return noteLoss(letter) }
        post(letter, last: \.downArrivesAt)
    }

    private mutating func noteLoss(_ letter: Letter) {
        var note = Note(at: now, kind: .lost)
        note.name(letter.content)
        log.add(note)
    }

    private mutating func post(_ letter: Letter, last: WritableKeyPath<Link, Int64>) {
        guard isFaulty else { return put(letter, last, delay: 1 + chance.below(4)) }
        if chance.happens(perMille: options.lossShare) { return noteLoss(letter) }
        let copies = chance.happens(perMille: options.duplicateShare) ? 2 : 1
        for _ in 0..<copies {
            var delay = chance.between(options.delayMin, options.delayMax)
            if chance.happens(perMille: options.spikeShare) { delay += chance.below(6_000) }
            put(letter, last, delay: delay)
        }
    }

    private mutating func put(
        _ letter: Letter, _ last: WritableKeyPath<Link, Int64>, delay: Int
    ) {
        let link = Int(letter.link)
        var moment = now + Int64(delay)
        if isFaulty { moment = max(moment, links[link].clogUntil) }
        if !options.reorders || !isFaulty {
            moment = max(moment, letter.isUp ? links[link].upArrivesAt : links[link].downArrivesAt)
            if letter.isUp {
                links[link].upArrivesAt = moment
            } else {
                links[link].downArrivesAt = moment
            }
        }
        if !letter.isUp { links[link].queuedDown += 1 }
        agenda.add(.arrives(letter: letters.put(letter)), at: moment)
    }

    /// Keeps the message for later, and may say an earlier one again.
    private mutating func record(_ letter: Letter) {
        guard isFaulty, options.replayShare > 0 else { return }
        let earlier: Letter?
        let again = chance.happens(perMille: options.replayShare)
        switch links[Int(letter.link)].owner {
        case .worker(let worker):
            earlier = again ? workers[worker].recorder.any(&chance) : nil
            workers[worker].recorder.note(letter)
        case .client(let client):
            earlier = again ? clients[client].recorder.any(&chance) : nil
            clients[client].recorder.note(letter)
        }
        guard var echo = earlier else { return }
        // Some come over the connection that they belong to, which may be gone.
        echo.isEcho = true
        echo.isMoved = !chance.oneIn(4)
        agenda.add(
            .arrives(letter: letters.put(echo)), at: now + Int64(chance.skewed(20_000)))
    }

    mutating func arrive(_ index: Int32) {
        guard var letter = letters.take(index) else { return }
        let owner = links[Int(letter.link)].owner
        if isHealed, case .other(let parcel) = letter.content, case .retry = parcel.header {
            return
        }
        if letter.isEcho {
            // Once the network has become good, nothing old comes any more.
            guard isFaulty else { return }
            if letter.isMoved {
                guard let current = link(of: owner) else { return }
                letter.link = Int32(current)
            }
        } else if !letter.isUp {
            links[Int(letter.link)].queuedDown -= 1
        }
        guard links[Int(letter.link)].isOpen else { return }
        if letter.isUp { return coordinatorReceives(letter) }
        switch owner {
        case .worker(let worker): workerReceives(letter, worker)
        case .client(let client): clientReceives(letter, client)
        }
    }

    private func link(of owner: Owner) -> Int? {
        let link =
            switch owner {
            case .worker(let worker): workers[worker].link
            case .client(let client): clients[client].link
            }
        return link >= 0 && links[link].isOpen ? link : nil
    }
}
