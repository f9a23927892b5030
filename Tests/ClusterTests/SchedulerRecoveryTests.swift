// A coordinator that died and came back: what was done stays done, who held a unit may go on.

import Cluster
import Protocol
import Testing

@Suite struct SchedulerRecoveryTests {
    /// What the journal of a coordinator holds after `body`, and who was given what.
    private func journal(
        of round: Round, workers: WorkerID..., body: (inout Stage, [Given]) -> Void
    ) -> (job: RecoveredJob, given: [Given]) {
        var stage = Stage()
        var entries: [JournalEntry] = []
        for worker in workers { stage.happens(.workerJoined(worker, Sample.capabilities())) }
        stage.start(round)
        let given = stage.last.assigned
        entries += stage.all
        stage.all.removeAll()
        body(&stage, given)
        entries += stage.all
        var job = RecoveredJob(
            job: "j", key: "key of j", spec: Sample.spec(), submittedAtMilliseconds: 7)
        for entry in entries { job.apply(entry) }
        return (job, given)
    }

    /// A coordinator of epoch 2 that has taken the job up, with its old workers there again.
    private func successor(_ job: RecoveredJob, workers: WorkerID...) -> Stage {
        var stage = Stage(epoch: 2)
        stage.scheduler.recover([job], at: stage.now, into: &stage.last)
        for worker in workers { stage.happens(.workerJoined(worker, Sample.capabilities())) }
        return stage
    }

    private let kept = Round(
        stage: "counting", index: 0, count: 1, units: Sample.round(units: 3).units,
        keepsOutputs: true)

    @Test("what a worker runs goes on, what it finished counts, and nothing is done twice")
    func goesOn() {
        let (job, given) = journal(of: kept, workers: "a", "b", "c") { stage, given in
            stage.happens(given[0].finished(Sample.outcome()))
        }
        var stage = successor(job, workers: "a", "b", "c")
        // Said before the round is planned again: neither wanted nor refused.
        stage.beat("b", [given[1]])
        stage.happens(given[2].finished(Sample.outcome()))
        #expect(stage.last.revoked.isEmpty && stage.last.released.isEmpty)
        stage.pass(1_000)
        #expect(stage.last.store.contains(.plan("j", Sample.spec(), workers: 3)))
        stage.happens(.roundPlanned("j", kept, measures: [:]))
        #expect(stage.last.assigned.isEmpty && stage.status()?.unitsDone == 1)
        stage.beat("b", [given[1]], done: 10)
        stage.happens(given[2].finished(Sample.outcome()))
        #expect(stage.last.released == [given[2]] && stage.status()?.unitsDone == 2)
        stage.happens(given[1].finished(Sample.outcome()))
        #expect(stage.status()?.unitsDone == 3 && stage.status()?.measures["counting.words"] == 3)
        #expect(stage.last.assigned.isEmpty)
    }

    @Test("when all who held units are back, nobody waits for the others")
    func gathers() {
        let (job, _) = journal(of: kept, workers: "a", "b", "c") { _, _ in }
        var stage = successor(job, workers: "c", "a")
        stage.pass(1_500)
        #expect(stage.last.store.isEmpty)
        stage.join("b")
        stage.pass(900)
        #expect(stage.last.store.isEmpty)
        stage.pass(100)
        #expect(stage.last.store == [.plan("j", Sample.spec(), workers: 3)])
    }

    @Test("a unit whose worker does not come back goes to another, under a later attempt")
    func reassigned() {
        let (job, given) = journal(of: Sample.round(units: 1), workers: "a") { _, _ in }
        var stage = successor(job, workers: "b")
        stage.pass(4_000)
        stage.beat("b")
        stage.pass(1_000)
        stage.happens(.roundPlanned("j", Sample.round(units: 1), measures: [:]))
        let again = stage.last.assigned[0]
        #expect(again.worker == "b" && again.lease.attempt == 2 && again.lease.epoch == 2)
        stage.join("a")
        stage.happens(given[0].finished())
        #expect(stage.last.released == [given[0]] && stage.status()?.unitsDone == 0)
    }

