// Who is connected to the online plane, and what their messages mean to the broker.

import Cluster
import Logging
import Protocol
import Transport

/// Used by the search thread alone.
struct SearchDesk {
    private enum Guest: Equatable {
        case worker(WorkerID)
        case client
    }

    private struct Asker {
        let peer: PeerID
        let request: UInt64
        let search: Search
        let body: Frame
        let arrived: Double
    }

    private let door: Doorkeeper
    private let welcome: Welcome
    private let meters: CoordinatorMeters
    private let logger: Logger
    private var files: OfferedIndexes
    private var broker: SearchBroker
    private var memo = IndexMemo()
    private var guests: RecentTable<PeerID, Guest>
    private var addresses: [WorkerID: PeerID] = [:]
    private var askers: [UInt64: Asker] = [:]
    private var effects = SearchEffects()
    private var replies: [(peer: PeerID, message: Message)] = []
    private var lastTicket: UInt64 = 0

    init(
        behind door: Doorkeeper, epoch: UInt64, policy: Policy, files: OfferedIndexes,
        meters: CoordinatorMeters, logger: Logger
    ) {
        self.door = door
        self.files = files
        self.meters = meters
        self.logger = logger
        welcome = Welcome(
            epoch: epoch, softwareVersion: softwareVersion,
            heartbeatMilliseconds: policy.heartbeatMilliseconds,
            livenessMilliseconds: policy.livenessMilliseconds)
        broker = SearchBroker(livenessMilliseconds: policy.livenessMilliseconds)
        guests = RecentTable(
            countMax: Limits.peersRememberedMax, lifetimeMilliseconds: 3_600_000,
            now: monotonicMilliseconds())
    }

    func patience(at now: Int64) -> Int {
        guard let wake = effects.wakeAt else { return 1_000 }
        return Int(min(max(wake.milliseconds - now, 0), 1_000))
    }

    mutating func turn(_ socket: inout Socket) throws(TransportError) {
        for _ in 0..<256 {
            guard let (peer, key, frames) = try socket.receiveSigned() else { break }
            guard let peer else { continue }
            guard let holder = door.holder(of: key) else {
                door.noteForbidden()
                reply(to: peer, .refused(Refused(fault: .revoked)))
                continue
            }
            do throws(CodecError) { take(try memo.decode(frames), from: peer, holder) } catch {
                let refused = Refused(fault: Fault(.usage, "\(error)"))
                reply(to: peer, .refused(refused), Codec.request(of: frames))
            }
        }
        broker.tick(at: .now, into: &effects)
        forgetSilent()
        // A worker that is found gone when it is asked leaves requests for others, and answers.
        repeat {
            perform()
            for (peer, message) in replies { try deliver(message, to: peer, on: socket) }
            replies.removeAll()
        } while !effects.requests.isEmpty || !effects.answers.isEmpty
    }

    /// Whoever fell silent has said no goodbye.
    private mutating func forgetSilent() {
        guard addresses.count > broker.workersCount else { return }
        let here = Set(broker.workers)
        for (worker, peer) in addresses where !here.contains(worker) {
            addresses[worker] = nil
            guests.remove(peer)
        }
    }

    // MARK: Messages

    private mutating func take(_ message: Message, from peer: PeerID, _ holder: KeyHolder) {
        guard holder.role.permits(message.header) else {
            door.noteForbidden()
            let refused = Refused(fault: holder.refusal(of: message.header))
            return reply(to: peer, .refused(refused), message.request)
        }
        if case .hello(let hello) = message.header {
            return admit(hello, peer, message.request, holder)
        }
        switch (guests.use(peer, now: monotonicMilliseconds()), message.header) {
        case (.worker(let worker), .heartbeat) where broker.heard(worker, at: .now): break
        case (.worker(let worker), .goodbye): leave(worker)
        case (.worker(let worker), .scored(let scored)):
            take(scored, message.body, from: worker)
        case (.client, .search(let search)):
            ask(search, message.body ?? .empty, peer, message.request)
        case (nil, _), (.worker, .heartbeat):
            reply(to: peer, .refused(Refused(fault: .unacquainted)), message.request)
        case (_, let header):
            let fault = Fault(.forbidden, "\(header.kind) is not said where searches are asked")
            reply(to: peer, .refused(Refused(fault: fault)), message.request)
        }
    }

