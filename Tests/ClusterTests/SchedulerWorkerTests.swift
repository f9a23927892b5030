// Stories of workers: coming, falling silent, coming back, leaving.

import Cluster
import Protocol
import Testing

@Suite struct SchedulerWorkerTests {
    @Test("a heartbeat is answered with a heartbeat")
    func answered() {
        var stage = Stage()
        stage.join("a")
        stage.beat("a")
        #expect(stage.last.outbound == [.worker("a", .heartbeat(Heartbeat()))])
        stage.beat("stranger")
        #expect(stage.last.outbound.isEmpty)
    }

    @Test("a silent worker is gone at the deadline, and its units go elsewhere")
    func silence() {
        var stage = Stage()
        stage.join("a")
        stage.start(Sample.round(units: 1))
        let first = stage.last.assigned[0]
        #expect(stage.last.wakeAt == stage.now + 5_000)
        stage.pass(3_000)
        stage.join("b")
        stage.pass(1_999)
        #expect(stage.last.assigned.isEmpty)
        stage.pass(1)
        #expect(stage.last.assigned.map(\.worker) == ["b"])
        #expect(stage.last.assigned.map(\.lease.attempt) == [2])
        stage.join("a")
        stage.happens(first.finished())
        #expect(stage.last.released == [first] && stage.status()?.unitsDone == 0)
        #expect(stage.status()?.retries == 1)
    }

    @Test("a worker that comes back before its unit is given away goes on with it")
    func comesBack() {
        var stage = Stage()
        stage.join("a")
        stage.start(Sample.round(units: 1))
        let first = stage.last.assigned[0]
        stage.pass(6_000)
        #expect(stage.scheduler.status(at: stage.now).workers.isEmpty)
        stage.last.removeAll()
        // HELLO and the first heartbeat arrive in one turn of the loop.
        stage.scheduler.handle(
            .workerJoined("a", Sample.capabilities()), at: stage.now, into: &stage.last)
        stage.beat("a", [first], done: 10)
        #expect(stage.last.assigned.isEmpty && stage.last.revoked.isEmpty)
        #expect(stage.status()?.progress.done == 0.1)
        stage.happens(first.finished())
        #expect(stage.status()?.unitsDone == 1)
    }

    @Test("the result of a worker that comes back counts if nobody else has the unit")
    func resultComesBack() {
        var stage = Stage()
        stage.join("a")
        stage.start(Sample.round(units: 1))
        let first = stage.last.assigned[0]
        stage.pass(6_000)
        stage.happens(first.finished(Sample.outcome("p")))
        stage.last.wakeAt = nil
        #expect(stage.last == Effects(), "it has to say HELLO first")
        stage.scheduler.handle(
            .workerJoined("a", Sample.capabilities()), at: stage.now, into: &stage.last)
        stage.happens(first.finished(Sample.outcome("p")))
        #expect(stage.last.store.count == 1 && stage.last.assigned.isEmpty)
    }

    @Test("a unit that its worker has no room for any more is taken from it, result and all")
    func comesBackFull() {
        var stage = Stage()
        stage.join("a")
        stage.happens(.jobSubmitted("early", key: "k", Sample.spec(), atWallMilliseconds: 0))
        stage.start(Sample.round(units: 1))
        let first = stage.last.assigned[0]
        stage.pass(6_000)
        stage.happens(.roundPlanned("early", Sample.round(units: 1), measures: [:]))
        stage.join("a")
        let second = stage.last.assigned[0]
        #expect(second.unit.job == "early")
        stage.beat("a", [first, second])
        #expect(stage.last.revoked == [first])
        stage.happens(first.finished())
        #expect(stage.status()?.unitsDone == 0 && stage.last.released == [first])
    }

    @Test("a known name that says HELLO again keeps its units")
    func helloAgain() {
        var stage = Stage()
        stage.join("a")
        stage.start(Sample.round(units: 1))
        let first = stage.last.assigned[0]
        stage.beat("a", [first])
        stage.pass(4_000)
        stage.join("a")
        #expect(stage.last.outbound.isEmpty)
        stage.pass(4_000)
        #expect(stage.scheduler.status(at: stage.now).workers.count == 1)
        stage.beat("a", [first], done: 1)
        stage.happens(first.finished())
        #expect(stage.status()?.unitsDone == 1 && stage.status()?.retries == 0)
    }

    @Test("19: a worker that says HELLO again and again, but nothing else, is lost")
    func deaf() {
        var stage = Stage()
        stage.join("a")
        stage.start(Sample.round(units: 1))
        stage.beat("a", [stage.last.assigned[0]])
        for _ in 0..<3 {
            stage.pass(4_000)
            stage.scheduler.handle(
                .workerJoined("a", Sample.capabilities()), at: stage.now, into: &stage.last)
        }
        #expect(stage.status()?.retries == 1)
    }

    @Test("a unit whose outputs only a lost worker held runs again")
    func lostWhileFetching() {
        var stage = Stage()
        stage.join("a", "b")
        stage.start(Sample.round(units: 1))
        let first = stage.last.assigned[0]
        stage.happens(first.finished(Sample.outcome("p")))
        stage.happens(.workerLeft(first.worker))
        #expect(stage.last.store == [.abandon(first.worker)], "its outputs will not come")
        #expect(stage.last.assigned.map(\.lease.attempt) == [2])
        #expect(stage.last.assigned[0].worker != first.worker)
        let second = stage.last.assigned[0]
        stage.happens(.outputsStored(first.unit, first.lease))
        #expect(stage.status()?.unitsDone == 0)
        stage.happens(second.finished(Sample.outcome("q")))
        stage.happens(.outputsStored(first.unit, first.lease))
        #expect(stage.status()?.unitsDone == 0, "the fetch of the attempt before")
        stage.happens(.outputsLost(first.unit, first.lease, Sample.flaky))
        #expect(stage.status()?.retries == 1)
        stage.happens(.outputsStored(second.unit, second.lease))
        #expect(stage.status()?.unitsDone == 1)
    }