    @Test("outputs that were in memory are made again, those on the disk are not")
    func volatileOutputs() {
        for (round, done) in [(kept, 1), (Sample.round(units: 3), 0)] {
            let (job, _) = journal(of: round, workers: "a", "b", "c") { stage, given in
                stage.happens(given[0].finished(Sample.outcome("p")))
                stage.happens(.outputsStored(given[0].unit, given[0].lease))
            }
            var stage = successor(job, workers: "d")
            stage.pass(4_000)
            stage.beat("d")
            stage.pass(1_000)
            stage.happens(.roundPlanned("j", round, measures: [:]))
            #expect(stage.status()?.unitsDone == done)
        }
    }

    @Test("a round that is planned otherwise is begun afresh under a new number")
    func otherRound() {
        let (job, given) = journal(of: Sample.round(units: 2), workers: "a", "b") { _, _ in }
        var stage = successor(job, workers: "a", "b")
        stage.pass(1_000)
        stage.happens(
            .roundPlanned("j", Sample.round(units: 2, stage: "training"), measures: [:]))
        #expect(stage.last.assigned.map(\.unit.round) == [1, 1])
        stage.beat("a", [given[0]])
        #expect(stage.last.revoked == [given[0]])
    }

    @Test("31: damaged outputs are made again before the round is reduced")
    func outputsGone() {
        var stage = Stage()
        stage.join("a", "b")
        stage.start(Sample.round(units: 2))
        for given in stage.last.assigned { stage.happens(given.finished()) }
        stage.happens(.outputsGone("j", [1, 7]))
        #expect(stage.last.assigned.map(\.unit.index) == [1])
        #expect(stage.status()?.unitsDone == 1)
        stage.happens(stage.last.assigned[0].finished())
        #expect(stage.last.store.count == 1 && stage.status()?.unitsDone == 2)
    }

    @Test("a job that failed or was cancelled runs again when asked, a finished one does not")
    func retried() {
        var stage = Stage()
        stage.join("a")
        #expect(stage.scheduler.obstacle(toRetrying: "j")?.code == .unknownJob)
        stage.start(Sample.round(units: 1))
        #expect(stage.scheduler.obstacle(toRetrying: "j")?.code == .usage)
        stage.happens(stage.last.assigned[0].failed(Sample.broken))
        #expect(stage.status()?.state == .failed)
        stage.happens(.jobRetried("j"))
        #expect(stage.last.promises == [.jobRetried("j")])
        #expect(stage.last.store == [.plan("j", Sample.spec(), workers: 1)])
        stage.happens(.roundPlanned("j", Sample.round(units: 1), measures: [:]))
        #expect(stage.last.assigned.map(\.unit.round) == [1])
        stage.happens(stage.last.assigned[0].finished())
        stage.happens(.jobCompleted("j", JobResult(outputs: [], measures: [:])))
        #expect(stage.scheduler.obstacle(toRetrying: "j")?.code == .usage)
        stage.happens(.jobRetried("j"))
        #expect(stage.status()?.state == .finished)
    }

    @Test("a job whose program gave up is planned again when it is tried again")
    func retriedPlan() {
        for isNonsense in [false, true] {
            var stage = Stage()
            stage.join("a")
            stage.start(Sample.round(units: 1))
            stage.happens(stage.last.assigned[0].finished())
            stage.happens(
                isNonsense
                    ? .roundPlanned("j", Sample.round([.nan]), measures: [:])
                    : .jobFaulted("j", Sample.flaky))
            #expect(stage.status()?.state == .failed)
            stage.happens(.jobRetried("j"))
            #expect(stage.last.store == [.plan("j", Sample.spec(), workers: 1)])
            stage.happens(.roundPlanned("j", Sample.round(units: 1), measures: [:]))
            #expect(stage.last.assigned.count == 1)
        }
    }
}
