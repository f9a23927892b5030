// A simulated client: submits its job until it is acknowledged, follows it, may cancel it, and
// remembers what it was told.

import Cluster
import Protocol

struct ClientProcess {
    enum Stage: UInt8 { case greeting, submitting, following, content }

    let plan: Int
    let key: String
    let spec: JobSpec
    let name: WorkerID
    var stage = Stage.greeting
    var hasBegun = false
    var link = -1
    var job: JobID?
    var last: JobStatus?
    /// 0 while nothing is asked.
    var request: UInt64 = 0
    var requests: UInt64 = 0
    var askedAt: Int64 = 0
    var wakeAt: Int64 = -1
    var cancelsAt: Int64?
    var retriesLeft = 0
    /// It asked for its job under the same key once more after the end.
    var isSureOfKey = false
    var recorder = Recorder()
}

extension World {
    /// The job's owner, sometimes a second one who wants the same, or another under the same key.
    mutating func hireClients(for plan: JobPlan) {
        let key = "key \(plan.number)"
        hire(plan, key, JobPlan.spec(of: plan.number))
        guard isFaulty, options.disasterEvery > 0 else { return }
        if chance.oneIn(6) { hire(plan, key, JobPlan.spec(of: plan.number)) }
        if chance.oneIn(8) { hire(plan, key, JobPlan.spec(of: plan.number, isOther: true)) }
    }

    private mutating func hire(_ plan: JobPlan, _ key: String, _ spec: JobSpec) {
        let number = clients.count
        var client = ClientProcess(
            plan: plan.number, key: key, spec: spec, name: WorkerID("c\(number)"))
        if chance.happens(perMille: options.cancelShare) {
            client.cancelsAt = Int64(chance.below(options.faultyUntil))
        }
        if chance.happens(perMille: options.retryShare) { client.retriesLeft = 1 + chance.below(2) }
        clients.append(client)
        let start = Int64(options.bornWithin + chance.below(options.faultyUntil / 3))
        agenda.add(.clientConnects(Int32(number)), at: start)
    }

    mutating func connectClient(_ client: Int) {
        clients[client].hasBegun = true
        guard coordinator.isUp else { return }
        let link = clients[client].link
        guard link < 0 || !links[link].isOpen else { return }
        clients[client].link = open(.client(client))
        if clients[client].stage != .content { wakeClientAgain(client, in: 1) }
    }

    mutating func reconnectClient(_ client: Int) {
        guard clients[client].hasBegun else { return }
        agenda.add(
            .clientConnects(Int32(client)), at: now + Int64(chance.below(options.reconnectMax)))
    }

    /// Its memory is gone, its key is not.
    mutating func restartClient(_ client: Int) {
        note(.clientDied, number: UInt64(client))
        close(clients[client].link)
        clients[client].stage = .greeting
        clients[client].job = nil
        clients[client].request = 0
        clients[client].recorder = Recorder()
        reconnectClient(client)
    }

    mutating func wakeClientAgain(_ client: Int, in milliseconds: Int) {
        clients[client].wakeAt = now + Int64(milliseconds)
        agenda.add(.clientWakes(Int32(client)), at: clients[client].wakeAt)
    }

    mutating func wakeClient(_ client: Int) {
        guard clients[client].wakeAt == now, clients[client].stage != .content else { return }
        if clients[client].request != 0 {
            // No answer: the coordinator may have been restarted.
            clients[client].stage = .greeting
        }
        ask(client)
        wakeClientAgain(client, in: 1_000 + chance.below(3_000))
    }

    private mutating func ask(_ client: Int) {
        let asker = clients[client]
        let header: Header
        switch asker.stage {
        case .greeting:
            header = .hello(Hello(softwareVersion: "sim", role: .client, name: asker.name))
        case .submitting:
            header = .submit(Submit(key: asker.key, spec: asker.spec))
        case .following:
            guard let job = asker.job else { return }
            if let moment = asker.cancelsAt, now >= moment {
                checker.cancelsAsked.insert(job)
                header = .cancel(Cancel(job: job))
            } else if wantsToRetry(asker) {
                checker.retriesAsked.insert(job)
                clients[client].retriesLeft -= 1
                header = .retry(Retry(job: job))
            } else {
                header = .query(Query(job: chance.oneIn(10) ? nil : job))
            }
        case .content: return
        }
        clients[client].requests += 1
        clients[client].request = asker.requests + 1
        clients[client].askedAt = now
        sendUp(Content(header), request: asker.requests + 1, over: asker.link)
    }

