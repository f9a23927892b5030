// Who is connected, what their messages mean to the scheduler, and which replies they are owed.

import Cluster
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

    private let epoch: UInt64
    private let policy: Policy
    private let logger: Logger
    private var guests: [PeerID: Guest] = [:]
    private var workers: [WorkerID: PeerID] = [:]
    private var questions: [Question] = []
    private var replies: [(peer: PeerID, message: Message)] = []

    init(epoch: UInt64, policy: Policy, logger: Logger) {
        self.epoch = epoch
        self.policy = policy
        self.logger = logger
    }

    /// Reads what has come in, at most a batch, and appends what the scheduler must know.
    mutating func receive(
        from socket: borrowing Socket, scheduler: Scheduler, now: WallClock, into events: inout [Event]
    ) throws(TransportError) {
        for _ in 0..<1_000 {
            guard let (peer, frames) = try socket.receive() else { return }
            guard let peer else { continue }
            do throws(CodecError) {
                take(try Codec.decode(frames), from: peer, scheduler, now, into: &events)
            } catch {
                logger.warning("dropped a message: \(error)")
                reply(to: peer, .refused(Refused(fault: Fault(.usage, "\(error)"))))
            }
        }
    }

    /// Answers the questions of clients from the state that the loop has reached.
    mutating func answer(scheduler: Scheduler, at now: Moment) {
        for question in questions {
            reply(to: question.peer, scheduler.answer(question.job, at: now), question.request)
        }
        questions.removeAll()
    }

    /// Sends what the scheduler wants said and the replies held back so far.
    mutating func send(
        _ outbound: [Outbound], on socket: borrowing Socket
    ) throws(TransportError) {
        for case .worker(let worker, let header) in outbound {
            if let peer = workers[worker] { reply(to: peer, header) }
        }
        for (peer, message) in replies { try deliver(message, to: peer, on: socket) }
        replies.removeAll()
    }

    private mutating func deliver(
        _ message: Message, to peer: PeerID, on socket: borrowing Socket
    ) throws(TransportError) {
        do throws(CodecError) {
            if try !socket.deliver(Codec.encode(message), to: peer) {
                logger.debug("\(message.header.kind) could not be sent; its receiver is gone")
                forget(peer)
            }
        } catch {
            logger.error("\(message.header.kind) cannot be sent: \(error)")
        }
    }

    private mutating func forget(_ peer: PeerID) {
        if case .worker(let worker) = guests.removeValue(forKey: peer), workers[worker] == peer {
            workers[worker] = nil
        }
    }

    private mutating func reply(to peer: PeerID, _ header: Header, _ request: UInt64 = 0) {
        replies.append((peer, Message(header, request: request)))
    }
}

// MARK: - Messages

extension FrontDesk {
    private mutating func take(
        _ message: Message, from peer: PeerID, _ scheduler: Scheduler, _ now: WallClock,
        into events: inout [Event]
    ) {
        if case .hello(let hello) = message.header {
            return admit(hello, peer, message.request, into: &events)
        }
        switch guests[peer] {
        case .worker(let worker): hear(message.header, from: worker, into: &events)
        case .client: serve(message, peer, scheduler, now, into: &events)
        case nil:
            // It may have said HELLO to an earlier life of this process: it must say it again.
            let fault = Fault(.unavailable, "say HELLO first", retryable: true)
            reply(to: peer, .refused(Refused(fault: fault)), message.request)
        }
    }

