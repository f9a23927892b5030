// Slow units get a second attempt, poisonous ones are cut in two.

import Cluster
import Protocol
import Testing

@Suite struct SchedulerBackupTests {
    /// Four units, three of which were done after a second; the last is with worker "d".
    private func nearlyDone() -> (stage: Stage, slow: Given) {
        var stage = Stage()
        stage.join("a", "b", "c", "d")
        stage.start(Sample.round(units: 4))
        let given = stage.last.assigned
        stage.pass(1_000)
        for unit in given.dropLast() { stage.happens(unit.finished()) }
        return (stage, given[3])
    }

    /// Time passes, and everybody says so.
    private func wait(_ stage: inout Stage, _ seconds: Int, _ slow: Given, done: Double = 0) {
        for _ in 0..<seconds {
            stage.pass(1_000)
            var assigned = stage.last.assigned
            for worker in ["a", "b", "c"] as [WorkerID] {
                stage.beat(worker)
                assigned += stage.last.assigned
            }
            stage.beat("d", [slow], done: done)
            assigned += stage.last.assigned
            stage.last.outbound = assigned.map {
                .worker(
                    $0.worker,
                    .assign(Assign(unit: $0.unit, lease: $0.lease, task: Sample.task)))
            }
            if !assigned.isEmpty { return }
        }
    }

    @Test("5: a unit that takes much longer than the others is tried on an idle worker, too")
    func backup() {
        for firstEnds in [true, false] {
            var (stage, slow) = nearlyDone()
            wait(&stage, 1, slow)
            #expect(stage.last.assigned.isEmpty, "not before its time")
            wait(&stage, 4, slow)
            let second = stage.last.assigned[0]
            #expect(second.unit == slow.unit && second.worker != "d")
            #expect(second.lease.attempt == 2)
            let (winner, loser) = firstEnds ? (slow, second) : (second, slow)
            stage.happens(winner.finished())
            #expect(stage.last.revoked == [loser] && stage.last.released == [winner])
            #expect(stage.status()?.unitsDone == 4)
            stage.happens(loser.finished())
            #expect(stage.last.promises.isEmpty && stage.last.released == [loser])
        }
    }

    @Test("a unit that will be done sooner than a second attempt is left alone")
    func nearlyThere() {
        var (stage, slow) = nearlyDone()
        for _ in 0..<4 {
            wait(&stage, 1, slow, done: 95)
            #expect(stage.last.assigned.isEmpty)
        }
    }

    @Test("when one of two attempts is lost or fails, the other one goes on")
    func oneLost() {
        for loses in [true, false] {
            var (stage, slow) = nearlyDone()
            wait(&stage, 5, slow)
            let second = stage.last.assigned[0]
            stage.happens(loses ? .workerLeft("d") : slow.failed())
            #expect(stage.last.assigned.isEmpty)
            stage.happens(second.finished())
            #expect(stage.status()?.unitsDone == 4)
        }
    }

    @Test("if the outputs of the first to end cannot be had, the other attempt still counts")
    func outputsLost() {
        var (stage, slow) = nearlyDone()
        wait(&stage, 5, slow)
        let second = stage.last.assigned[0]
        stage.happens(slow.finished(Sample.outcome("p")))
        #expect(stage.last.revoked.isEmpty)
        stage.happens(.outputsLost(slow.unit, slow.lease, Sample.flaky))
        stage.happens(second.finished())
        #expect(stage.status()?.unitsDone == 4)
    }

    @Test("6: a unit that kills its workers is cut in two until what kills them has a name")
    func poison() {
        var stage = Stage { $0.lossesMax = 6 }
        let whole = WorkUnit(
            task: .countWords(CountWords(corpus: Sample.corpus, blocks: 0..<8)), affinity: 0,
            work: 8)
        stage.join("w0")
        stage.start(Round(stage: "counting", index: 0, count: 1, units: [whole]))
        var given = stage.last.assigned
        var counted = 0
        for life in 1..<200 where stage.status()?.state == .running {
            guard let unit = given.first else { break }
            guard case .countWords(let task) = stage.tasks[unit.lease.token] else { break }
            given.removeFirst()
            if task.blocks.contains(5) {
                stage.happens(.workerLeft(unit.worker))
                given += stage.last.assigned
                stage.join(WorkerID("w\(life)"))
            } else {
                counted += task.blocks.count
                stage.happens(unit.finished())
            }
            given += stage.last.assigned
        }
        let fault = stage.status()?.fault?.message ?? ""
        #expect(stage.status()?.state == .failed)
        #expect(fault.contains("bytes 500..<600 of /c, lost its worker 6 times"), "\(fault)")
        #expect(counted == 7, "every other block was counted once")
    }

    @Test("a unit that cannot be cut survives many losses")
    func unlucky() {
        var stage = Stage()
        stage.join("w0")
        stage.start(Sample.round(units: 1))
        for life in 1...15 {
            stage.happens(.workerLeft(WorkerID("w\(life - 1)")))
            stage.join(WorkerID("w\(life)"))
        }
        #expect(stage.status()?.state == .running)
        stage.happens(.workerLeft("w15"))
        #expect(stage.status()?.state == .failed)
    }
}
