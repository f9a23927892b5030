// The Slurm script with its variables set, real programs, and stand-ins for Slurm's commands.

import Foundation
@testable import Processes
import Testing

extension EndToEnd {
    @Suite(.serialized)
    struct SlurmScriptTests {
        private func submit(
            _ site: Site, port: Int, corpus: String, _ flags: [String], restarts: Int = 0
        ) throws -> Program {
            try Program(
                Deployed.root + "/deploy/slurm/sounder.sbatch", flags, in: site,
                environment: [
                    "PATH": Deployed.shimmedPath, "SHIM_LOG": site.path("slurm"),
                    "SLURM_JOB_ID": "4711", "SLURM_NTASKS": "2", "SLURM_CPUS_PER_TASK": "1",
                    "SLURM_JOB_NODELIST": "node[1-2]", "SLURM_RESTART_COUNT": "\(restarts)",
                    "SOUNDER_BIN": Program.directory, "SOUNDER_PORT": "\(port)",
                    "SOUNDER_INPUT": corpus, "SOUNDER_OUTPUT": site.path("v.bin"),
                    "SOUNDER_STATE": site.path("state"), "SOUNDER_KEYS": "",
                ])
        }

        private func asked(_ site: Site) throws -> [String] {
            let log = try String(contentsOfFile: site.path("slurm"), encoding: .utf8)
            return log.split(separator: "\n").map(String.init)
        }

        @Test("a Slurm job trains, writes its vectors, drains its workers and ends")
        func trains() async throws {
            let site = try Site()
            let corpus = try site.corpus()
            let reference = try await site.reference(corpus)
            let job = try submit(
                site, port: Deployed.freePort(), corpus: corpus, Site.sameEverywhere)
            let ending = try await job.ending(within: 180)
            #expect(ending.code == 0, "\(ending)")
            #expect(try site.bytes("v.bin") == reference)
            #expect(
                try asked(site) == [
                    "scontrol show hostnames node[1-2]", "scancel --signal=TERM 4711", "srun 0",
                ])
            try await site.expectNothingLeft()
        }

        @Test("told to stop it drains and is queued again; its next life ends with the same bits")
        func requeues() async throws {
            let site = try Site()
            let corpus = try site.corpus()
            let port = try Deployed.freePort()
            let flags = [
                "--dim", "32", "--epochs", "60", "--words-per-round", "100000", "--deterministic",
            ]
            let reference = try await site.reference(corpus, flags)
            let first = try submit(site, port: port, corpus: corpus, flags)
            let address = "tcp://127.0.0.1:\(port)"
            let began = try await eventually(within: 30) {
                guard first.isRunning else { return true }
                let jobs = try await site.sounder(
                    "jobs", "--json", "--cluster", address, "--keys", site.path("state/keys"))
                return jobs.output.contains("\"training\"")
            }
            try #require(began && first.isRunning, "\(first.errors)")
            first.signal(SIGTERM)
            let drained = try await first.ending(within: 180)
            #expect(drained.code == 75 && drained.errors.contains("queued again"), "\(drained)")
            #expect(!site.exists("v.bin"))
            // Workers ended by themselves: srun saw no task killed.
            #expect(try asked(site).contains("srun 0"))
            #expect(try asked(site).last == "scontrol requeue 4711")
            try await site.expectNothingLeft()

            let second = try submit(site, port: port, corpus: corpus, flags, restarts: 1)
            let ending = try await second.ending(within: 120)
            #expect(ending.code == 0, "\(ending)")
            #expect(try site.bytes("v.bin") == reference)
            try await site.expectNothingLeft()
        }

        @Test("a training that fails ends the job with its code and is not queued again")
        func fails() async throws {
            let site = try Site()
            let corpus = try site.write("too few words\n", to: "corpus.txt")
            let job = try submit(site, port: Deployed.freePort(), corpus: corpus, ["--dim", "8"])
            let ending = try await job.ending(within: 180)
            #expect(ending.code == 65, "\(ending)")
            #expect(try !asked(site).contains { $0.contains("requeue") })
            try await site.expectNothingLeft()
        }
    }
}
