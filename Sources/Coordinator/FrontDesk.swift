// Who is connected, what their messages mean to the scheduler, and which replies they are owed.

import Cluster
import Journal
import Logging
import Protocol
import Transport

/// Binds routing ids to workers and clients, turns their messages into events, and holds replies
/// back until the journal has the state that they speak of.
struct FrontDesk {
    private enum Guest {
        case worker(WorkerID)
        case client
    }

    private struct Question {
        let peer: PeerID
        let request: UInt64
        let job: JobID?
    }

    private let meters: CoordinatorMeters
    private let logger: Logger
    private var gate: Gate
    private var guests: RecentTable<PeerID, Guest>
    private var workers: RecentTable<WorkerID, PeerID>
    /// Workers that were told to leave: one that comes again is told again.
    private var leaving: RecentTable<WorkerID, Bool>
    private var questions: [Question] = []
    private var readings: [(peer: PeerID, request: UInt64, what: ReadLog)] = []
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
    private mutating func forget(_ peer: PeerID) -> WorkerID? {
        guard case .worker(let worker) = guests.remove(peer), workers.peek(worker) == peer else {
            return nil
        }
        workers.remove(worker)
        return worker
    }

    private mutating func reply(to peer: PeerID, _ header: Header, _ request: UInt64 = 0) {
        if case .refused(let refused) = header { meters.refused(refused.fault) }
        replies.append((peer, Message(header, request: request)))
    }
}

// MARK: - Messages

extension FrontDesk {
    private mutating func take(
        _ message: Message, from peer: PeerID, _ holder: KeyHolder, _ scheduler: Scheduler,
        at now: Moment
    ) -> Event? {
        if let fault = gate.refusal(of: message.header, from: holder) {
            logger.warning("refused \(peer): \(fault)")
            reply(to: peer, .refused(Refused(fault: fault)), message.request)
            return nil
        }
        if case .hello(let hello) = message.header {
            return admit(hello, peer, message.request, scheduler, at: now)
        }
        switch guests.use(peer, now: now.milliseconds) {
        case .worker(let worker)
        where workers.use(worker, now: now.milliseconds) == peer
            && gate.confirm(worker, of: holder):
            return hear(message.header, from: worker, scheduler)
        case .client:
            return serve(message, peer, scheduler)
        case .worker, nil:
            // It may have said HELLO to an earlier life of this process, or long ago.
            reply(to: peer, .refused(Refused(fault: .unacquainted)), message.request)
            return nil
        }
    }

    private mutating func admit(
        _ hello: Hello, _ peer: PeerID, _ request: UInt64, _ scheduler: Scheduler,
        at now: Moment
    ) -> Event? {
        let answer = scheduler.answer(to: hello, softwareVersion: softwareVersion)
        reply(to: peer, answer, request)
        if case .refused(let refused) = answer {
            logger.warning("refused \(hello.role.rawValue) \(hello.name): \(refused.fault)")
            return nil
        }
        // One name for each connection, one connection for each name.
        forget(peer)
        guard hello.role == .worker, let capabilities = hello.capabilities else {
            guests.set(peer, .client, now: now.milliseconds)
            return nil
        }
        if let former = workers.peek(hello.name) { guests.remove(former) }
        guests.set(peer, .worker(hello.name), now: now.milliseconds)
        workers.set(hello.name, peer, now: now.milliseconds)
        if leaving.peek(hello.name) != nil { reply(to: peer, .drain) }
        return .workerJoined(hello.name, capabilities)
    }

    private func hear(
        _ header: Header, from worker: WorkerID, _ scheduler: Scheduler
    ) -> Event? {
        switch header {
        case .heartbeat(let heartbeat):
            return .workerHeard(worker, heartbeat.running)
        case .unitFinished(let finished):
            if let fault = scheduler.complaint(about: finished) {
                logger.warning("unit \(finished.unit) of worker \(worker) does not count: \(fault)")
                return .unitFailed(finished.unit, finished.lease, from: worker, fault)
            }
            return .unitFinished(finished.unit, finished.lease, from: worker, finished.outcome)
        case .unitFailed(let failed):
            return .unitFailed(failed.unit, failed.lease, from: worker, failed.fault)
        case .goodbye(let goodbye):
            return goodbye.finishing ? .workerDraining(worker) : .workerLeft(worker)
        default:
            logger.warning("worker \(worker) sent \(header.kind), which is not a worker's to send")
            return nil
        }
    }

