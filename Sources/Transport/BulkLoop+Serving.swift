// The listening side's greetings, and the chunks that either side hands out.

import Protocol

extension BulkLoop {
    /// Encoding fails only for headers beyond the limits, which are counted and dropped.
    func send(_ message: Message, to peer: PeerID?) throws(TransportError) -> Socket.Delivery {
        let frames: [Frame]
        do throws(CodecError) { frames = try Codec.encode(message) } catch {
            shared.counts.rejected.count()
            return .accepted
        }
        return try socket.send(frames, to: peer)
    }

    /// Whether the key behind a message allows it; whoever asks for what he may not have is told.
    func mayPass(
        _ message: Message, from peer: PeerID?, under key: PublicKey?
    ) throws(TransportError) -> Bool {
        guard case .serving(_, let door?) = side, let peer else { return true }
        guard let holder = door.holder(of: key) else {
            door.noteForbidden()
            // Once: whoever goes on talking is not listened to.
            if peers.name(of: peer) != nil || message.header.isHello {
                try refuse(peer, .revoked)
            }
            lose(peer)
            return false
        }
        if holder.role.permits(message.header) {
            guard case .hello(let hello) = message.header,
                !door.admits(hello.name, as: holder)
            else { return true }
            door.noteForbidden()
            try refuse(peer, .nameTaken(hello.name, by: holder))
            return false
        }
        door.noteForbidden()
        let fault = holder.refusal(of: message.header)
        switch message.header {
        case .hello: try refuse(peer, fault)
        case .get(let get):
            let missing = Missing(payload: get.payload, fault: fault)
            _ = try send(Message(.missing(missing), request: message.request), to: peer)
        default: break
        }
        return false
    }

    func greet(_ hello: Hello, from peer: PeerID?) throws(TransportError) {
        guard case .serving(let welcome, _) = side, let peer else {
            return shared.counts.rejected.count()
        }
        guard hello.protocolVersion == Limits.protocolVersion else {
            return try refuse(peer, .otherVersion(hello, than: welcome))
        }
        // Welcomed, it would wait here for work for ever.
        guard hello.capabilities?.kinds.isEmpty ?? true else {
            return try refuse(peer, .otherPort(hello))
        }
        if peers.count >= Limits.workersMax, peers.peer(of: hello.name) == nil {
            try forgetTheGone(welcome)
            guard peers.count < Limits.workersMax else { return try refuse(peer, .tooManyPeers) }
        }
        if case .new(let formerPeer, let formerName) = peers.bind(hello.name, to: peer) {
            if let formerPeer { gets.forget(formerPeer) }
            if let formerName { lanes[.worker(formerName)]?.close() }
            lanes[.worker(hello.name)]?.open(at: MonotonicClock.seconds)
        }
        // If it is lost, the HELLO comes again.
        _ = try send(Message(.welcome(welcome)), to: peer)
    }

    private func refuse(_ peer: PeerID, _ fault: Fault) throws(TransportError) {
        _ = try send(Message(.refused(Refused(fault: fault))), to: peer)
    }

    /// The socket never says that a connection ended, but refuses to send to it.
    private func forgetTheGone(_ welcome: Welcome) throws(TransportError) {
        for peer in peers.all {
            let delivery = try send(Message(.welcome(welcome)), to: peer)
            if delivery == .unknownPeer { lose(peer) }
        }
    }

    func lose(_ peer: PeerID) {
        gets.forget(peer)
        if let name = peers.forget(peer) { lanes[.worker(name)]?.close() }
    }

    func queue(_ get: Get, number: UInt64, from peer: PeerID?) {
        // A dealer that reconnected may ask before it says its name again; it will ask once more.
        if let peer, peers.name(of: peer) == nil { return shared.counts.rejected.count() }
        gets.add(GetQueue.Request(asker: peer, number: number, get: get))
    }

    /// Hands out chunks in turn until all askers have theirs, or the socket is full.
    func serve(at now: Double, atMost count: Int) throws(TransportError) {
        guard serveAt <= now else { return }
        var blocked = 0
        for _ in 0..<count {
            guard let request = gets.next() else { return }
            switch try serve(request) {
            case .accepted: blocked = 0
            case .unknownPeer: if let peer = request.asker { lose(peer) }
            case .wouldBlock:
                gets.putBack(request)
                blocked += 1
                guard blocked < Limits.chunksInFlightMax else {
                    serveAt = now + 0.005
                    return
                }
            }
        }
    }

    private func serve(
        _ request: GetQueue<PeerID?>.Request
    ) throws(TransportError) -> Socket.Delivery {
        let get = request.get
        switch shared.shelf.piece(get) {
        case .busy:
            return .wouldBlock
        case .missing(let fault):
            let missing = Missing(payload: get.payload, fault: fault)
            return try send(
                Message(.missing(missing), request: request.number), to: request.asker)
        case .bytes(let body):
            let chunk = Chunk(payload: get.payload, offset: get.offset)
            let delivery = try send(
                Message(.chunk(chunk), request: request.number, body: body), to: request.asker)
            if delivery == .accepted {
                shared.counts.bytesSent.count(body.count)
                shared.counts.chunksSent.count()
            }
            return delivery
        }
    }
}

extension Fault {
    fileprivate static func otherPort(_ hello: Hello) -> Fault {
        Fault(
            .configuration,
            "\(hello.name) came to the bulk port of the coordinator; name its control port, which "
                + "is the one before")
    }

    fileprivate static func otherVersion(_ hello: Hello, than welcome: Welcome) -> Fault {
        Fault(
            .versionMismatch,
            "\(hello.name) speaks protocol \(hello.protocolVersion) (software "
                + "\(hello.softwareVersion)), the coordinator \(Limits.protocolVersion) (software "
                + "\(welcome.softwareVersion)); install the same version on both")
    }

    fileprivate static let tooManyPeers = Fault(
        .unavailable,
        "\(Limits.workersMax) processes are connected to the bulk plane, the most it allows",
        retryable: true)
}

extension Header {
    fileprivate var isHello: Bool {
        if case .hello = self { true } else { false }
    }
}
