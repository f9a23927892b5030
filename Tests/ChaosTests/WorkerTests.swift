// Workers that are killed, stopped, sent away, or stuck.

import Foundation
import Testing

@testable import Processes

extension ProcessChaos {
    @Suite(.serialized)
    struct WorkerTests {
        /// Long enough to be met in the middle, short enough to wait for.
        private static let drill = Drill(epochs: 100)

        private func begun(
            liveness: Int, coordinatorFlags: [String] = []
        ) async throws -> (fleet: Fleet, training: Program, job: String) {
            _ = try await Self.drill.calmResult()
            let fleet = try await Fleet(
                Site(), workers: 2, liveness: liveness, coordinatorFlags: coordinatorFlags)
            let training = try fleet.begin(Self.drill)
            let job = try await fleet.awaitStage("training", round: 2)
            return (fleet, training, job)
        }

        @Test("1: a worker killed with -9 is noticed within ten seconds, and no bit changes")
        func killed() async throws {
            let (fleet, training, job) = try await begun(liveness: 5_000)
            try await fleet.killWorker(0)
            let killed = Date()
            let isNoticed = try await eventually(within: 10) {
                try await fleet.retries(of: job) > 0
            }
            #expect(isNoticed, "not within \(Date().timeIntervalSince(killed)) s")
            try await fleet.expectCalmResult(of: training, Self.drill)
            try await fleet.stop()
        }

        @Test("2: a worker that stands still for less than the liveness time loses nothing")
        func stoppedShortly() async throws {
            let (fleet, training, job) = try await begun(liveness: 10_000)
            fleet.workers[0].signal(SIGSTOP)
            try await Task.sleep(for: .seconds(3))
            fleet.workers[0].signal(SIGCONT)
            try await fleet.expectCalmResult(of: training, Self.drill)
            #expect(try await fleet.retries(of: job) == 0)
            try await fleet.stop()
        }

        @Test("3: a worker that wakes up after its lease hands in nothing that counts")
        func stoppedBeyondLease() async throws {
            let (fleet, training, job) = try await begun(
                liveness: 60_000, coordinatorFlags: ["--lease", "1500"])
            // Where it is stopped while its outputs are fetched it has no lease to lose.
            var isExpired = false
            for _ in 0..<5 where !isExpired {
                fleet.workers[0].signal(SIGSTOP)
                isExpired = try await eventually(within: 5) { try await fleet.retries(of: job) > 0 }
                fleet.workers[0].signal(SIGCONT)
                try await Task.sleep(for: .milliseconds(50))
            }
            #expect(isExpired)
            try await fleet.expectCalmResult(of: training, Self.drill)
            let log = try await fleet.log(of: job)
            #expect(log.contains("no progress for 1500 ms"), "\(log)")
            // It is one of the cluster again.
            try await fleet.awaitWorkers(2)
            try await fleet.stop()
        }

        @Test(
            "4: a worker whose computation is stuck loses its unit although it still answers",
            .enabled(if: Chaos.hasFreezer, "needs root and the freezer of cgroups"))
        func stuck() async throws {
            let (fleet, training, job) = try await begun(
                liveness: 5_000, coordinatorFlags: ["--lease", "2000"])
            let freezer = try Freezer()
            try freezer.freeze(thread: "compute", of: fleet.workers[0])
            let isTaken = try await eventually(within: 20) {
                try await fleet.retries(of: job) > 0
            }
            #expect(isTaken)
            // It speaks all the time, so it is never taken for gone.
            let log = try await fleet.log(of: job)
            #expect(log.contains("no progress for 2000 ms"), "\(log)")
            #expect(!log.contains("lost its worker"), "\(log)")
            try await fleet.killWorker(0, SIGKILL, thawing: freezer)
            try fleet.startWorker(at: 0)
            try await fleet.expectCalmResult(of: training, Self.drill)
            try await fleet.stop()
        }

        @Test("9: a worker that is sent away finishes its unit, and nothing is done twice")
        func drained() async throws {
            let (fleet, training, job) = try await begun(liveness: 5_000)
            fleet.workers[0].signal(SIGTERM)
            let ending = try await fleet.workers[0].ending(within: 10)
            #expect(ending.code == 0, "\(ending)")
            try await fleet.expectCalmResult(of: training, Self.drill)
            // A unit that crosses its goodbye on the way is handed back before it is begun.
            let retries = try await fleet.retries(of: job)
            let log = try await fleet.log(of: job)
            #expect(retries <= 1 && !log.contains("failed on"), "\(log)")
            if retries > 0 { Chaos.say("drained: \(log)") }
            try await fleet.stop()
        }

        @Test(
            "17: a worker or coordinator that aborts is like one that is killed",
            arguments: Chaos.isFull ? [SIGABRT, SIGSEGV] : [SIGABRT])
        func aborts(_ signal: Int32) async throws {
            let (fleet, training, _) = try await begun(liveness: 1_000)
            try await fleet.killWorker(0, signal)
            try fleet.startWorker(at: 0)
            try await fleet.killCoordinator(signal)
            try fleet.startCoordinator()
            try await fleet.expectCalmResult(of: training, Self.drill)
            try await fleet.stop()
        }
    }
}

extension Fleet {
    /// A process does not die while one of its threads is frozen.
    fileprivate func killWorker(
        _ index: Int, _ signal: Int32, thawing freezer: Freezer
    ) async throws {
        workers[index].signal(signal)
        freezer.thaw()
        _ = try await workers[index].ending(within: 10)
    }
}

/// A control group that stands still, threads and all, until it is let go.
private final class Freezer {
    private let path = "\(Chaos.freezer)/sounder-chaos-\(getpid())"

    init() throws {
        guard mkdir(path, 0o700) == 0 || errno == EEXIST else {
            throw Overdue(description: "no control group \(path)")
        }
    }

    func freeze(thread name: String, of program: Program) throws {
        let tasks = "/proc/\(program.identifier)/task"
        let threads = try FileManager.default.contentsOfDirectory(atPath: tasks).filter { thread in
            let comm = try? String(contentsOfFile: "\(tasks)/\(thread)/comm", encoding: .utf8)
            return comm == name + "\n"
        }
        let thread = try #require(threads.first, "no thread \(name)")
        try put(thread, "tasks")
        try put("FROZEN", "freezer.state")
    }

    func thaw() { try? put("THAWED", "freezer.state") }

    private func put(_ text: String, _ name: String) throws {
        guard let file = fopen("\(path)/\(name)", "w") else {
            throw Overdue(description: "\(path)/\(name) cannot be written")
        }
        fputs(text, file)
        guard fclose(file) == 0 else { throw Overdue(description: "\(name) refuses \(text)") }
    }

    deinit {
        thaw()
        for _ in 0..<50 where rmdir(path) != 0 && errno == EBUSY { usleep(20_000) }
    }
}