    @Test("a draining worker finishes what it has and gets nothing new")
    func draining() {
        var stage = Stage()
        stage.join("a")
        stage.start(Sample.round(units: 2))
        let first = stage.last.assigned[0]
        stage.happens(.workerDraining("a"))
        stage.join("a")
        stage.happens(first.finished())
        #expect(stage.status()?.unitsDone == 1 && stage.last.assigned.isEmpty)
        stage.happens(.workerLeft("a"))
        stage.join("b")
        #expect(stage.last.assigned.map(\.unit.index) == [1])
        #expect(stage.status()?.retries == 0)
    }

    @Test("a draining worker that was given up too early goes on with what it runs")
    func comesBackDraining() {
        var stage = Stage()
        stage.join("a")
        stage.start(Sample.round(units: 1))
        let first = stage.last.assigned[0]
        stage.pass(6_000)
        stage.last.removeAll()
        // HELLO, its farewell and the first heartbeat arrive in one turn of the loop.
        stage.scheduler.handle(
            .workerJoined("a", Sample.capabilities()), at: stage.now, into: &stage.last)
        stage.scheduler.handle(.workerDraining("a"), at: stage.now, into: &stage.last)
        stage.beat("a", [first], done: 10)
        #expect(stage.last.revoked.isEmpty)
        stage.happens(first.finished())
        #expect(stage.last.released == [first] && stage.status()?.unitsDone == 1)
    }

    @Test("units that no worker here can run are waited for by name, until one comes")
    func unserved() {
        var stage = Stage()
        stage.join("a")
        stage.start(Sample.round(units: 2))
        stage.happens(.workerJoined("b", Sample.capabilities(kinds: ["encode-words"])))
        #expect(stage.status()?.stage == "counting")
        stage.happens(.workerLeft("a"))
        #expect(stage.status()?.stage == "counting, waiting for a worker that runs count-words")
        stage.join("c")
        #expect(stage.status()?.stage == "counting")
    }

    @Test("a unit that a draining worker hands back is tried elsewhere at once")
    func handedBack() {
        var stage = Stage()
        stage.join("a", "b")
        stage.start(Sample.round(units: 1))
        let first = stage.last.assigned[0]
        stage.happens(.workerDraining(first.worker))
        stage.happens(first.failed(Fault(.temporary, "leaving", retryable: true)))
        #expect(stage.last.assigned.count == 1 && stage.last.assigned[0].worker != first.worker)
    }

    @Test("13: a coordinator that stood still gives everybody their deadlines anew")
    func stall() {
        var stage = Stage()
        stage.join("a")
        stage.start(Sample.round(units: 1))
        let first = stage.last.assigned[0]
        stage.now = stage.now + 60_000
        stage.last.removeAll()
        stage.scheduler.tick(at: stage.now, into: &stage.last)
        #expect(stage.last.revoked.isEmpty)
        #expect(stage.last.wakeAt == stage.now + 5_000)
        stage.happens(first.finished())
        #expect(stage.status()?.unitsDone == 1 && stage.status()?.retries == 0)
    }

    @Test("7: another protocol version is refused with both versions in the sentence")
    func otherProtocol() {
        for role in [Role.worker, .client] {
            let hello = Hello(
                protocolVersion: 9, softwareVersion: "2.0", role: role, name: "a",
                capabilities: Sample.capabilities())
            expectMismatch(hello, "2.0", "1.0", "protocol 9", "speaks 1")
        }
    }

    @Test("7: a worker of another software version is refused, a client is not")
    func otherSoftware() {
        var hello = Hello(
            softwareVersion: "2.0", role: .worker, name: "a", capabilities: Sample.capabilities())
        expectMismatch(hello, "worker a", "2.0", "1.0", "install")
        hello.role = .client
        expectWelcome(hello)
        hello.role = .worker
        hello.softwareVersion = "1.0"
        expectWelcome(hello)
    }

    private func expectMismatch(_ hello: Hello, _ parts: String...) {
        guard
            case .refused(let refused) = Stage().scheduler.answer(
                to: hello, softwareVersion: "1.0")
        else {
            Issue.record("not refused")
            return
        }
        #expect(refused.fault.code == .versionMismatch && !refused.fault.retryable)
        for part in parts { #expect(refused.fault.message.contains(part)) }
    }

    private func expectWelcome(_ hello: Hello) {
        #expect(
            Stage().scheduler.answer(to: hello, softwareVersion: "1.0")
                == .welcome(
                    Welcome(
                        epoch: 1, softwareVersion: "1.0", heartbeatMilliseconds: 1_000,
                        livenessMilliseconds: 5_000)))
    }

    @Test("a worker that does not get rid of its outputs is given no more units")
    func unfetched() {
        var stage = Stage()
        stage.join("a")
        stage.start(Sample.round(units: 4))
        let first = stage.last.assigned[0]
        stage.happens(first.finished(Sample.outcome("p")))
        stage.happens(stage.last.assigned[0].finished(Sample.outcome("q")))
        #expect(stage.last.assigned.isEmpty)
        stage.happens(.outputsStored(first.unit, first.lease))
        #expect(stage.last.assigned.count == 1)
    }
}
