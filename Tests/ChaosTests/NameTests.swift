// Host names that lead nowhere, to one family of addresses only, or to somewhere else tomorrow.

import Foundation
import Testing

@testable import Processes

extension Chaos {
    @Suite(
        .serialized,
        .enabled(if: Names.arePossible, "names of our own need root and the program unshare"))
    struct NameTests {
        private let site: Site
        private let names: Names
        private let port: Int

        init() throws {
            site = try Site()
            names = try Names(site)
            port = try Ports.freePair()
        }

        /// When it answers, the keys that it makes for this machine are there.
        private func coordinator(at host: String) async throws -> Program {
            let coordinator = try Program(
                "sounder-coordinator",
                [
                    "--listen", "tcp://\(host):\(port)", "--state", site.path("state"),
                    "--liveness", "1000",
                ], in: site)
            let answers = try await eventually(within: 10, every: 0.1) {
                try await site.sounder("status", "--cluster", "tcp://\(host):\(port)").code == 0
            }
            try #require(answers, "\(coordinator.errors)")
            return coordinator
        }

        private func worker() throws -> Program {
            try names.program("sounder-worker", ["--coordinator", "tcp://hub.test:\(port)"])
        }

        private func status(within seconds: Double = 10) async throws -> Ending {
            try await names.program("sounder", ["status", "--cluster", "tcp://hub.test:\(port)"])
                .ending(within: seconds)
        }

        private func expectWorker(
            at host: String, within seconds: Double = 10,
            sourceLocation: SourceLocation = #_sourceLocation
        ) async throws {
            var last = ""
            let isThere = try await eventually(within: seconds, every: 0.1) {
                let status = try await site.sounder(
                    "status", "--json", "--cluster", "tcp://\(host):\(port)")
                last = "\(status)"
                return status.number("workersTotal") == 1
            }
            #expect(isThere, "\(last)", sourceLocation: sourceLocation)
        }

        private func end(_ programs: Program...) async throws {
            for program in programs {
                program.signal(SIGTERM)
                let ending = try await program.ending(within: 20)
                #expect(ending.code == 0, "\(ending)")
            }
            try await site.expectNothingLeft()
        }

        @Test(
            "26: a name that has an IPv6 address alone is found",
            .enabled(if: Names.haveIPv6, "no IPv6 here"))
        func sixOnly() async throws {
            try names.set("::1")
            let coordinator = try await coordinator(at: "[::1]")
            let worker = try worker()
            try await expectWorker(at: "[::1]")
            let status = try await status()
            #expect(status.code == 0, "\(status)")
            try await end(worker, coordinator)
        }

        @Test(
            "26: of a name's addresses the one that answers is found",
            .enabled(if: Names.haveIPv6, "no IPv6 here"), arguments: ["127.0.0.1", "[::1]"])
        func firstIsDead(_ host: String) async throws {
            try names.set("::1", "127.0.0.1")
            let coordinator = try await coordinator(at: host)
            let worker = try worker()
            try await expectWorker(at: host)
            let status = try await status()
            #expect(status.code == 0, "\(status)")
            try await end(worker, coordinator)
        }

        @Test("26: a name that nobody answers at is told within five seconds, with its addresses")
        func dead() async throws {
            try names.set("127.0.0.1", "127.0.0.9")
            // Keys are there, as if the coordinator had moved away.
            let coordinator = try await coordinator(at: "127.0.0.1")
            try await end(coordinator)
            let status = try await status()
            #expect(status.code == 69 && status.seconds < 5, "\(status)")
            for text in ["hub.test:\(port)", "127.0.0.1", "127.0.0.9"] {
                #expect(status.errors.contains(text), "\(status)")
            }
            try await site.expectNothingLeft()
        }

        @Test("26: a worker follows a name that moves to another address")
        func moves() async throws {
            try names.set("127.0.0.1")
            let first = try await coordinator(at: "127.0.0.1")
            let worker = try worker()
            try await expectWorker(at: "127.0.0.1")
            first.signal(SIGKILL)
            _ = try await first.ending(within: 10)
            try names.set("127.0.0.2")
            let second = try await coordinator(at: "127.0.0.2")
            try await expectWorker(at: "127.0.0.2", within: 20)
            try await end(worker, second)
        }
    }
}

/// A hosts file of one test: its programs run where that is `/etc/hosts`.
private struct Names {
    static let haveIPv6 = access("/proc/net/if_inet6", R_OK) == 0
    private static let script = "mount --bind \"$0\" /etc/hosts && exec \"$@\""

    static let arePossible: Bool = {
        guard Chaos.isRoot, let site = try? Site(), let names = try? Names(site),
            (try? names.set("127.0.0.1")) != nil
        else { return false }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/unshare")
        process.arguments = ["-m", "/bin/sh", "-c", script, names.path, "true"]
        process.standardError = FileHandle.nullDevice
        guard (try? process.run()) != nil else { return false }
        process.waitUntilExit()
        return process.terminationStatus == 0
    }()

    private let site: Site
    private let path: String

    init(_ site: Site) throws {
        self.site = site
        path = try site.write("", to: "hosts")
    }

    /// What `hub.test` stands for. The file stays the one that is mounted.
    func set(_ addresses: String...) throws {
        guard let file = fopen(path, "w") else {
            throw Overdue(description: "\(path) cannot be written")
        }
        defer { fclose(file) }
        fputs("127.0.0.1 localhost\n", file)
        for address in addresses { fputs("\(address) hub.test\n", file) }
    }

    func program(_ name: String, _ arguments: [String]) throws -> Program {
        try Program(
            "/usr/bin/unshare",
            ["-m", "/bin/sh", "-c", Self.script, path, "\(Program.directory)/\(name)"] + arguments,
            in: site)
    }
}