    private mutating func serve(
        _ message: Message, _ peer: PeerID, _ scheduler: Scheduler
    ) -> Event? {
        switch message.header {
        case .drainWorker(let drain):
            return sendAway(drain.worker, message, peer, scheduler)
        case .submit(let submit):
            let job = JobID.random()
            let answer = answer(to: submit, scheduler, as: job)
            reply(to: peer, answer, message.request)
            guard answer == .accepted(Accepted(job: job)) else { return nil }
            return .jobSubmitted(
                job, key: submit.key, submit.spec, atWallMilliseconds: wallMilliseconds())
        case .cancel(let cancel):
            questions.append(Question(peer: peer, request: message.request, job: cancel.job))
            return .jobCancelled(cancel.job)
        case .query(let query):
            questions.append(Question(peer: peer, request: message.request, job: query.job))
        case .retry(let retry):
            if let obstacle = scheduler.obstacle(toRetrying: retry.job) {
                reply(to: peer, .refused(Refused(fault: obstacle)), message.request)
                return nil
            }
            questions.append(Question(peer: peer, request: message.request, job: retry.job))
            return .jobRetried(retry.job)
        case .readLog(let what):
            readings.append((peer, message.request, what))
        default:
            let fault = Fault(.forbidden, "a client may not send \(message.header.kind)")
            reply(to: peer, .refused(Refused(fault: fault)), message.request)
        }
        return nil
    }

    private mutating func sendAway(
        _ worker: WorkerID, _ message: Message, _ peer: PeerID, _ scheduler: Scheduler
    ) -> Event? {
        guard scheduler.hasWorker(worker), let address = workers.peek(worker) else {
            let fault = refusal(.usage, "no worker \(worker) is here; see `sounder status`")
            reply(to: peer, fault, message.request)
            return nil
        }
        leaving.set(worker, true, now: monotonicMilliseconds())
        reply(to: address, .drain)
        reply(to: peer, message.header, message.request)
        return .workerDraining(worker)
    }

    /// - Parameter job: the name of the job, if it is a new one.
    private func answer(to submit: Submit, _ scheduler: Scheduler, as job: JobID) -> Header {
        if let complaint = submit.spec.complaint { return refusal(.usage, complaint) }
        switch scheduler.admission(key: submit.key, spec: submit.spec) {
        case .existing(let job): return .accepted(Accepted(job: job))
        case .reused(let job): return refusal(.jobKeyReused, "job key \(submit.key) belongs to job "
            + "\(job) with other settings; choose another key")
        case .full: return refusal(.temporary, "\(Limits.jobsQueuedMax) jobs are waiting, which is "
            + "the limit; submit again when some have ended", retryable: true)
        case .new: return .accepted(Accepted(job: job))
        }
    }

    private func refusal(
        _ code: Fault.Code, _ message: String, retryable: Bool = false
    ) -> Header {
        .refused(Refused(fault: Fault(code, message, retryable: retryable)))
    }
}

extension JobID {
    /// Unpredictable enough never to meet another.
    fileprivate static func random() -> JobID {
        JobID("j-" + String(UInt64.random(in: 1 << 40..<1 << 60), radix: 36))
    }
}

extension Scheduler {
    /// A result without outputs counts at once, so that their number is looked at before.
    fileprivate func complaint(about finished: UnitFinished) -> Fault? {
        let count = finished.outcome.outputs.count
        guard let wanted = task(of: finished.unit)?.outputsCount, count != wanted else {
            return nil
        }
        return Fault(.data, "it left \(count) outputs instead of \(wanted)", retryable: true)
    }

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
