// Stories of the worker's side: greeting, working, losing sight of the coordinator, leaving.

import Cluster
import Protocol
import Testing

/// A session whose every event is followed by a tick.
private struct Side {
    var session: WorkerSession
    var now = Moment(milliseconds: 0)
    var last = SessionEffects()

    init(slots: Int = 1, seed: UInt64 = 1, _ change: (inout SessionPolicy) -> Void = { _ in }) {
        var policy = SessionPolicy()
        change(&policy)
        session = WorkerSession(
            hello: Hello(
                softwareVersion: "1.0", role: .worker, name: "a",
                capabilities: Sample.capabilities(slots: slots)),
            policy: policy, seed: seed, at: now)
    }

    mutating func tick(after milliseconds: Int = 0) {
        now = now + milliseconds
        last.removeAll()
        session.tick(at: now, into: &last)
    }

    mutating func happens(_ event: SessionEvent) {
        last.removeAll()
        session.handle(event, at: now, into: &last)
        session.tick(at: now, into: &last)
    }

    mutating func hears(_ header: Header) { happens(.received(header)) }

    mutating func connect(epoch: UInt64 = 1) { hears(Side.welcome(epoch)) }

    static func welcome(_ epoch: UInt64) -> Header {
        .welcome(
            Welcome(
                epoch: epoch, softwareVersion: "1.0", heartbeatMilliseconds: 1_000,
                livenessMilliseconds: 5_000))
    }

    static func assign(_ index: Int = 0, attempt: Int = 1, epoch: UInt64 = 1) -> Assign {
        Assign(
            unit: WorkUnitID(job: "j", round: 0, index: index),
            lease: Lease(epoch: epoch, attempt: attempt, token: UInt64(attempt)),
            task: Sample.round(units: 1).units[0].task)
    }
}

extension Assign {
    fileprivate var attempt: Attempt { Attempt(unit, lease) }
    fileprivate var revoke: Header { .revoke(Revoke(unit: unit, lease: lease)) }
    fileprivate var release: Header { .release(Release(unit: unit, lease: lease)) }
    fileprivate func ended(_ result: Result<UnitOutcome, Fault>) -> SessionEvent {
        .unitEnded(unit, lease, result)
    }
    fileprivate func finished(_ outcome: UnitOutcome = Sample.outcome("p")) -> Header {
        .unitFinished(UnitFinished(unit: unit, lease: lease, outcome: outcome))
    }
}

@Suite struct WorkerSessionTests {
    @Test("HELLO is said again, ever more rarely, with jitter, until WELCOME")
    func greeting() {
        var waits: [[Int]] = []
        for seed in [1, 2] as [UInt64] {
            var side = Side(seed: seed)
            side.tick()
            var seen: [Int] = []
            for base in [200, 400, 800, 1_600, 3_200, 5_000, 5_000] {
                #expect(side.last.send == [.hello(side.session.hello)])
                let wait = side.last.wakeAt! - side.now
                #expect((base / 2...base).contains(wait))
                side.tick(after: wait - 1)
                #expect(side.last.send.isEmpty)
                side.tick(after: 1)
                seen.append(wait)
            }
            side.connect()
            #expect(side.last.send == [.heartbeat(Heartbeat())])
            side.tick(after: 999)
            #expect(side.last.send.isEmpty && side.last.wakeAt == side.now + 1)
            waits.append(seen)
        }
        #expect(waits[0] != waits[1])
    }

    @Test("REFUSED ends the worker with the coordinator's reason")
    func refused() {
        var side = Side()
        side.tick()
        let fault = Fault(.versionMismatch, "1 is not 2")
        side.hears(.refused(Refused(fault: fault)))
        #expect(side.last.exit == .fault(fault) && side.last.wakeAt == nil)
    }

    @Test("a first contact that does not come ends the worker in time")
    func firstContact() {
        var side = Side { $0.firstContactMilliseconds = 5_000 }
        side.tick()
        while side.last.exit == nil, let wakeAt = side.last.wakeAt {
            side.tick(after: wakeAt - side.now)
        }
        #expect(side.now.milliseconds == 5_000)
        guard case .fault(let fault) = side.last.exit else {
            Issue.record("no fault")
            return
        }
        #expect(fault.code == .unavailable)
    }