    private mutating func admit(
        _ hello: Hello, _ peer: PeerID, _ request: UInt64, into events: inout [Event]
    ) {
        if let fault = versionFault(hello) {
            logger.warning("refused \(hello.role.rawValue) \(hello.name): \(fault)")
            return reply(to: peer, .refused(Refused(fault: fault)), request)
        }
        switch hello.role {
        case .client: guests[peer] = .client
        case .worker:
            guard let capabilities = hello.capabilities else { return }
            if let old = workers.updateValue(peer, forKey: hello.name), old != peer {
                guests[old] = nil
            }
            guests[peer] = .worker(hello.name)
            events.append(.workerJoined(hello.name, capabilities))
        }
        let welcome = Welcome(
            epoch: epoch, softwareVersion: softwareVersion,
            heartbeatMilliseconds: policy.heartbeatMilliseconds,
            livenessMilliseconds: policy.livenessMilliseconds)
        reply(to: peer, .welcome(welcome), request)
    }

    private func versionFault(_ hello: Hello) -> Fault? {
        let sameProtocol = hello.protocolVersion == Limits.protocolVersion
        let sameSoftware = hello.role == .client || hello.softwareVersion == softwareVersion
        if sameProtocol && sameSoftware { return nil }
        return Fault(
            .versionMismatch,
            "\(hello.role.rawValue) \(hello.name) runs Sounder \(hello.softwareVersion) (protocol "
                + "\(hello.protocolVersion)), the coordinator runs Sounder \(softwareVersion) "
                + "(protocol \(Limits.protocolVersion)); install the same version on both")
    }

    private func hear(_ header: Header, from worker: WorkerID, into events: inout [Event]) {
        switch header {
        case .heartbeat(let heartbeat):
            events.append(.workerHeard(worker, heartbeat.running))
        case .unitFinished(let finished):
            events.append(
                .unitFinished(finished.unit, finished.lease, from: worker, finished.outcome))
        case .unitFailed(let failed):
            events.append(.unitFailed(failed.unit, failed.lease, from: worker, failed.fault))
        case .goodbye(let goodbye):
            events.append(goodbye.finishing ? .workerDraining(worker) : .workerLeft(worker))
        default:
            logger.warning("worker \(worker) sent \(header.kind), which is not a worker's to send")
        }
    }

    private mutating func serve(
        _ message: Message, _ peer: PeerID, _ scheduler: Scheduler, _ now: WallClock,
        into events: inout [Event]
    ) {
        switch message.header {
        case .submit(let submit):
            let answer = accept(submit, scheduler, now, into: &events)
            reply(to: peer, answer, message.request)
        case .cancel(let cancel):
            events.append(.jobCancelled(cancel.job))
            questions.append(Question(peer: peer, request: message.request, job: cancel.job))
        case .query(let query):
            questions.append(Question(peer: peer, request: message.request, job: query.job))
        default:
            let fault = Fault(.forbidden, "a client may not send \(message.header.kind)")
            reply(to: peer, .refused(Refused(fault: fault)), message.request)
        }
    }

    private func accept(
        _ submit: Submit, _ scheduler: Scheduler, _ now: WallClock, into events: inout [Event]
    ) -> Header {
        if let complaint = submit.spec.complaint {
            return .refused(Refused(fault: Fault(.usage, complaint)))
        }
        // A job of the same batch of messages is not in the scheduler yet.
        for case .jobSubmitted(let job, submit.key, submit.spec, _) in events {
            return .accepted(Accepted(job: job))
        }
        switch scheduler.admission(key: submit.key, spec: submit.spec) {
        case .existing(let job): return .accepted(Accepted(job: job))
        case .refused(let fault): return .refused(Refused(fault: fault))
        case .new:
            let job = JobID.random()
            events.append(
                .jobSubmitted(
                    job, key: submit.key, submit.spec, atWallMilliseconds: now.milliseconds))
            return .accepted(Accepted(job: job))
        }
    }
}

extension Scheduler {
    /// The status of one job, or of everything.
    fileprivate func answer(_ job: JobID?, at now: Moment) -> Header {
        guard let job else { return .cluster(status(at: now)) }
        guard let status = status(of: job, at: now) else {
            return .refused(
                Refused(fault: Fault(.unknownJob, "no job \(job) is known; see `sounder jobs`")))
        }
        return .jobs(Jobs(jobs: [status]))
    }
}
