// A cluster of three hosts with addresses of their own and keys: coordinator, worker, client.

import Foundation
@testable import Processes
import Testing

extension EndToEnd {
    @Suite(
        .serialized,
        .enabled(
            if: HostNamespaces.arePossible, "network namespaces need root and the program ip"))
    struct ThreeHostTests {
        private let site: Site
        private let hosts: HostNamespaces
        private let address = "tcp://\(HostNamespaces.address(0)):5761"

        init() throws {
            site = try Site()
            hosts = try HostNamespaces(hosts: 3)
        }

        /// As an operator does: made at the coordinator, copied to where they belong.
        private func makeKeys() async throws {
            for (name, role) in [("one", "worker"), ("two", "worker"), ("ada", "client")] {
                let made = try await site.sounder(
                    "keygen", name, "--role", role, "--keys", site.path("ring"))
                try #require(made.code == 0, "\(made)")
                mkdir(site.path("keys-\(name)"), 0o700)
                for file in ["\(name).key", "coordinator.pub"] {
                    try FileManager.default.copyItem(
                        atPath: site.path("ring/\(file)"),
                        toPath: site.path("keys-\(name)/\(file)"))
                }
            }
        }

        private func startCoordinator() throws -> Program {
            try hosts.start(
                "sounder-coordinator",
                [
                    "--listen", address, "--state", site.path("state"), "--keys",
                    site.path("ring"), "--liveness", "2000",
                ], on: 0, in: site)
        }

        private func startWorker(_ name: String, on host: Int) throws -> Program {
            // As on another machine, text is fetched.
            try hosts.start(
                "sounder-worker",
                [
                    "--coordinator", address, "--threads", "1", "--fetch-text", "--keys",
                    site.path("keys-\(name)"),
                ], on: host, in: site)
        }

        private func client(_ arguments: String...) throws -> Program {
            try hosts.start(
                "sounder", arguments + ["--cluster", address, "--keys", site.path("keys-ada")],
                on: 2, in: site)
        }

        private func waitForWorkers(_ count: Int) async throws {
            let are = try await eventually(within: 20) {
                let status = try await client("status", "--json").ending()
                return (status.json["workers"] as? [Any])?.count == count
            }
            try #require(are, "fewer than \(count) workers")
        }

        private func stop(_ programs: Program...) async throws {
            for program in programs {
                program.signal(SIGTERM)
                let ending = try await program.ending(within: 20)
                #expect(ending.code == 0, "\(ending)")
            }
            try await site.expectNothingLeft()
        }

        @Test("three hosts train with keys, to the same bits as one")
        func trains() async throws {
            try await makeKeys()
            let corpus = try site.corpus()
            let reference = try await site.reference(corpus)
            let coordinator = try startCoordinator()
            let workers = (try startWorker("one", on: 1), try startWorker("two", on: 2))
            try await waitForWorkers(2)
            let training = try client(
                "train", "sgns", "--input", corpus, "--output", site.path("v.bin"), "--quiet",
                "--dim", "16", "--epochs", "2", "--deterministic")
            let trained = try await training.ending(within: 180)
            #expect(trained.code == 0, "\(trained)")
            #expect(try site.bytes("v.bin") == reference)
            try await stop(workers.0, workers.1, coordinator)
        }

        @Test("18: a host whose cable is cut does not stop a training, nor change its bits")
        func cable() async throws {
            try await makeKeys()
            let corpus = try site.corpus()
            let flags = [
                "--dim", "32", "--epochs", "60", "--words-per-round", "100000", "--deterministic",
            ]
            let reference = try await site.reference(corpus, flags)
            let coordinator = try startCoordinator()
            let workers = (try startWorker("one", on: 1), try startWorker("two", on: 2))
            try await waitForWorkers(2)
            let training = try hosts.start(
                "sounder",
                ["train", "sgns", "--input", corpus, "--output", site.path("v.bin"), "--quiet"]
                    + flags + ["--cluster", address, "--keys", site.path("keys-ada")],
                on: 2, in: site)
            let began = try await eventually(within: 30) {
                guard training.isRunning else { return true }
                let jobs = try await client("jobs", "--json").ending()
                return jobs.output.contains("\"training\"")
            }
            try #require(began && training.isRunning, "\(training.errors)")
            try hosts.connect(1, false)
            let trained = try await training.ending(within: 180)
            #expect(trained.code == 0, "\(trained)")
            #expect(try site.bytes("v.bin") == reference)
            // It comes back by itself when the cable does.
            try hosts.connect(1, true)
            try await waitForWorkers(2)
            try await stop(workers.0, workers.1, coordinator)
        }

        @Test("42: a stranger on the network is refused at once; without keys nobody listens")
        func strangers() async throws {
            let bare = try hosts.start(
                "sounder-coordinator",
                ["--listen", address, "--state", site.path("bare"), "--keys", site.path("none")],
                on: 0, in: site)
            let refused = try await bare.ending(within: 10)
            #expect(refused.code == 78 && refused.errors.contains("keygen"), "\(refused)")

            try await makeKeys()
            let coordinator = try startCoordinator()
            #expect(
                try await eventually(within: 10) { try await client("status").ending().code == 0 })
            // The right coordinator, a key that nobody authorised.
            let made = try await site.sounder(
                "keygen", "eve", "--role", "admin", "--keys", site.path("eve"))
            try #require(made.code == 0, "\(made)")
            let stranger = try hosts.start(
                "sounder",
                [
                    "status", "--cluster", address, "--key", site.path("eve/eve.key"),
                    "--server-key", site.path("ring/coordinator.pub"),
                ], on: 1, in: site)
            let told = try await stranger.ending(within: 10)
            #expect(told.code != 0 && told.seconds < 6, "\(told)")
            #expect(told.errors.contains("key"), "\(told)")
            try await stop(coordinator)
        }
    }
}
