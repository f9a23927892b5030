// What the programs ask of the kernel, compared with what the systemd units let through.

import Foundation
@testable import Processes
import Testing

extension EndToEnd {
    @Suite(.serialized)
    struct SystemCallTests {
        /// Whether system calls can be seen here at all.
        static let canTrace: Bool = {
            guard let strace = Deployed.path(of: "strace") else { return false }
            let process = Process()
            process.executableURL = URL(fileURLWithPath: strace)
            process.arguments = ["-f", "-o", "/dev/null", "true"]
            process.standardError = FileHandle.nullDevice
            guard (try? process.run()) != nil else { return false }
            process.waitUntilExit()
            return process.terminationStatus == 0
        }()

        private static let units = [
            "coordinator": "sounder-coordinator.service", "worker": "sounder-worker@.service",
        ]

        @Test(
            "the units let through every system call of a training over TCP with keys",
            .enabled(if: canTrace, "strace cannot be used here"),
            .enabled(if: Deployed.has("systemd-analyze"), "systemd-analyze is missing"))
        func systemCalls() async throws {
            let site = try Site()
            let address = "tcp://127.0.0.1:\(try Deployed.freePort())"
            let keys = ["--keys", site.path("keys")]
            let made = try await Program("sounder", ["keygen", "w"] + keys, in: site).ending()
            try #require(made.code == 0, "\(made)")
            let coordinator = try trace(
                "coordinator",
                ["--listen", address, "--state", site.path("state"), "--metrics", "127.0.0.1:0"]
                    + keys, in: site)
            let worker = try trace(
                "worker",
                ["--coordinator", address, "--threads", "2", "--cache", site.path("cache")] + keys,
                in: site)
            let trained = try await site.train(
                [site.corpus()], "v.bin", "--cluster", address, "--keys", site.path("keys"),
                within: 120)
            #expect(trained.code == 0, "\(trained) \(coordinator.errors)")
            for name in ["sounder-worker", "sounder-coordinator"] {
                for process in site.processes(name) { kill(process, SIGTERM) }
            }
            _ = try await worker.ending(within: 20)
            _ = try await coordinator.ending(within: 20)

            for (program, unit) in Self.units {
                var calls = try called(site.path("\(program).trace"))
                #expect(calls.count > 20)
                // SQLite gives its files to the owner of the directory, as root alone.
                if geteuid() == 0 { calls.remove("fchown") }
                let forbidden = calls.subtracting(try await allowed(unit, site)).sorted()
                #expect(forbidden.isEmpty, "\(unit) would stop \(program) at \(forbidden)")
            }
        }

        private func trace(
            _ program: String, _ arguments: [String], in site: Site
        ) throws -> Program {
            try Program(
                try #require(Deployed.path(of: "strace")),
                [
                    "-f", "-qq", "-e", "signal=none", "-o", site.path("\(program).trace"),
                    "\(Program.directory)/sounder-\(program)",
                ] + arguments, in: site)
        }

        /// Names of system calls in lines of "PID NAME(..." and "PID <... NAME resumed>".
        private func called(_ path: String) throws -> Set<String> {
            let text = String(
                decoding: try Data(contentsOf: URL(fileURLWithPath: path)), as: UTF8.self)
            return Set(
                text.split(separator: "\n").compactMap { line in
                    line.firstMatch(of: /^[0-9]+ +([a-z_0-9]+)\(/).map { String($0.1) }
                })
        }

        /// The lines SystemCallFilter= of a unit, in their order.
        private func allowed(_ unit: String, _ site: Site) async throws -> Set<String> {
            let text = try String(
                contentsOfFile: "\(Deployed.root)/deploy/systemd/\(unit)", encoding: .utf8)
            var calls: Set<String> = []
            for line in text.split(separator: "\n") {
                guard let rule = line.firstMatch(of: /^SystemCallFilter=(~?)(.+)$/) else {
                    continue
                }
                for name in rule.2.split(separator: " ") {
                    let named = try await members(of: String(name), site)
                    if rule.1.isEmpty { calls.formUnion(named) } else { calls.subtract(named) }
                }
            }
            #expect(calls.count > 100)
            return calls
        }

        private func members(of name: String, _ site: Site) async throws -> Set<String> {
            guard name.hasPrefix("@") else { return [name] }
            let listed = try await Program(
                try #require(Deployed.path(of: "systemd-analyze")),
                ["--no-pager", "syscall-filter", name], in: site
            ).ending()
            var calls: Set<String> = []
            for line in listed.output.split(separator: "\n").dropFirst() {
                let word = line.drop { $0 == " " }.prefix { $0 != " " }
                if word.isEmpty || word.hasPrefix("#") { continue }
                calls.formUnion(try await members(of: String(word), site))
            }
            return calls
        }
    }
}
