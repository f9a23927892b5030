// The systemd units: systemd itself judges them, and they hold what the programs rely on.

import Foundation
import TestSupport
import Testing

@Suite("The systemd units")
struct UnitTests {
    static let names = ["sounder-coordinator.service", "sounder-worker@.service"]

    @Test(
        "systemd-analyze verify has nothing to say",
        .enabled(if: Command.exists("systemd-analyze"), "systemd-analyze is missing"),
        arguments: names)
    func verify(name: String) throws {
        let scratch = try Scratch()
        // The programs are not installed where this is tested.
        let text = try Deploy.text("deploy/systemd/\(name)")
            .replacingOccurrences(of: "ExecStart=/usr/bin/sounder-", with: "ExecStart=/bin/true ")
        let path = try scratch.write(text, to: name)
        let verdict = try Command.run("systemd-analyze", ["verify", path])
        // It also judges units of this system that ours are ordered after.
        let ours = verdict.all.split(separator: "\n").filter { $0.contains("sounder") }
        #expect(ours.isEmpty && verdict.code == 0, "\(verdict.all)")
    }

    @Test("a unit that is wrong does not pass", .enabled(if: Command.exists("systemd-analyze")))
    func verifyFires() throws {
        let scratch = try Scratch()
        let text = try Deploy.text("deploy/systemd/\(Self.names[0])")
            .replacingOccurrences(of: "ExecStart=/usr/bin/sounder-", with: "ExecStart=/bin/true ")
            .replacingOccurrences(of: "WatchdogSec=30", with: "WatchdogSec=often")
        let path = try scratch.write(text, to: Self.names[0])
        #expect(try Command.run("systemd-analyze", ["verify", path]).all.contains("often"))
    }

    @Test(
        "systemd-analyze security rates the exposure at 1.5 of 10 at most",
        .enabled(if: Command.exists("systemd-analyze"), "systemd-analyze is missing"),
        arguments: names)
    func security(name: String) throws {
        let verdict = try Command.run(
            "systemd-analyze",
            [
                "security", "--offline=true", "--threshold=15", "--no-pager",
                Deploy.path("deploy/systemd/\(name)"),
            ])
        #expect(verdict.code == 0, "\(verdict.all)")
    }

    @Test("they hold what the programs rely on", arguments: names)
    func settings(name: String) throws {
        let lines = Set(
            try Deploy.text("deploy/systemd/\(name)").split(separator: "\n").map(String.init))
        for line in [
            "Type=notify", "WatchdogSec=30", "Restart=always", "KillSignal=SIGTERM", "LimitCORE=0",
            "User=sounder", "UMask=0077", "StartLimitIntervalSec=0", "CapabilityBoundingSet=",
            "RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK",
            "SystemCallFilter=sched_setscheduler",
        ] {
            #expect(lines.contains(line), "\(name) lacks \(line)")
        }
        #expect(lines.contains("SystemCallFilter=setpriority") == name.contains("@"))
        let drain = name.contains("@") ? "TimeoutStopSec=15min" : "TimeoutStopSec=60"
        #expect(lines.contains(drain))
    }

    @Test("each variable of a command has a value in the file of variables", arguments: names)
    func variables(name: String) throws {
        let unit = try Deploy.text("deploy/systemd/\(name)")
        let kind = name.contains("worker") ? "worker" : "coordinator"
        let settings = try Deploy.text("deploy/systemd/\(kind).env")
        let used = unit.matches(of: /\$\{?(SOUNDER_[A-Z_]+)/).map { String($0.1) }
        #expect(!used.isEmpty)
        for variable in used {
            #expect(settings.contains("\n\(variable)="), "\(kind).env lacks \(variable)")
        }
    }
}
