// Who is connected, and which replies they are owed.

import Cluster
import Journal
import Logging
import Protocol
import Transport

/// Binds routing ids to workers and clients, turns their messages into events, and holds replies
/// back until the journal has the state that they speak of.
struct FrontDesk {
    enum Guest {
        case worker(WorkerID)
        case client
    }

    struct Question {
        let peer: PeerID
        let request: UInt64
        let job: JobID?
    }

    private let meters: CoordinatorMeters
    let logger: Logger
    var gate: Gate
    var guests: RecentTable<PeerID, Guest>
    var workers: RecentTable<WorkerID, PeerID>
    /// Workers that were told to leave: one that comes again is told again.
    var leaving: RecentTable<WorkerID, Bool>
    var questions: [Question] = []
    var readings: [(peer: PeerID, request: UInt64, what: ReadLog)] = []
    private var replies: [(peer: PeerID, message: Message)] = []

    private static let unreadPerTurn = 32
    private static let silenceMaxMilliseconds: Int64 = 3_600_000

    init(
        behind door: Doorkeeper, meters: CoordinatorMeters, logger: Logger, at now: Moment
    ) {
        self.meters = meters
        self.logger = logger
        gate = Gate(door, now: now.milliseconds)
        leaving = RecentTable(
            countMax: Limits.workersMax, lifetimeMilliseconds: Self.silenceMaxMilliseconds,
            now: now.milliseconds)
        guests = RecentTable(
            countMax: Limits.peersRememberedMax, lifetimeMilliseconds: Self.silenceMaxMilliseconds,
            now: now.milliseconds)
        workers = RecentTable(
            countMax: Limits.workersMax, lifetimeMilliseconds: Self.silenceMaxMilliseconds,
            now: now.milliseconds)
    }

    /// Reads what has come in, at most a batch. Each message meets the scheduler as the one before
    /// it has left it, so that what is answered is what is done.
    mutating func receive(
        from socket: inout Socket, _ scheduler: inout Scheduler, at now: Moment,
        into effects: inout Effects
    ) throws(TransportError) {
        // Whoever floods us does not delay the answers to others.
        var unread = 0
        for _ in 0..<1_000 where unread < Self.unreadPerTurn {
            guard let (peer, key, frames) = try socket.receiveSigned() else { return }
            guard let peer else { continue }
            guard let holder = meet(peer, key, &scheduler, at: now, into: &effects) else {
                unread += 1
                continue
            }
            do throws(CodecError) {
                let message = try Codec.decode(frames)
                meters.received(message.header)
                if let event = take(message, from: peer, holder, scheduler, at: now) {
                    scheduler.handle(event, at: now, into: &effects)
                }
            } catch {
                logger.warning("dropped a message: \(error)")
                let refused = Refused(fault: Fault(.usage, "\(error)"))
                reply(to: peer, .refused(refused), Codec.request(of: frames))
            }
        }
    }

    /// Whose message it is; nil if it is not to be read.
    private mutating func meet(
        _ peer: PeerID, _ key: PublicKey?, _ scheduler: inout Scheduler, at now: Moment,
        into effects: inout Effects
    ) -> KeyHolder? {
        switch gate.meet(peer, under: key, now: now.milliseconds) {
        case .pass(let holder): return holder
        case .drop(let fault):
            if let fault { reply(to: peer, .refused(Refused(fault: fault))) }
        case .revoked:
            reply(to: peer, .refused(Refused(fault: .revoked)))
            if let worker = forget(peer) {
                logger.warning("worker \(worker) is not listened to any more: its key is revoked")
                scheduler.handle(.workerLeft(worker), at: now, into: &effects)
            }
        }
        return nil
    }

    /// Answers the questions of clients from the state that the loop has reached.
    mutating func answer(
        _ scheduler: Scheduler, _ journal: JobJournal, at now: Moment
    ) throws(JournalError) {
        for question in questions {
            reply(to: question.peer, scheduler.answer(question.job, at: now), question.request)
        }
        questions.removeAll()
        for (peer, request, what) in readings {
            guard scheduler.status(of: what.job, at: now) != nil else {
                reply(to: peer, scheduler.answer(what.job, at: now), request)
                continue
            }
            let lines = try journal.log(
                of: what.job, after: what.after, limit: Limits.logLinesMax)
            reply(to: peer, .log(JobLog(lines: lines)), request)
        }
        readings.removeAll()
    }

    /// Sends what the scheduler wants said and the replies held back so far.
    mutating func send(
        _ outbound: [Outbound], on socket: borrowing Socket
    ) throws(TransportError) {
        for case .worker(let worker, let header) in outbound {
            if let peer = workers.peek(worker) { reply(to: peer, header) }
        }
        for (peer, message) in replies { try deliver(message, to: peer, on: socket) }
        replies.removeAll()
    }

    private mutating func deliver(
        _ message: Message, to peer: PeerID, on socket: borrowing Socket
    ) throws(TransportError) {
        let frames: [Frame]
        do throws(CodecError) { frames = try Codec.encode(message) } catch {
            logger.error("\(message.header.kind) cannot be sent: \(error)")
            return try refuse(message, because: error, peer, socket)
        }
        switch try socket.send(frames, to: peer) {
        case .accepted: break
        case .wouldBlock:
            // Whoever does not read asks again, or falls silent and is given up.
            meters.droppedReply()
            logger.warning("\(message.header.kind) was dropped; its receiver does not read")
        case .unknownPeer: forget(peer)
        }
    }

    /// Silence would look like a coordinator that is not there.
    private func refuse(
        _ message: Message, because error: CodecError, _ peer: PeerID,
        _ socket: borrowing Socket
    ) throws(TransportError) {
        let fault = Fault(.internalError, "the reply cannot be sent: \(error)")
        let reply = Message(.refused(Refused(fault: fault)), request: message.request)
        guard let frames = try? Codec.encode(reply) else { return }
        _ = try socket.send(frames, to: peer)
    }

    /// - Returns: the worker that spoke on the connection.
    @discardableResult
    mutating func forget(_ peer: PeerID) -> WorkerID? {
        guard case .worker(let worker) = guests.remove(peer), workers.peek(worker) == peer else {
            return nil
        }
        workers.remove(worker)
        return worker
    }

    mutating func reply(to peer: PeerID, _ header: Header, _ request: UInt64 = 0) {
        if case .refused(let refused) = header { meters.refused(refused.fault) }
        replies.append((peer, Message(header, request: request)))
    }
}

extension Scheduler {
    /// The status of one job, or of everything.
    fileprivate func answer(_ job: JobID?, at now: Moment) -> Header {
        guard let job else {
            return .cluster(status(at: now, softwareVersion: softwareVersion))
        }
        guard let status = status(of: job, at: now) else {
            return .refused(
                Refused(fault: Fault(.unknownJob, "no job \(job) is known; see `sounder jobs`")))
        }
        return .jobs(Jobs(jobs: [status]))
    }
}
