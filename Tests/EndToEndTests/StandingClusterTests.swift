// A cluster that stays: its jobs are listed, watched, cancelled and fetched.

import Foundation
@testable import Processes
import Testing

extension EndToEnd {
    @Suite(.serialized)
    struct StandingClusterTests {
        @Test("a finished job is listed, described and fetched again")
        func lifeOfAJob() async throws {
            let site = try Site()
            let cluster = try await StandingCluster(site, workers: 2)
            let trained = try await site.train(
                [site.corpus()], "v.bin", "--cluster", cluster.address, "--json")
            try #require(trained.code == 0, "\(trained)")
            let job = try #require(trained.json["job"] as? String)

            let jobs = try await cluster.sounder("jobs")
            #expect(jobs.code == 0 && jobs.output.contains(job) && jobs.output.contains("finished"))
            let listed = try await cluster.sounder("jobs", "--json").json["jobs"]
            #expect((listed as? [[String: Any]])?.first?["job"] as? String == job)
            let status = try await cluster.sounder("status", job)
            #expect(status.code == 0 && status.output.contains("finished"), "\(status)")
            #expect(try await cluster.status(of: job)["state"] as? String == "finished")
            let workers = try await cluster.sounder("status")
            #expect(workers.output.split(separator: "\n").count == 4, "\(workers)")

            let fetched = try await cluster.sounder("fetch", job, "--output", site.path("w.bin"))
            #expect(fetched.code == 0, "\(fetched)")
            #expect(try site.bytes("v.bin") == site.bytes("w.bin"))
            try await cluster.stop()
        }

        @Test("fetch writes the vectors that it is asked for, if the job kept them")
        func layers() async throws {
            let site = try Site()
            let cluster = try await StandingCluster(site, workers: 1)
            let kept = try await site.train(
                [site.corpus()], "sum.npy", "--vectors-of", "sum", "--output-vectors",
                site.path("out.npy"), "--cluster", cluster.address, "--json")
            let plain = try await site.train(
                [site.corpus()], "v.npy", "--cluster", cluster.address, "--json")
            func fetch(_ from: Ending, _ name: String, _ layers: String...) async throws -> Ending {
                let job = try #require(from.json["job"] as? String, "\(from)")
                let arguments = ["fetch", job, "--output", site.path(name)] + layers
                return try await Program(
                    "sounder", arguments + ["--cluster", cluster.address], in: site
                ).ending()
            }
            let both = try await fetch(
                kept, "s.npy", "--vectors-of", "sum", "--output-vectors", site.path("o.npy"))
            #expect(both.code == 0, "\(both)")
            #expect(try site.bytes("s.npy") == site.bytes("sum.npy"))
            #expect(try site.bytes("o.npy") == site.bytes("out.npy"))
            let none = try await fetch(plain, "n.npy", "--vectors-of", "output")
            #expect(none.code != 0 && none.errors.contains("output vectors"), "\(none)")
            #expect(!site.exists("n.npy"))
            let twice = try await fetch(
                kept, "t.npy", "--output-vectors", site.path("t.npy"))
            #expect(twice.code == 64 && !site.exists("t.npy"), "\(twice)")
            try await cluster.stop()
        }