    private func wantsToRetry(_ client: ClientProcess) -> Bool {
        guard isFaulty, client.retriesLeft > 0, let state = client.last?.state else { return false }
        return state == .failed || state == .cancelled
    }

    mutating func clientReceives(_ letter: Letter, _ client: Int) {
        guard letter.request == clients[client].request, letter.request != 0 else { return }
        clients[client].request = 0
        var note = Note(at: now, kind: .told, number: UInt64(client))
        note.name(letter.content)
        log.add(note)
        switch letter.content.header {
        case .welcome: clients[client].stage = clients[client].job == nil ? .submitting : .following
        case .accepted(let accepted): accept(accepted.job, client)
        case .jobs(let answer):
            if let status = answer.jobs.first { learn(status, client) }
        case .refused(let refused): refuse(refused.fault, client)
        case .cluster: break
        default: fail("client \(client) was told \(letter.content.header)")
        }
        if clients[client].stage == .content { return seeWhoIsContent() }
        wakeClientAgain(client, in: pauseBeforeNext(client))
    }

    private mutating func pauseBeforeNext(_ client: Int) -> Int {
        clients[client].stage == .following ? 200 + chance.below(1_500) : 1
    }

    private mutating func accept(_ job: JobID, _ client: Int) {
        fail(checker.promise(job, key: clients[client].key, clients[client].spec))
        if let known = clients[client].job {
            if known != job { fail("key \(clients[client].key) named \(known), now \(job)") }
            if clients[client].last != nil { clients[client].isSureOfKey = true }
        }
        clients[client].job = job
        clients[client].stage = .following
    }

    private mutating func learn(_ status: JobStatus, _ client: Int) {
        if status.job != clients[client].job {
            return fail("client \(client) asked for another job than \(status.job)")
        }
        if let moment = clients[client].cancelsAt, now >= moment, status.state.isFinal {
            clients[client].cancelsAt = nil
        }
        guard status.state.isFinal else {
            if let last = clients[client].last, !checker.retriesAsked.contains(status.job) {
                fail("\(status.job) was \(last.state), now it is \(status.state)")
            }
            return
        }
        fail(complaint(aboutEnd: status))
        clients[client].last = status
        guard isHealed else { return }
        // Its key still names its job; then it goes home.
        clients[client].stage = clients[client].isSureOfKey ? .content : .submitting
    }

    private mutating func refuse(_ fault: Fault, _ client: Int) {
        if fault.isUnacquainted { return clients[client].stage = .greeting }
        switch fault.code {
        case .jobKeyReused:
            let known = checker.promised[clients[client].key]
            if known?.spec == clients[client].spec {
                fail("key \(clients[client].key) was refused for the spec it was accepted for")
            }
            clients[client].stage = .content
        case .usage where checker.retriesAsked.contains(clients[client].job ?? JobID("")):
            break  // A retry came too late, or twice.
        default:
            fail("client \(client) at \(clients[client].stage) was refused: \(fault)")
        }
    }

    /// What is wrong with the last word on a job.
    private mutating func complaint(aboutEnd status: JobStatus) -> String? {
        if let complaint = checker.remember(status) { return complaint }
        let plan = plans[checker.plan(of: status.job) ?? 0]
        switch status.state {
        case .finished:
            if plan.poison != nil { return "\(status.job) finished in spite of its poison" }
            let result = status.measures["result"].flatMap { UInt64(exactly: $0) }
            if plan.isExact, result != plan.result {
                return "\(status.job) came to \(String(describing: result)), not \(plan.result)"
            }
        case .cancelled:
            if !checker.cancelsAsked.contains(status.job) {
                return "\(status.job) was cancelled, and nobody asked for it"
            }
        case .failed:
            if plan.poison == nil, !checker.hasReasonToFail(status.job, options.policy) {
                return "\(status.job) failed without reason: \(String(describing: status.fault))"
            }
        case .queued, .running: break
        }
        return nil
    }
}
