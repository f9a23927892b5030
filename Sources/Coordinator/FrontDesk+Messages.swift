// What messages of workers and clients mean to the scheduler.

import Cluster
import Logging
import Protocol
import Transport

extension FrontDesk {
    mutating func take(
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
}