        @Test("a job key names one job, and never one with other settings")
        func jobKey() async throws {
            let site = try Site()
            let cluster = try await StandingCluster(site, workers: 1)
            var jobs: [String] = []
            for output in ["v.bin", "w.bin"] {
                let ending = try await site.train(
                    [sameCorpus(site)], output,
                    "--cluster", cluster.address, "--json", "--job-key", "nightly")
                try #require(ending.code == 0, "\(ending)")
                jobs.append(try #require(ending.json["job"] as? String))
            }
            #expect(jobs[0] == jobs[1])
            #expect(try site.bytes("v.bin") == site.bytes("w.bin"))
            let other = try await site.train(
                [sameCorpus(site)], "x.bin", "--cluster", cluster.address, "--job-key", "nightly",
                "--seed", "9")
            #expect(other.code == 64 && other.errors.contains("nightly"), "\(other)")
            try await cluster.stop()
        }

        /// Written once: a file that changes is another job.
        private func sameCorpus(_ site: Site) throws -> String {
            site.exists("same.txt") ? site.path("same.txt") : try site.corpus("same.txt")
        }

        @Test("a running job is cancelled, and its client told")
        func cancel() async throws {
            let site = try Site()
            let cluster = try await StandingCluster(site, workers: 1)
            let training = try await site.longTraining(["--cluster", cluster.address])
            let listed = try await cluster.sounder("jobs", "--json").json["jobs"]
            let job = try #require((listed as? [[String: Any]])?.first?["job"] as? String)
            let cancelled = try await cluster.sounder("cancel", job)
            #expect(cancelled.code == 0 && cancelled.errors.contains("cancelled"), "\(cancelled)")
            let ending = try await training.ending(within: 5)
            #expect(ending.code == 130, "\(ending)")
            #expect(!site.exists("v.bin"))
            // The worker is free for the next job.
            let next = try await site.train([site.corpus()], "w.bin", "--cluster", cluster.address)
            #expect(next.code == 0, "\(next)")
            let refetched = try await cluster.sounder("fetch", job, "--output", site.path("x.bin"))
            #expect(refetched.code != 0 && !site.exists("x.bin"), "\(refetched)")
            try await cluster.stop()
        }

        @Test("Ctrl-C of a client cancels its job and leaves the cluster")
        func interruptedClient() async throws {
            let site = try Site()
            let cluster = try await StandingCluster(site, workers: 1)
            let training = try await site.longTraining(["--cluster", cluster.address])
            training.signal(SIGINT)
            #expect(try await training.ending(within: 10).code == 130)
            let listed = try await cluster.sounder("jobs")
            #expect(listed.output.contains("cancelled"), "\(listed)")
            try await cluster.stop()
        }

        @Test("an unknown job is named", arguments: ["status", "cancel", "fetch"])
        func unknownJob(_ command: String) async throws {
            let site = try Site()
            let cluster = try await StandingCluster(site, workers: 0)
            let ending = try await Program(
                "sounder",
                [command, "j-nothing", "--cluster", cluster.address]
                    + (command == "fetch" ? ["--output", site.path("v.bin")] : []), in: site
            ).ending()
            #expect(ending.code == 66, "\(ending)")
            #expect(ending.errors.contains("j-nothing"), "\(ending)")
            try await cluster.stop()
        }

        @Test("results outlive the coordinator, as long as their job is listed")
        func restart() async throws {
            let site = try Site()
            let cluster = try await StandingCluster(site, workers: 1)
            let trained = try await site.train(
                [site.corpus()], "v.bin", "--cluster", cluster.address, "--json")
            let job = try #require(trained.json["job"] as? String, "\(trained)")
            cluster.coordinator.signal(SIGKILL)
            _ = try await cluster.coordinator.ending()
            // What an earlier life kept for a job that is not listed any more.
            mkdir(site.path("state/results/j-forgotten"), 0o700)
            _ = try site.write("vectors", to: "state/results/j-forgotten/input")
            let again = try await StandingCluster(site, workers: 0, present: 1)
            #expect(site.names(in: "state/results") == [job])
            let fetched = try await again.sounder("fetch", job, "--output", site.path("w.bin"))
            #expect(fetched.code == 0, "\(fetched)")
            #expect(try site.bytes("v.bin") == site.bytes("w.bin"))
            // The worker finds the new life of its coordinator.
            let next = try await site.train([site.corpus()], "x.bin", "--cluster", again.address)
            #expect(next.code == 0, "\(next)")
            for worker in cluster.workers {
                worker.signal(SIGTERM)
                _ = try await worker.ending(within: 10)
            }
            try await again.stop()
        }

        @Test("11: a job that ran goes on after a restart of the coordinator")
        func restartInMidJob() async throws {
            let site = try Site()
            let cluster = try await StandingCluster(site, workers: 1)
            let training = try await site.longTraining(["--cluster", cluster.address])
            cluster.coordinator.signal(SIGKILL)
            _ = try await cluster.coordinator.ending()
            let again = try await StandingCluster(site, workers: 0, present: 1)
            let ending = try await training.ending(within: 180)
            #expect(ending.code == 0, "\(ending)")
            #expect(site.exists("v.bin"))
            for worker in cluster.workers {
                worker.signal(SIGTERM)
                _ = try await worker.ending(within: 10)
            }
            try await again.stop()
        }

        @Test("11: logs, cancel and retry know a job from before a restart")
        func commandsAfterRestart() async throws {
            let site = try Site()
            var cluster = try await StandingCluster(site, workers: 1)
            let worker = try #require(cluster.workers.first)
            let training = try await site.longTraining(["--cluster", cluster.address])
            let listed = try await cluster.sounder("jobs", "--json").json["jobs"]
            let job = try #require((listed as? [[String: Any]])?.first?["job"] as? String)
            training.signal(SIGKILL)
            let states = ["cancel": ["cancelled"], "retry": ["queued", "running"]]
            for command in ["cancel", "retry"] {
                cluster = try await revived(cluster)
                let log = try await cluster.sounder("logs", job)
                #expect(log.output.contains("training: round 1 of"), "\(log)")
                #expect(log.output.contains("the coordinator was started again"), "\(log)")
                let said = try await cluster.sounder(command, job, "--json")
                let state = try #require(said.json["state"] as? String, "\(said)")
                #expect(states[command]?.contains(state) == true, "\(said)")
            }
            // What a command was told is on the disk.
            cluster = try await revived(cluster)
            let state = try await cluster.status(of: job)["state"] as? String
            #expect(state == "queued" || state == "running")
            #expect(try await cluster.sounder("cancel", job).code == 0)
            worker.signal(SIGTERM)
            #expect(try await worker.ending(within: 10).code == 0)
            try await cluster.stop()
        }

        /// The next life of a coordinator that is killed; its worker comes back.
        private func revived(_ cluster: StandingCluster) async throws -> StandingCluster {
            cluster.coordinator.signal(SIGKILL)
            _ = try await cluster.coordinator.ending()
            return try await StandingCluster(cluster.site, workers: 0, present: 1)
        }
    }
}