    @Test("a unit runs once, however often it is assigned, and is reported until released")
    func assigned() {
        var side = Side()
        side.connect()
        let unit = Side.assign()
        side.hears(.assign(unit))
        #expect(side.last.start == [unit])
        side.hears(.assign(unit))
        #expect(side.last.start.isEmpty && side.last.send.isEmpty)
        side.happens(.unitProgressed(unit.unit, Progress(done: 1, total: 2)))
        side.tick(after: 1_000)
        #expect(
            side.last.send == [
                .heartbeat(
                    Heartbeat(running: [
                        RunningUnit(
                            unit: unit.unit, lease: unit.lease,
                            progress: Progress(done: 1, total: 2))
                    ]))
            ])
        side.happens(unit.ended(.success(Sample.outcome("p"))))
        #expect(side.last.send == [unit.finished()] && side.last.release.isEmpty)
        side.hears(.assign(unit))
        #expect(side.last.start.isEmpty && side.last.send == [unit.finished()])
        side.tick(after: 1_000)
        #expect(side.last.send == [.heartbeat(Heartbeat())])
        side.tick(after: 1_000)
        #expect(side.last.send == [.heartbeat(Heartbeat()), unit.finished()])
        side.hears(unit.release)
        #expect(side.last.release == [unit.attempt])
        side.tick(after: 2_000)
        #expect(side.last.send == [.heartbeat(Heartbeat())])
    }

    @Test("a revoked unit stops, and what it still reports is dropped")
    func revoked() {
        var side = Side()
        side.connect()
        let unit = Side.assign()
        side.hears(.assign(unit))
        side.hears(Side.assign(attempt: 2).revoke)
        #expect(side.last.stop.isEmpty, "another lease")
        side.hears(unit.revoke)
        #expect(side.last.stop == [unit.attempt])
        side.happens(unit.ended(.success(Sample.outcome("p"))))
        #expect(side.last.send.isEmpty && side.last.release == [unit.attempt])
    }

    @Test("a newer attempt at a unit replaces the older one, not the other way round")
    func newerAttempt() {
        var side = Side()
        side.connect()
        let (old, new) = (Side.assign(attempt: 1), Side.assign(attempt: 2))
        side.hears(.assign(old))
        side.hears(.assign(new))
        #expect(side.last.stop == [old.attempt] && side.last.start == [new])
        side.hears(.assign(old))
        #expect(side.last == SessionEffects() || side.last.start.isEmpty && side.last.stop.isEmpty)
        #expect(side.session.isRunning(new.attempt))
    }

    @Test("an assignment beyond the slots is handed back")
    func beyondSlots() {
        var side = Side(slots: 2)
        side.connect()
        for index in 0..<2 { side.hears(.assign(Side.assign(index))) }
        let third = Side.assign(2)
        side.hears(.assign(third))
        #expect(side.last.start.isEmpty)
        guard case .unitFailed(let failed)? = side.last.send.first else {
            Issue.record("not handed back")
            return
        }
        #expect(failed.unit == third.unit && failed.fault.retryable)
        #expect(failed.fault.code == .temporary)
    }

    @Test("a silent coordinator is greeted again while units go on and results are kept")
    func silence() {
        var side = Side(slots: 2)
        side.connect()
        let (first, second) = (Side.assign(0), Side.assign(1))
        side.hears(.assign(first))
        side.hears(.assign(second))
        side.tick(after: 4_999)
        #expect(side.session.isConnected)
        side.tick(after: 1)
        #expect(!side.session.isConnected && side.last.send == [.hello(side.session.hello)])
        #expect(side.last.stop.isEmpty)
        side.happens(first.ended(.success(Sample.outcome("p"))))
        #expect(side.last.send.isEmpty)
        side.now = side.now + 60_000
        side.connect()
        #expect(side.last.stop.isEmpty && side.last.release.isEmpty)
        #expect(side.last.send.count == 2 && side.last.send.last == first.finished())
        guard case .heartbeat(let heartbeat)? = side.last.send.first else {
            Issue.record("no heartbeat")
            return
        }
        #expect(heartbeat.running.map(\.unit) == [second.unit])
    }

    @Test("work outlives the coordinator that gave it, and is offered to the next one")
    func newerEpoch() {
        var side = Side(slots: 2)
        side.connect()
        let (first, second) = (Side.assign(0), Side.assign(1))
        side.hears(.assign(first))
        side.hears(.assign(second))
        side.happens(first.ended(.success(Sample.outcome("p"))))
        side.tick(after: 5_000)
        side.connect(epoch: 2)
        #expect(side.last.stop.isEmpty && side.last.release.isEmpty)
        #expect(side.last.send.contains(first.finished()))
        #expect(side.session.isRunning(second.attempt) && side.session.epoch == 2)
        side.hears(.assign(Side.assign(epoch: 1)))
        #expect(side.last.start.isEmpty, "an assignment of the old epoch")
    }

    @Test("15: a coordinator of an older epoch is refused")
    func olderEpoch() {
        var side = Side()
        side.connect(epoch: 5)
        side.hears(.assign(Side.assign(epoch: 5)))
        side.tick(after: 5_000)
        side.connect(epoch: 3)
        guard case .fault(let fault)? = side.last.exit else {
            Issue.record("no exit")
            return
        }
        #expect(fault.code == .configuration && side.last.stop.count == 1)
        #expect(fault.message.contains("epoch 3") && fault.message.contains("5"))
    }

    @Test("9: a drain finishes what runs, waits for its release, and says goodbye")
    func drain() {
        var side = Side(slots: 2)
        side.connect()
        let unit = Side.assign()
        side.hears(.assign(unit))
        side.happens(.drainRequested)
        #expect(side.last.send == [.goodbye(Goodbye(finishing: true))] && side.last.exit == nil)
        side.hears(.assign(Side.assign(1)))
        #expect(side.last.start.isEmpty)
        side.hears(Side.assign(1).release)
        side.happens(unit.ended(.success(Sample.outcome("p"))))
        #expect(side.last.exit == nil)
        side.hears(unit.release)
        #expect(side.last.send == [.goodbye(Goodbye(finishing: false))])
        #expect(side.last.exit == .drained && side.last.wakeAt == nil)
    }

    @Test("a drain without a coordinator does not wait for ever")
    func drainAlone() {
        var idle = Side()
        idle.tick()
        idle.happens(.drainRequested)
        #expect(idle.last.exit == .drained)

        var busy = Side()
        busy.connect()
        let unit = Side.assign()
        busy.hears(.assign(unit))
        busy.happens(.drainRequested)
        busy.happens(unit.ended(.success(Sample.outcome("p"))))
        while busy.last.exit == nil, let wakeAt = busy.last.wakeAt {
            busy.tick(after: wakeAt - busy.now)
        }
        #expect(busy.now.milliseconds == 35_000)
        #expect(busy.last.release == [unit.attempt])
    }

    @Test("what a runner returns beyond the protocol's bounds becomes a fault that fits")
    func bounded() {
        var side = Side()
        side.connect()
        let unit = Side.assign()
        side.hears(.assign(unit))
        let many = UnitOutcome(
            outputs: Array(repeating: Sample.payload("p"), count: Limits.payloadsPerUnitMax + 1),
            measures: [:])
        side.happens(unit.ended(.success(many)))
        guard case .unitFailed(let failed)? = side.last.send.first else {
            Issue.record("no fault")
            return
        }
        #expect(failed.fault.code == .internalError)
        let next = Side.assign(1)
        side.hears(.assign(next))
        let long = Fault(.data, String(repeating: "é", count: 3_000))
        side.happens(next.ended(.failure(long)))
        guard case .unitFailed(let second)? = side.last.send.first else {
            Issue.record("no fault")
            return
        }
        #expect(second.fault.message.utf8.count <= Limits.sentenceBytesMax)
        #expect(second.fault.message.hasSuffix("é…"))
    }
}
