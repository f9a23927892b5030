// What `sounder top` draws, from listings that are made up.

import Foundation
import Protocol
import Testing

@testable import Console

@Suite("sounder top")
struct TopTests {
    private func job(
        _ name: String, _ state: JobState = .running, stage: String = "training",
        done: Double = 0, total: Double = 0, fault: Fault? = nil, retries: Int = 0
    ) -> JobStatus {
        JobStatus(
            job: JobID(name), kind: "train-words", state: state, stage: stage, round: 3,
            rounds: 10, progress: Progress(done: done, total: total), retries: retries,
            fault: fault)
    }

    private func worker(_ name: String, unit: WorkUnitID? = nil) -> WorkerStatus {
        WorkerStatus(
            worker: WorkerID(name), host: "h", processID: 1, instructionSet: "avx2", threads: 8,
            state: unit == nil ? "idle" : "busy", unit: unit,
            progress: unit.map { _ in Progress(done: 1, total: 4) }, heardMillisecondsAgo: 300,
            unitsDone: 12)
    }

    private func view(
        _ jobs: [JobStatus], _ workers: [WorkerStatus], total: Int? = nil,
        keeper: PaceKeeper = PaceKeeper(windowSeconds: 10)
    ) -> TopView {
        TopView(
            ClusterStatus(
                epoch: 7, softwareVersion: "1.2.3", workers: workers,
                workersTotal: total ?? workers.count, jobs: jobs),
            keeper, address: "ipc:///c", atMilliseconds: 0, residentBytes: { _ in 1_500_000_000 })
    }

    @Test("a rate is that of the last while, and a new stage begins anew")
    func pace() {
        var keeper = PaceKeeper(windowSeconds: 10)
        func note(_ seconds: Double, _ done: Double, stage: String = "training") -> Pace? {
            let status = job("j-1", stage: stage, done: done, total: 1_000)
            keeper.note([status], atSeconds: seconds)
            return keeper.pace(of: status)
        }
        #expect(note(0, 0) == nil)
        #expect(note(2, 20) == Pace(perSecond: 10, secondsLeft: 98))
        #expect(note(100, 20) == Pace(perSecond: 0, secondsLeft: nil))
        #expect(note(102, 220)?.perSecond == 2)
        // The look at 2 s is older than the window by now.
        #expect(note(111, 220)?.perSecond == 200.0 / 11)
        // What a lost unit takes back is no rate.
        #expect(note(112, 0) == Pace(perSecond: 0, secondsLeft: nil))
        #expect(note(113, 5, stage: "counting") == nil)
        #expect(note(114, 6, stage: "counting")?.perSecond == 1)
        keeper.note([], atSeconds: 115)
        #expect(keeper.pace(of: job("j-1", total: 1)) == nil)
    }

    @Test("the screen names the cluster, its jobs and its workers")
    func screen() {
        var keeper = PaceKeeper(windowSeconds: 10)
        let before = job("j-1", done: 0, total: 4e7)
        let running = job("j-1", done: 1e7, total: 4e7, retries: 2)
        keeper.note([before], atSeconds: 0)
        keeper.note([running], atSeconds: 2)
        let failed = job("j-0", .failed, fault: Fault(.data, "no words"))
        let unit = WorkUnitID(job: JobID("j-1"), round: 3, index: 1)
        let view = view(
            [running, job("j-2", .queued, stage: ""), failed],
            [worker("w-1", unit: unit), worker("w-2")], keeper: keeper)
        let lines = TopScreen(columns: nil, rows: nil).lines(view)
        #expect(
            lines.map(\.text) == [
                "sounder 1.2.3  ipc:///c  epoch 7  00:00:00 UTC",
                "2 workers (1 busy, 1 idle)   1 job running, 1 queued   5.00 M words/s",
                "",
                "JOB  STAGE     ROUND  PROGRESS                                RATE   ETA  RETRIED",
                "j-1  training   4/10  █████░░░░░░░░░░░░░░░  25.0 %  5.00 M words/s  0:06        2",
                "j-2  queued",
                "j-0  failed",
                "  no words",
                "",
                "WORKER  STATE  UNIT     PROGRESS          UNITS  THREADS  ISA   MEMORY  HEARD",
                "w-1     busy   j-1/3/1  ██░░░░░░░░  25 %     12        8  avx2  1.5 GB  0.3 s",
                "w-2     idle                                 12        8  avx2  1.5 GB  0.3 s",
            ])
        #expect(lines[7].style == .alarm)
    }

    @Test(
        "no line is wider than the terminal, and no screen is higher", arguments: [20, 60, 80, 200])
    func fits(columns: Int) {
        let unit = WorkUnitID(job: JobID("j-1"), round: 3, index: 1)
        let workers = (0..<100).map { worker("worker-\($0)", unit: unit) }
        let jobs = (0..<3).map { job("j-\($0)", done: 1, total: 2) }
        let view = view(jobs, workers, total: 5_000)
        let lines = TopScreen(columns: columns, rows: 24).lines(view)
        #expect(lines.allSatisfy { $0.text.count <= columns })
        #expect(lines.count <= 24)
        #expect(lines.last?.text.hasPrefix("and 49") == true)
        #expect(TopScreen(columns: columns, rows: nil).lines(view).count > 100)
    }

    @Test("an empty cluster says what is missing")
    func empty() {
        let texts = TopScreen(columns: 80, rows: 24).lines(view([], [])).map(\.text)
        #expect(texts.contains("no jobs yet"))
        #expect(texts.contains { $0.hasPrefix("no workers") })
    }

    @Test("numbers have three digits and a letter")
    func numbers() {
        let cases: [(Double, String)] = [
            (0, "0"), (999, "999"), (999.6, "1.00 k"), (12_345, "12.3 k"), (7_340_000, "7.34 M"),
            (99_960_000, "100 M"), (1e9, "1.00 G"), (5e17, "500 P"),
        ]
        for (number, text) in cases { #expect(number.short == text) }
        #expect(1_500_000_000.0.bytes == "1.5 GB")
        #expect(999_600_000.0.bytes == "1.0 GB")
        #expect(12.0.bytes == "12 B")
    }
}
