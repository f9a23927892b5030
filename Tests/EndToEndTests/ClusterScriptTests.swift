// cluster.sh with an ssh that stays on this machine: every host is a directory.

import Foundation
@testable import Processes
import Testing

extension EndToEnd {
    @Suite(.serialized)
    struct ClusterScriptTests {
        private let site: Site
        private let environment: [String: String]
        private let address: String

        init() throws {
            let site = try Site()
            let port = try Deployed.freePort()
            let hosts = try site.write(
                """
                # a comment
                coordinator ada@node0 listen=127.0.0.1

                worker node1 threads=1
                worker ada@node2 threads=1 name=other
                """, to: "hosts")
            mkdir(site.path("home"), 0o700)
            environment = [
                "PATH": Deployed.shimmedPath, "SHIM_HOSTS": site.path("home"),
                "SOUNDER_HOSTS": hosts, "SOUNDER_PORT": "\(port)",
                "SOUNDER_BIN": Program.directory, "SOUNDER_KEYS": site.path("keys"),
                "SOUNDER_SSH": "ssh -o BatchMode=yes", "SOUNDER_DRAIN": "20",
            ]
            address = "tcp://127.0.0.1:\(port)"
            self.site = site
        }

        private func cluster(_ command: String) async throws -> Ending {
            try await Program(
                Deployed.root + "/deploy/cluster.sh", [command], in: site, environment: environment
            ).ending(within: 180)
        }

        private var running: [pid_t] {
            site.processes("sounder-coordinator") + site.processes("sounder-worker")
        }

        private func mode(_ path: String) -> mode_t? {
            var status = stat()
            return stat(site.path(path), &status) == 0 ? status.st_mode & 0o777 : nil
        }

        @Test("keys, up, status, drain and down do what they say, as often as they are given")
        func wholeLife() async throws {
            for _ in 0..<2 {
                let keys = try await cluster("keys")
                try #require(keys.code == 0, "\(keys)")
            }
            #expect(mode("home/ada@node0/.sounder/keys/coordinator.key") == 0o600)
            #expect(mode("home/node1/.sounder/keys/node1.key") == 0o600)
            #expect(mode("home/node1/.sounder/keys") == 0o700)
            #expect(!site.exists("home/node1/.sounder/keys/coordinator.key"))
            #expect(!site.exists("home/node1/.sounder/keys/other.key"))

            let absent = try await cluster("status")
            #expect(absent.code == 69 && absent.errors.contains("does not run"), "\(absent)")
            let up = try await cluster("up")
            try #require(up.code == 0, "\(up)")
            let started = Set(running)
            #expect(started.count == 3)
            let again = try await cluster("up")
            #expect(again.code == 0 && again.errors.contains("runs already"), "\(again)")
            #expect(Set(running) == started)
            let status = try await cluster("status")
            #expect(status.code == 0, "\(status)")
            #expect(status.errors.components(separatedBy: "runs as process").count == 4)

            let corpus = try site.corpus()
            let trained = try await site.train(
                [corpus], "v.bin", "--deterministic", "--epochs", "2", "--cluster", address,
                "--keys", site.path("keys"))
            #expect(trained.code == 0, "\(trained)")
            #expect(try await site.bytes("v.bin") == site.reference(corpus))

            let drained = try await cluster("drain")
            #expect(drained.code == 0 && drained.errors.contains("has ended"), "\(drained)")
            #expect(site.processes("sounder-worker").isEmpty)
            #expect(site.processes("sounder-coordinator").count == 1)
            #expect(try await cluster("up").code == 0)
            #expect(site.processes("sounder-worker").count == 2)
            for _ in 0..<2 {
                let down = try await cluster("down")
                #expect(down.code == 0, "\(down)")
            }
            try await site.expectNothingLeft()
        }

        @Test("a host that cannot be reached is named, and the others are up")
        func unreachable() async throws {
            try #require(try await cluster("keys").code == 0)
            _ = try site.write("", to: "home/node1.unreachable")
            let up = try await cluster("up")
            #expect(up.code == 69 && up.errors.contains("worker node1 at node1: ssh:"), "\(up)")
            #expect(site.processes("sounder-worker").count == 1)
            let status = try await cluster("status")
            #expect(status.code == 69 && status.errors.contains("No route to host"), "\(status)")
            let held = try await cluster("down")
            #expect(held.code == 69 && site.processes("sounder-coordinator").count == 1, "\(held)")
            unlink(site.path("home/node1.unreachable"))
            #expect(try await cluster("down").code == 0)
            try await site.expectNothingLeft()
        }

        @Test("without keys nothing starts, and the message says what to run")
        func noKeys() async throws {
            let up = try await cluster("up")
            #expect(up.code == 69 && up.errors.contains("keygen"), "\(up)")
            #expect(site.processes("sounder-worker").isEmpty, "\(up)")
        }
    }
}
