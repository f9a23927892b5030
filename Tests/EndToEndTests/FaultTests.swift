// Processes that die without a word, and people who change their mind.

import Foundation
@testable import Processes
import Testing

extension EndToEnd {
    @Suite(.serialized)
    struct FaultTests {
        @Test("1: a job survives a worker of a standing cluster")
        func killedStandingWorker() async throws {
            let site = try Site()
            let cluster = try await StandingCluster(site, workers: 2)
            let training = try await site.longTraining(["--cluster", cluster.address])
            cluster.workers[0].signal(SIGKILL)
            let ending = try await training.ending(within: 180)
            #expect(ending.code == 0, "\(ending)")
            #expect(try #require(ending.number("retries")) >= 1)
            // What the killed one kept is not ours to remove; see its cache directory.
            for name in site.names(in: "t") {
                try? FileManager.default.removeItem(atPath: site.path("t/" + name))
            }
            try await cluster.stop()
        }

        @Test("workers share a cache directory, and tidy up after one that was killed")
        func sharedCache() async throws {
            let site = try Site()
            let flags = ["--cache", site.path("cache")]
            let cluster = try await StandingCluster(site, workers: 2, workerFlags: flags)
            let before = site.names(in: "cache")
            #expect(before.count == 2)
            cluster.workers[0].signal(SIGKILL)
            _ = try await cluster.workers[0].ending()
            #expect(Set(site.names(in: "cache")) == Set(before))
            try cluster.startWorker(flags)
            let isTidy = try await eventually(within: 10) {
                let now = Set(site.names(in: "cache"))
                return now.count == 2 && !now.isSuperset(of: before)
            }
            #expect(isTidy, "\(before) became \(site.names(in: "cache"))")
            let ending = try await site.train(
                [site.corpus()], "v.bin", "--cluster", cluster.address, "--partitions", "2")
            #expect(ending.code == 0, "\(ending)")
            try await cluster.stop()
            #expect(site.names(in: "cache").isEmpty)
        }

        @Test("3: a worker that stops answering is given up, and the job finishes")
        func frozenWorker() async throws {
            let site = try Site()
            let cluster = try await StandingCluster(site, workers: 2)
            let training = try await site.longTraining(["--cluster", cluster.address])
            cluster.workers[0].signal(SIGSTOP)
            let ending = try await training.ending(within: 180)
            #expect(ending.code == 0, "\(ending)")
            #expect(try #require(ending.number("retries")) >= 1)
            cluster.workers[0].signal(SIGCONT)
            try await cluster.stop()
        }

        @Test("a killed training leaves no process, no directory and no output")
        func killedTraining() async throws {
            let site = try Site()
            let training = try await site.longTraining(["--workers", "2"])
            training.signal(SIGKILL)
            #expect(try await training.ending(within: 5).code == 128 + SIGKILL)
            try await site.expectNothingLeft()
            #expect(!site.exists("v.bin"))
        }

        @Test("Ctrl-C cancels the job and ends with 130")
        func interrupted() async throws {
            let site = try Site()
            let training = try await site.longTraining(["--workers", "2"])
            training.signal(SIGINT)
            let ending = try await training.ending(within: 10)
            try await site.expect(
                ending, fails: 130, saying: "nothing was written", besides: ["corpus.txt"])
        }

        @Test("Ctrl-C twice ends at once")
        func interruptedTwice() async throws {
            let site = try Site()
            let training = try await site.longTraining(["--workers", "2"])
            // A frozen coordinator cannot even cancel.
            for identifier in site.processes("sounder-coordinator") { kill(identifier, SIGSTOP) }
            training.signal(SIGINT)
            try await Task.sleep(for: .milliseconds(200))
            training.signal(SIGINT)
            let ending = try await training.ending(within: 2)
            try await site.expect(ending, fails: 130, besides: ["corpus.txt"])
        }

        @Test("a training without its coordinator ends with a sentence")
        func killedCoordinator() async throws {
            let site = try Site()
            let training = try await site.longTraining(["--workers", "2"])
            kill(try #require(site.processes("sounder-coordinator").first), SIGKILL)
            let ending = try await training.ending(within: 10)
            try await site.expect(
                ending, fails: 69, saying: "coordinator", besides: ["corpus.txt"])
        }

        @Test("Ctrl-C while standard input is read ends with 130")
        func interruptedInput() async throws {
            let site = try Site()
            let pipe = site.path("t/pipe")
            mkfifo(pipe, 0o600)
            // Somebody who writes, but takes a rest.
            let writer = open(pipe, O_RDWR)
            defer { close(writer) }
            let training = try Program(
                "sounder", Site.training(["-"], site.path("v.bin")), in: site, input: pipe)
            try await Task.sleep(for: .milliseconds(300))
            training.signal(SIGINT)
            let ending = try await training.ending(within: 5)
            unlink(pipe)
            try await site.expect(ending, fails: 130)
        }

        @Test("a killed sounder up leaves no process and no directory")
        func killedUp() async throws {
            let site = try Site()
            let cluster = try site.start(["up", "--workers", "2", "--threads", "1"])
            let isUp = try await eventually(within: 20) { !cluster.output.isEmpty }
            try #require(isUp, "\(cluster.errors)")
            cluster.signal(SIGKILL)
            _ = try await cluster.ending(within: 5)
            try await site.expectNothingLeft()
        }

        @Test("sounder up prints its address, serves, drains on SIGTERM")
        func up() async throws {
            let site = try Site()
            let cluster = try site.start(["up", "--workers", "2", "--threads", "1"])
            let isUp = try await eventually(within: 20) { !cluster.output.isEmpty }
            try #require(isUp, "\(cluster.errors)")
            let address = cluster.output.trimmingCharacters(in: .newlines)
            let ending = try await site.train([site.corpus()], "v.bin", "--cluster", address)
            #expect(ending.code == 0, "\(ending)")
            // A job that runs is not lost: its units end, then the workers leave.
            let training = try await site.longTraining(["--cluster", address], output: "w.bin")
            cluster.signal(SIGTERM)
            let drained = try await cluster.ending(within: 20)
            #expect(drained.code == 0, "\(drained)")
            // Its client waits for the coordinator to come back, but not against our will.
            training.signal(SIGINT)
            #expect(try await training.ending(within: 8).code == 130, "\(training.errors)")
            try await site.expectNothingLeft()
        }
    }
}
