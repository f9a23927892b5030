// The simulated front desk: what messages mean to the scheduler, and which replies are held back;
// as `FrontDesk` of the coordinator does it.

import Cluster
import Protocol

struct Desk {
    private enum Guest { case worker(WorkerID), client }

    struct Reply {
        let peer: Int
        let request: UInt64
        let content: Content
    }

    private struct Question {
        let peer: Int
        let request: UInt64
        let job: JobID?
    }

    /// By the number of their connection.
    private var guests: [Guest?] = []
    /// Looked up, never iterated.
    private var workers: [WorkerID: Int] = [:]
    private var questions: [Question] = []
    var replies: [Reply] = []

    mutating func take(
        _ letter: Letter, _ scheduler: Scheduler, naming next: Int, _ now: Int64
    ) -> Event? {
        let peer = Int(letter.link)
        if case .other(let parcel) = letter.content, case .hello(let hello) = parcel.header {
            return admit(hello, peer, letter.request, scheduler)
        }
        switch peer < guests.count ? guests[peer] : nil {
        case .worker(let worker) where workers[worker] == peer:
            return hear(letter.content, from: worker)
        case .client:
            return serve(letter, peer, scheduler, naming: next, now)
        case .worker, nil:
            reply(to: peer, .refused(Refused(fault: .unacquainted)), letter.request)
            return nil
        }
    }

    private mutating func admit(
        _ hello: Hello, _ peer: Int, _ request: UInt64, _ scheduler: Scheduler
    ) -> Event? {
        let answer = scheduler.answer(to: hello, softwareVersion: "sim")
        reply(to: peer, answer, request)
        if case .refused = answer { return nil }
        forget(peer)
        guard hello.role == .worker, let capabilities = hello.capabilities else {
            welcome(peer, as: .client)
            return nil
        }
        if let former = workers[hello.name] { guests[former] = nil }
        welcome(peer, as: .worker(hello.name))
        workers[hello.name] = peer
        return .workerJoined(hello.name, capabilities)
    }

    private func hear(_ content: Content, from worker: WorkerID) -> Event? {
        guard case .other(let parcel) = content else {
            guard case .beat(let running) = content else { return nil }
            return .workerHeard(worker, running)
        }
        return switch parcel.header {
        case .unitFinished(let message):
            .unitFinished(message.unit, message.lease, from: worker, message.outcome)
        case .unitFailed(let message):
            .unitFailed(message.unit, message.lease, from: worker, message.fault)
        case .goodbye(let goodbye):
            goodbye.finishing ? .workerDraining(worker) : .workerLeft(worker)
        default: nil
        }
    }

    private mutating func serve(
        _ letter: Letter, _ peer: Int, _ scheduler: Scheduler, naming next: Int, _ now: Int64
    ) -> Event? {
        switch letter.content.header {
        case .submit(let submit):
            let job = JobID(number: next)
            let answer = answer(to: submit, scheduler, as: job)
            reply(to: peer, answer, letter.request)
            guard answer == .accepted(Accepted(job: job)) else { return nil }
            return .jobSubmitted(job, key: submit.key, submit.spec, atWallMilliseconds: now)
        case .cancel(let cancel):
            questions.append(Question(peer: peer, request: letter.request, job: cancel.job))
            return .jobCancelled(cancel.job)
        case .query(let query):
            questions.append(Question(peer: peer, request: letter.request, job: query.job))
        case .retry(let retry):
            if let obstacle = scheduler.obstacle(toRetrying: retry.job) {
                reply(to: peer, .refused(Refused(fault: obstacle)), letter.request)
                return nil
            }
            questions.append(Question(peer: peer, request: letter.request, job: retry.job))
            return .jobRetried(retry.job)
        default:
            let fault = Fault(.forbidden, "a client may not send that")
            reply(to: peer, .refused(Refused(fault: fault)), letter.request)
        }
        return nil
    }

    private func answer(to submit: Submit, _ scheduler: Scheduler, as job: JobID) -> Header {
        if let complaint = submit.spec.complaint {
            return .refused(Refused(fault: Fault(.usage, complaint)))
        }
        return switch scheduler.admission(key: submit.key, spec: submit.spec) {
        case .existing(let job): .accepted(Accepted(job: job))
        case .reused: .refused(Refused(fault: Fault(.jobKeyReused, "another spec")))
        case .full: .refused(Refused(fault: Fault(.temporary, "full", retryable: true)))
        case .new: .accepted(Accepted(job: job))
        }
    }

    /// Answers the questions of clients from the state that the loop has reached.
    mutating func answer(_ scheduler: Scheduler, at now: Moment) {
        guard !questions.isEmpty else { return }
        for question in questions {
            let header: Header
            if let job = question.job {
                header =
                    scheduler.status(of: job, at: now).map { .jobs(Jobs(jobs: [$0])) }
                    ?? .refused(Refused(fault: Fault(.unknownJob, "no such job")))
            } else {
                header = .cluster(scheduler.status(at: now, softwareVersion: "sim"))
            }
            reply(to: question.peer, header, question.request)
        }
        questions.removeAll()
    }

    /// Puts what the scheduler wants said behind the replies held back so far.
    mutating func address(_ outbound: [Outbound]) {
        for case .worker(let worker, let header) in outbound {
            if let peer = workers[worker] { reply(to: peer, header, 0) }
        }
    }

    mutating func forget(_ peer: Int) {
        guard peer < guests.count else { return }
        if case .worker(let worker) = guests[peer], workers[worker] == peer {
            workers[worker] = nil
        }
        guests[peer] = nil
    }

    private mutating func welcome(_ peer: Int, as guest: Guest) {
        while guests.count <= peer { guests.append(nil) }
        guests[peer] = guest
    }

    private mutating func reply(to peer: Int, _ header: Header, _ request: UInt64) {
        replies.append(Reply(peer: peer, request: request, content: Content(header)))
    }
}
