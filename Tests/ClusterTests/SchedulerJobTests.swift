// Stories of jobs: submitted, planned, reduced, finished, cancelled, recovered.

import Cluster
import Protocol
import Testing

@Suite struct SchedulerJobTests {
    @Test("a job waits for a worker, is planned, and ends with its program's result")
    func life() {
        var stage = Stage()
        stage.happens(.jobSubmitted("j", key: "k", Sample.spec(), atWallMilliseconds: 7))
        #expect(
            stage.last.promises
                == [.jobSubmitted("j", key: "k", Sample.spec(), atWallMilliseconds: 7)])
        #expect(stage.last.store.isEmpty)
        #expect(stage.status()?.state == .queued)
        #expect(stage.status()?.stage == "waiting for workers")
        stage.join("a", slots: 3)
        #expect(stage.last.store == [.plan("j", Sample.spec(), workers: 3)])
        let round = Sample.round(units: 1)
        stage.happens(.roundPlanned("j", round, measures: ["blocks": 1]))
        let given = stage.last.assigned[0]
        stage.now = stage.now + 1_500
        stage.happens(given.finished(Sample.outcome(words: 5)))
        #expect(
            stage.last.store
                == [
                    .reduce(
                        "j", roundNumber: 0, round, [Sample.outcome(words: 5)], workers: 3)
                ])
        let output = NamedPayload(name: "vectors", payload: Sample.payload("v"))
        stage.happens(.jobCompleted("j", JobResult(outputs: [output], measures: ["loss": 0.5])))
        let status = stage.status()
        #expect(status?.state == .finished && status?.outputs == [output])
        #expect(
            status?.measures == [
                "blocks": 1, "loss": 0.5, "counting.words": 5, "seconds.planning": 0,
                "seconds.counting": 1.5,
            ])
        #expect(
            stage.last.promises == [.roundReduced("j", number: 0), .jobEnded("j", status!)])
        #expect(stage.last.store == [.discard("j", keepsProgress: false)])
        #expect(status?.submittedAtMilliseconds == 7)
    }

    @Test("the next round starts at once, and every unit goes where it was")
    func rounds() {
        var stage = Stage()
        stage.join("a", "b", "c")
        stage.start(Sample.round(units: 3, stage: "training", count: 2))
        var homes: [Int: WorkerID] = [:]
        let given = stage.last.assigned
        for unit in given { homes[unit.unit.index] = unit.worker }
        for unit in given.reversed() { stage.happens(unit.finished()) }
        stage.happens(
            .roundPlanned(
                "j", Sample.round([1, 5, 9], stage: "training", index: 1, count: 2), measures: [:]))
        #expect(
            stage.last.journal.prefix(2) == [
                .roundReduced("j", number: 0),
                .roundStarted(
                    "j",
                    RoundSummary(
                        number: 1, stage: "training", index: 1, count: 2, units: 3,
                        measures: stage.status()?.measures ?? [:])),
            ])
        #expect(stage.last.assigned.count == 3)
        for unit in stage.last.assigned {
            #expect(unit.unit.round == 1 && homes[unit.unit.index] == unit.worker)
        }
    }

    @Test("progress counts finished rounds, finished units and parts of running ones")
    func progress() {
        var stage = Stage()
        stage.join("a", "b")
        stage.start(Sample.round([10, 30], stage: "training", count: 2))
        let given = stage.last.assigned.sorted { $0.unit < $1.unit }
        #expect(stage.status()?.progress == Progress(done: 0, total: 80))
        stage.beat(given[1].worker, [given[1]], done: 50)
        #expect(stage.status()?.progress == Progress(done: 15, total: 80))
        stage.happens(given[0].finished())
        #expect(stage.status()?.progress == Progress(done: 25, total: 80))
        stage.happens(given[1].finished())
        stage.happens(
            .roundPlanned(
                "j", Sample.round([20], stage: "training", index: 1, count: 2), measures: [:]))
        #expect(stage.status()?.progress == Progress(done: 40, total: 60))
        #expect(stage.status()?.round == 1 && stage.status()?.rounds == 2)
    }

    @Test("a new stage counts its own seconds, sums and progress")
    func stages() {
        var stage = Stage()
        stage.join("a")
        stage.start(Sample.round([4]))
        stage.now = stage.now + 250
        stage.happens(stage.last.assigned[0].finished(Sample.outcome(words: 2)))
        stage.now = stage.now + 250
        stage.happens(
            .roundPlanned("j", Sample.round([6], stage: "encoding"), measures: ["words": 9]))
        stage.now = stage.now + 100
        stage.happens(stage.last.assigned[0].finished(Sample.outcome(words: 3)))
        #expect(stage.status()?.progress == Progress(done: 6, total: 6))
        #expect(
            stage.status()?.measures == [
                "seconds.planning": 0, "seconds.counting": 0.5, "seconds.encoding": 0.1,
                "counting.words": 2, "encoding.words": 3, "words": 9,
            ])
    }

    @Test("a key names one job: the same spec finds it, another one is refused")
    func keys() {
        var stage = Stage()
        let spec = Sample.spec()
        #expect(stage.scheduler.admission(key: "k", spec: spec) == .new)
        stage.happens(.jobSubmitted("j", key: "k", spec, atWallMilliseconds: 0))
        #expect(stage.scheduler.admission(key: "k", spec: spec) == .existing("j"))
        #expect(stage.scheduler.admission(key: "k", spec: Sample.spec(7)) == .reused("j"))
        stage.happens(.jobSubmitted("other", key: "k", spec, atWallMilliseconds: 0))
        #expect(stage.last.promises.isEmpty && stage.status("other") == nil)
        stage.happens(.jobCancelled("j"))
        #expect(stage.scheduler.admission(key: "k", spec: spec) == .existing("j"))
        #expect(stage.scheduler.job(forKey: "k") == "j")
    }

    @Test("jobs start in the order of submission, so many side by side as the policy says")
    func order() {
        var stage = Stage { $0.jobsRunningMax = 2 }
        for name in ["c", "a", "b"] {
            stage.happens(
                .jobSubmitted(JobID(name), key: name, Sample.spec(), atWallMilliseconds: 0))
        }
        stage.join("w")
        #expect(
            stage.last.store
                == [.plan("c", Sample.spec(), workers: 1), .plan("a", Sample.spec(), workers: 1)])
        #expect(stage.status("b")?.stage == "waiting for its turn")
        stage.happens(.jobFaulted("c", Sample.broken))
        #expect(
            stage.last.store == [
                .discard("c", keepsProgress: true), .plan("b", Sample.spec(), workers: 1),
            ])
    }

    @Test("a cancelled job stops its units, and whatever comes late is ignored")
    func cancelled() {
        var stage = Stage()
        stage.join("a", "b")
        stage.start(Sample.round(units: 2))
        let given = stage.last.assigned
        stage.happens(given[0].finished(Sample.outcome("p")))
        stage.happens(.jobCancelled("j"))
        #expect(stage.last.revoked == [given[1]] && stage.last.released == [given[0]])
        #expect(stage.last.store == [.discard("j", keepsProgress: false)])
        let status = stage.status()
        #expect(status?.state == .cancelled && status?.fault?.code == .cancelled)
        for late in [
            .outputsStored(given[0].unit, given[0].lease), .jobCancelled("j"),
            .roundPlanned("j", Sample.round(units: 1), measures: [:]),
            .jobCompleted("j", JobResult(outputs: [], measures: [:])),
            .jobFaulted("j", Sample.broken),
        ] as [Event] {
            stage.happens(late)
            #expect(stage.last.promises.isEmpty && stage.last.store.isEmpty)
        }
        #expect(stage.status() == status)
        stage.start(Sample.round(units: 2), job: "k")
        #expect(stage.last.assigned.count == 2, "its slots are free again")
    }

    @Test("a round without units goes straight to its reduction")
    func emptyRound() {
        var stage = Stage()
        stage.join("a")
        let round = Sample.round(units: 0)
        stage.start(round)
        #expect(stage.last.store == [.reduce("j", roundNumber: 0, round, [], workers: 1)])
    }

    @Test("a program that plans nonsense fails its job, not the coordinator")
    func nonsense() {
        for work in [Double.nan, -1, .infinity] {
            var stage = Stage()
            stage.join("a")
            stage.start(Sample.round([1, work]))
            #expect(stage.status()?.fault?.code == .internalError)
        }
    }

    @Test("figures from workers are bounded in number, and only finite ones count")
    func boundedMeasures() {
        var stage = Stage { $0.measuresMax = 3 }
        stage.join("a")
        stage.start(Sample.round(units: 1))
        var outcome = Sample.outcome()
        outcome.measures = ["a": .nan, "b": 1, "c": 2, "d": 3, "e": 4]
        stage.happens(stage.last.assigned[0].finished(outcome))
        let names = stage.status()?.measures.keys.sorted()
        #expect(
            names == ["counting.b", "counting.c", "seconds.counting", "seconds.planning"])
    }

    @Test("only the newest ended jobs are remembered, with their keys")
    func history() {
        var stage = Stage { $0.historyMax = 2 }
        for name in ["1", "2", "3"] {
            stage.happens(
                .jobSubmitted(JobID(name), key: name, Sample.spec(), atWallMilliseconds: 0))
            stage.happens(.jobCancelled(JobID(name)))
        }
        #expect(stage.status("1") == nil && stage.status("2") != nil)
        #expect(stage.scheduler.admission(key: "1", spec: Sample.spec()) == .new)
        #expect(stage.scheduler.status(at: stage.now).jobs.map(\.job) == ["3", "2"])
    }

    @Test("recovered jobs run again when all workers had time to return, ended ones are remembered")
    func recovered() {
        var stage = Stage()
        let ended = JobStatus(job: "old", kind: "train-words", state: .finished)
        stage.scheduler.recover(
            [
                RecoveredJob(
                    job: "old", key: "o", spec: Sample.spec(), submittedAtMilliseconds: 1,
                    ended: ended),
                RecoveredJob(job: "j", key: "k", spec: Sample.spec(7), submittedAtMilliseconds: 2),
            ], at: stage.now, into: &stage.last)
        #expect(stage.last.promises.isEmpty)
        #expect(stage.status("old") == ended && stage.status()?.state == .queued)
        #expect(stage.scheduler.admission(key: "o", spec: Sample.spec()) == .existing("old"))
        stage.join("a")
        #expect(stage.last.store.isEmpty)
        stage.now = stage.now + 300
        stage.join("b")
        stage.now = stage.now + 4_000
        stage.beat("a")
        stage.beat("b")
        #expect(stage.last.store.isEmpty)
        #expect(stage.last.wakeAt == Moment(milliseconds: 6_000))
        stage.pass(700)
        #expect(stage.last.store == [.plan("j", Sample.spec(7), workers: 2)])
    }

    @Test("a listing fits a header, whatever the workers call themselves and fail with")
    func longestListing() throws {
        var stage = Stage()
        let longest = String(repeating: "\"", count: Limits.identifierBytesMax)
        var capabilities = Sample.capabilities()
        capabilities.host = longest
        capabilities.instructionSet = longest
        for index in 0..<500 {
            let name = WorkerID("\(index)" + longest.dropLast(3))
            stage.happens(.workerJoined(name, capabilities))
        }
        let sentence = String(repeating: "\u{1}", count: Limits.sentenceBytesMax)
        for index in 0..<150 {
            let job = JobID("j-\(index)-0123456789ab")
            stage.start(Sample.round(units: 1), job: job)
            stage.happens(stage.last.assigned[0].failed(Fault(.data, sentence)))
            #expect(stage.status(job)?.fault?.message.contains(sentence) == true)
        }
        stage.start(Sample.round(units: 500))
        let status = stage.scheduler.status(at: stage.now)
        #expect(status.workersTotal == 500)
        #expect(status.workers.count == Limits.workersListedMax)
        #expect(status.jobs.count == Limits.jobsListedMax)
        #expect(throws: Never.self) { try Codec.encode(Message(.cluster(status))) }
    }
}
