// Disks that are full, slow, or refuse to sync.

import Foundation
import Testing

@testable import Processes

extension Chaos {
    @Suite(.serialized)
    struct DiskTests {
        private static let drill = Drill(epochs: 100)

        @Test(
            "28: a coordinator whose disk is full ends, and goes on where there is room again",
            .enabled(if: isRoot, "needs root, to mount a small disk"))
        func full() async throws {
            _ = try await Self.drill.calmResult()
            let site = try Site()
            let disk = try await Tmpfs(site, "state", size: "16m")
            try await exhaust(disk, site)
            try await disk.unmount()
        }

        private func exhaust(_ disk: Tmpfs, _ site: Site) async throws {
            let fleet = try await Fleet(site, workers: 2)
            let training = try fleet.begin(Self.drill)
            try await fleet.awaitStage("training", round: 2)
            try disk.fill()
            let ending = try await fleet.coordinator.ending(within: 30)
            #expect(ending.code == 75, "\(ending)")
            #expect(ending.errors.contains("is full"), "\(ending)")
            #expect(!site.exists("v.bin"))
            disk.makeRoom()
            try fleet.startCoordinator()
            try await fleet.expectCalmResult(of: training, Self.drill)
            try await fleet.stop()
        }

        @Test(
            "29: a coordinator whose disk cannot sync ends, and the next one keeps its promises",
            .enabled(if: hasStrace, "needs strace"))
        func refusesToSync() async throws {
            _ = try await Self.drill.calmResult()
            let fleet = try await Fleet(Site(), workers: 2)
            let training = try fleet.begin(Self.drill)
            try await fleet.awaitStage("training", round: 2)
            try await fleet.killCoordinator()
            try fleet.startCoordinator(
                under: strace("fdatasync,fsync", "error=EIO:when=8+"))
            let ending = try await fleet.coordinator.ending(within: 30)
            #expect(ending.code == 75, "\(ending)")
            #expect(ending.errors.contains("cannot be written"), "\(ending)")
            try fleet.startCoordinator()
            try await fleet.expectCalmResult(of: training, Self.drill)
            try await fleet.stop()
        }

        @Test(
            "11: a coordinator killed at any of its syncs goes on from what it has promised",
            .enabled(if: hasStrace, "needs strace"))
        func killedAtSync() async throws {
            _ = try await Self.drill.calmResult()
            let fleet = try await Fleet(Site(), workers: 2)
            let training = try fleet.begin(Self.drill)
            try await fleet.awaitStage("training")
            try await fleet.killCoordinator()
            var deaths = 0
            for number in isFull ? Array(1...60) : [1, 2, 3, 5, 8, 13] {
                try fleet.startCoordinator(
                    under: strace("fdatasync,fsync", "signal=KILL:when=\(number)"))
                let hasDied = try await eventually(within: 30, every: 0.05) {
                    !fleet.coordinator.isRunning || !training.isRunning
                }
                #expect(hasDied)
                guard training.isRunning else { break }
                _ = try await fleet.coordinator.ending(within: 10)
                deaths += 1
            }
            Chaos.say("chaos: the coordinator died at \(deaths) syncs")
            #expect(deaths >= 4)
            fleet.endTraced()
            _ = try await fleet.coordinator.ending(within: 10)
            try fleet.startCoordinator()
            try await fleet.expectCalmResult(of: training, Self.drill)
            try await fleet.stop()
        }

        @Test(
            "53: a disk that takes a fifth of a second for a sync makes a job slower, not larger",
            .enabled(if: hasStrace, "needs strace"))
        func slow() async throws {
            let drill = Drill(epochs: 4)
            _ = try await drill.calmResult()
            let fleet = try await Fleet(
                Site(), workers: 2, liveness: 5_000,
                under: strace("fdatasync,fsync", "delay_exit=200000"))
            let ending = try await fleet.expectCalmResult(of: fleet.begin(drill), drill)
            #expect(ending.number("retries") == 0, "\(ending)")
            let pid = try #require(fleet.site.processes("sounder-coordinator").first)
            let status = try String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)
            let peak = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") } ?? ""
            let kibibytes = peak.split(whereSeparator: \.isWhitespace).compactMap { Int($0) }.first
            Chaos.say("chaos: slow disk, \(ending.seconds) s, \(peak)")
            #expect(kibibytes ?? .max < 256 << 10, "\(peak)")
            fleet.endTraced()
            try await fleet.stop()
        }

        /// The command that runs a coordinator and disturbs these calls of it.
        private func strace(_ calls: String, _ injection: String) -> [String] {
            [
                "/usr/bin/strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=\(calls)", "-e",
                "inject=\(calls):\(injection)",
            ]
        }
    }
}

extension Fleet {
    /// What runs under `strace` is told to end by itself: its tracer would only let it go.
    fileprivate func endTraced() {
        for identifier in site.processes("sounder-coordinator") {
            _ = Glibc.kill(identifier, SIGTERM)
        }
    }
}

/// A small disk of its own in the place of a directory of a test.
private struct Tmpfs {
    private let site: Site
    private let path: String

    init(_ site: Site, _ name: String, size: String) async throws {
        self.site = site
        path = site.path(name)
        mkdir(path, 0o700)
        let mounted = try await Program(
            "/usr/bin/env", ["mount", "-t", "tmpfs", "-o", "size=\(size)", "tmpfs", path], in: site
        ).ending()
        guard mounted.code == 0 else { throw Overdue(description: "\(mounted)") }
    }

    /// To the last byte.
    func fill() throws {
        let descriptor = open(path + "/ballast", O_WRONLY | O_CREAT, 0o600)
        guard descriptor >= 0 else { throw Overdue(description: "\(path) takes no file") }
        defer { close(descriptor) }
        let zeros = [UInt8](repeating: 0, count: 4_096)
        while write(descriptor, zeros, zeros.count) > 0 {}
    }

    func makeRoom() { unlink(path + "/ballast") }

    func unmount() async throws {
        _ = try await Program("/usr/bin/env", ["umount", "-l", path], in: site).ending()
    }
}
