// Stories of units: assigned, finished, failed, lost, late.

import Cluster
import Protocol
import Testing

@Suite struct SchedulerUnitTests {
    @Test("a unit without outputs is done at once and its slot takes the next")
    func doneAtOnce() {
        var stage = Stage()
        stage.join("a")
        stage.start(Sample.round(units: 2))
        let first = stage.last.assigned[0]
        #expect(stage.last.assigned.count == 1)
        stage.happens(first.finished())
        #expect(stage.last.promises == [.unitDone(first.unit, first.lease, Sample.outcome())])
        #expect(stage.last.released == [first])
        #expect(stage.last.assigned.map(\.unit.index) == [1])
    }

    @Test("a unit with outputs is done when they are stored, and its slot is free before")
    func fetched() {
        var stage = Stage()
        stage.join("a")
        stage.start(Sample.round(units: 2))
        let first = stage.last.assigned[0]
        stage.happens(first.finished(Sample.outcome("p")))
        #expect(
            stage.last.store == [.fetch(first.unit, first.lease, from: "a", [Sample.payload("p")])])
        #expect(stage.last.released.isEmpty && stage.last.promises.isEmpty)
        #expect(stage.last.assigned.map(\.unit.index) == [1])
        #expect(stage.status()?.unitsDone == 0)
        stage.happens(.outputsStored(first.unit, first.lease))
        #expect(stage.last.released == [first])
        #expect(stage.last.promises.count == 1)
        #expect(stage.status()?.unitsDone == 1)
    }

    @Test("23: a result that is said again changes nothing")
    func repeated() {
        var stage = Stage()
        stage.join("a")
        stage.start(Sample.round(units: 2))
        let first = stage.last.assigned[0]
        stage.happens(first.finished(Sample.outcome("p")))
        stage.happens(first.finished(Sample.outcome("p")))
        #expect(stage.last.store.isEmpty && stage.last.outbound.isEmpty)
        stage.happens(.outputsStored(first.unit, first.lease))
        stage.happens(.outputsStored(first.unit, first.lease))
        #expect(stage.last.promises.isEmpty)
        stage.happens(first.finished(Sample.outcome("p")))
        #expect(stage.last.promises.isEmpty && stage.last.released == [first])
        #expect(stage.status()?.unitsDone == 1)
    }

    @Test("3, 23: a result under a stale lease is released and does not count")
    func stale() {
        var stage = Stage()
        stage.join("a", "b")
        stage.start(Sample.round(units: 1))
        let first = stage.last.assigned[0]
        for lease in [
            Lease(epoch: 0, attempt: 1, token: first.lease.token),
            Lease(epoch: 1, attempt: 2, token: first.lease.token),
            Lease(epoch: 1, attempt: 1, token: first.lease.token &+ 1),
        ] {
            stage.happens(.unitFinished(first.unit, lease, from: first.worker, Sample.outcome()))
            #expect(stage.last.released.map(\.lease) == [lease])
            #expect(stage.last.promises.isEmpty && stage.status()?.unitsDone == 0)
        }
        stage.happens(.unitFinished(first.unit, first.lease, from: "b", Sample.outcome()))
        #expect(stage.status()?.unitsDone == 0, "the lease belongs to another worker")
    }

    @Test("a unit whose number is beyond its round is none, and its result is let go")
    func beyondTheRound() {
        var stage = Stage()
        stage.join("a")
        stage.start(Sample.round(units: 1))
        let first = stage.last.assigned[0]
        let beyond = WorkUnitID(job: "j", round: first.unit.round, index: 1)
        #expect(stage.scheduler.task(of: first.unit) != nil)
        #expect(stage.scheduler.task(of: beyond) == nil)
        stage.happens(.unitFinished(beyond, first.lease, from: "a", Sample.outcome()))
        #expect(stage.last.released.map(\.unit) == [beyond] && stage.last.promises.isEmpty)
    }

    @Test("outputs that cannot be fetched make the unit run again")
    func outputsLost() {
        var stage = Stage()
        stage.join("a")
        stage.start(Sample.round(units: 1))
        let first = stage.last.assigned[0]
        stage.happens(first.finished(Sample.outcome("p")))
        stage.happens(.outputsLost(first.unit, first.lease, Fault(.payloadMissing, "gone")))
        #expect(stage.last.released == [first] && stage.last.assigned.isEmpty)
        stage.happens(.outputsStored(first.unit, first.lease))
        #expect(stage.status()?.unitsDone == 0)
        stage.pass(500)
        #expect(stage.last.assigned.map(\.lease.attempt) == [2])
        #expect(stage.status()?.retries == 1)
    }

    @Test("a failed unit waits twice as long every time and fails its job at the last attempt")
    func backoff() {
        var stage = Stage()
        stage.join("a")
        stage.start(Sample.round(units: 1))
        for (attempt, wait) in [(1, 500), (2, 1_000), (3, 2_000)] {
            let given = stage.last.assigned[0]
            #expect(given.lease.attempt == attempt)
            stage.happens(given.failed())
            #expect(stage.last.wakeAt == stage.now + wait)
            stage.pass(wait - 1)
            #expect(stage.last.assigned.isEmpty)
            stage.beat("a")
            stage.pass(1)
        }
        stage.happens(stage.last.assigned[0].failed())
        let status = stage.status()
        #expect(status?.state == .failed && status?.retries == 4)
        #expect(
            status?.fault?.message
                == "unit 0 of round 0 (counting), bytes 0..<100 of /c, failed 4 times, "
                + "last on worker a: "
                + "out of memory")
        #expect(stage.last.store == [.discard("j", keepsProgress: true)])
    }

    @Test("a fault that is not retryable fails the job at once and recalls its other units")
    func fatal() {
        var stage = Stage()
        stage.join("a", "b")
        stage.start(Sample.round(units: 2))
        let (first, second) = (stage.last.assigned[0], stage.last.assigned[1])
        stage.happens(first.failed(Sample.broken))
        #expect(stage.status()?.state == .failed)
        #expect(stage.status()?.fault?.code == .data)
        #expect(stage.last.revoked == [second])
        stage.happens(second.finished())
        #expect(stage.last.released == [second] && stage.last.promises.isEmpty)
    }

    @Test("a unit avoids the worker on which it failed while another exists")
    func avoidance() {
        var stage = Stage()
        stage.join("a", "b")
        stage.start(Sample.round(units: 2))
        let (first, second) = (stage.last.assigned[0], stage.last.assigned[1])
        stage.happens(first.failed())
        stage.pass(500)
        #expect(stage.last.assigned.isEmpty, "the other worker is busy, so the unit waits for it")
        stage.happens(second.finished())
        #expect(stage.last.assigned.map(\.worker) == [second.worker])
        stage.happens(stage.last.assigned[0].failed())
        stage.pass(1_000)
        #expect(stage.last.assigned.count == 1, "it failed everywhere, so any worker will do")
    }

    @Test("a unit that avoids a worker goes there when the other one leaves")
    func avoidanceEnds() {
        var stage = Stage()
        stage.join("a", "b")
        stage.start(Sample.round(units: 2))
        let (first, second) = (stage.last.assigned[0], stage.last.assigned[1])
        stage.happens(first.failed())
        stage.pass(500)
        stage.happens(.workerDraining(second.worker))
        #expect(stage.last.assigned.map(\.worker) == [first.worker])
    }

    @Test("a lease is renewed by progress and by nothing else")
    func leases() {
        var stage = Stage()
        stage.join("a")
        stage.start(Sample.round(units: 1))
        let first = stage.last.assigned[0]
        for second in 1...29 {
            stage.pass(1_000)
            stage.beat("a", [first], done: second < 10 ? Double(second) : 9)
        }
        stage.pass(1_000)
        stage.beat("a", [first], done: 9)
        #expect(stage.last.revoked.isEmpty, "30 s after assignment, 21 s after the last progress")
        for _ in 31...38 {
            stage.pass(1_000)
            stage.beat("a", [first], done: 9)
            #expect(stage.last.revoked.isEmpty)
        }
        stage.pass(999)
        #expect(stage.last.revoked.isEmpty)
        stage.pass(1)
        #expect(stage.last.revoked == [first])
        stage.beat("a")
        stage.happens(first.finished())
        #expect(stage.last.released == [first] && stage.status()?.unitsDone == 0)
        #expect(stage.status()?.retries == 1)
    }

    @Test("a heartbeat with another lease renews nothing and is answered by a revocation")
    func foreignLease() {
        var stage = Stage()
        stage.join("a")
        stage.start(Sample.round(units: 1))
        let first = stage.last.assigned[0]
        let foreign = Given(
            worker: "a", unit: first.unit, lease: Lease(epoch: 1, attempt: 1, token: 0))
        stage.beat("a", [foreign], done: 5)
        #expect(stage.last.revoked == [foreign])
        #expect(stage.status()?.progress.done == 0)
    }

    @Test("an assignment that heartbeats do not name is sent again")
    func lostAssignment() {
        var stage = Stage()
        stage.join("a")
        stage.start(Sample.round(units: 1))
        let first = stage.last.assigned[0]
        stage.pass(1_000)
        stage.beat("a")
        #expect(stage.last.assigned.isEmpty)
        stage.pass(1_000)
        stage.beat("a")
        #expect(stage.last.assigned == [first])
        stage.pass(2_000)
        stage.beat("a", [first])
        #expect(stage.last.assigned.isEmpty)
    }
}