    private mutating func admit(
        _ hello: Hello, _ peer: PeerID, _ request: UInt64, _ holder: KeyHolder
    ) {
        guard hello.protocolVersion == Limits.protocolVersion else {
            let fault = Fault(
                .versionMismatch,
                "\(hello.name) speaks version \(hello.protocolVersion) of the protocol and this "
                    + "coordinator version \(Limits.protocolVersion); install the same on both")
            return reply(to: peer, .refused(Refused(fault: fault)), request)
        }
        if hello.role == .worker {
            guard door.admits(hello.name, as: holder) else {
                let fault = Fault.nameTaken(hello.name, by: holder)
                return reply(to: peer, .refused(Refused(fault: fault)), request)
            }
            let former = addresses.updateValue(peer, forKey: hello.name)
            if let former, former != peer {
                guests.remove(former)
                broker.returned(hello.name, at: .now, into: &effects)
            } else {
                broker.joined(hello.name, at: .now, into: &effects)
            }
        }
        guests.set(
            peer, hello.role == .worker ? .worker(hello.name) : .client,
            now: monotonicMilliseconds())
        reply(to: peer, .welcome(welcome), request)
    }

    private mutating func leave(_ worker: WorkerID) {
        if let peer = addresses.removeValue(forKey: worker) { guests.remove(peer) }
        broker.left(worker, at: .now, into: &effects)
    }

    private mutating func take(_ scored: Scored, _ body: Frame?, from worker: WorkerID) {
        var scored = scored
        var hits: [Hit] = []
        if scored.fault == nil {
            do throws(CodecError) { hits = try Hits.decode(body ?? .empty) } catch {
                scored.fault = Fault(.data, "worker \(worker) sent hits that are none: \(error)")
            }
        }
        if let fault = scored.fault { logger.warning("worker \(worker) cannot search: \(fault)") }
        broker.scored(scored, hits, by: worker, at: .now, into: &effects)
    }

    private mutating func ask(
        _ search: Search, _ body: Frame, _ peer: PeerID, _ request: UInt64
    ) {
        // Said again while it is under way.
        if askers.values.contains(where: { $0.peer == peer && $0.request == request }) { return }
        files.offer(search.index)
        if let model = search.model { files.offer(model) }
        lastTicket += 1
        askers[lastTicket] = Asker(
            peer: peer, request: request, search: search, body: body, arrived: monotonicSeconds())
        broker.asked(search, ticket: lastTicket, at: .now, into: &effects)
    }

    // MARK: Effects

    private mutating func perform() {
        for request in effects.requests {
            guard let asker = askers[request.ticket], let peer = addresses[request.worker] else {
                continue
            }
            let score = Score(
                ticket: request.ticket, index: asker.search.index, shards: request.shards,
                top: asker.search.top, deadlineMilliseconds: request.milliseconds,
                model: asker.search.model)
            replies.append((peer, Message(.score(score), body: asker.body)))
        }
        effects.requests.removeAll()
        for answer in effects.answers {
            guard let asker = askers.removeValue(forKey: answer.ticket) else { continue }
            let seconds = monotonicSeconds() - asker.arrived
            switch answer.outcome {
            case .failed(let fault):
                meters.searched(.failed, seconds: seconds)
                reply(to: asker.peer, .refused(Refused(fault: fault)), asker.request)
            case .found(let hits, let missing, let slowest):
                meters.searched(missing.isEmpty ? .answered : .partial, seconds: seconds)
                let found = Found(
                    missing: missing, microseconds: Int(seconds * 1_000_000),
                    slowestMicroseconds: slowest)
                replies.append(
                    (
                        asker.peer,
                        Message(.found(found), request: asker.request, body: Hits.encode(hits))
                    ))
            }
        }
        effects.answers.removeAll()
    }

    private mutating func reply(to peer: PeerID, _ header: Header, _ request: UInt64 = 0) {
        replies.append((peer, Message(header, request: request)))
    }

    private mutating func deliver(
        _ message: Message, to peer: PeerID, on socket: borrowing Socket
    ) throws(TransportError) {
        let frames: [Frame]
        do throws(CodecError) { frames = try memo.encode(message) } catch {
            let fault = Fault(
                .usage, "the answer is too large: \(error); ask for fewer hits, or without text")
            let refused = Message(.refused(Refused(fault: fault)), request: message.request)
            guard let small = try? Codec.encode(refused) else { return }
            _ = try socket.send(small, to: peer)
            return
        }
        switch try socket.send(frames, to: peer) {
        case .accepted: break
        // Whoever does not read asks again, or is late like anybody who does not answer.
        case .wouldBlock: logger.warning("\(message.header.kind) was dropped; nobody reads it")
        case .unknownPeer:
            if case .worker(let worker) = guests.remove(peer), addresses[worker] == peer {
                leave(worker)
            }
        }
    }
}

extension Moment {
    fileprivate static var now: Moment { Moment(milliseconds: monotonicMilliseconds()) }
}
