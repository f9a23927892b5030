// Trouble without end must leave nothing behind in those that live through it.

import Foundation
import TestSupport
import Testing

@testable import Processes

extension Chaos {
    @Suite(.serialized)
    struct SoakTests {
        @Test(
            "faults for minutes grow neither the memory nor the open files of the survivors",
            .enabled(if: soakSeconds > 0, "only with SOAK=seconds"))
        func soak() async throws {
            let fleet = try await Fleet(Site(), workers: 2)
            var soak = Soak(fleet)
            let end = Date() + Chaos.soakSeconds
            while Date() < end { try await soak.runJob() }
            Chaos.say("soak: seed \(Chaos.seed), \(soak.jobs) jobs, \(soak.faults) faults")
            for (name, usages) in [("coordinator", soak.coordinator), ("worker", soak.worker)] {
                // What is kept of a job goes with the hundredth job after it.
                let full = usages.dropFirst(100)
                try #require(full.count >= 50, "\(usages.count) jobs are too few: SOAK=600")
                let (early, late) = (full.prefix(full.count / 2), full.suffix(full.count / 2))
                let memory = (Soak.median(early.map(\.bytes)), Soak.median(late.map(\.bytes)))
                let files = (Soak.median(early.map(\.files)), Soak.median(late.map(\.files)))
                Chaos.say(
                    "soak: \(name) \(memory.0 >> 10) KiB then \(memory.1 >> 10) KiB, "
                        + "\(files.0) then \(files.1) files")
                #expect(memory.1 <= memory.0 + (1 << 20), "the \(name) grows")
                #expect(files.1 <= files.0 + 2, "the \(name) keeps files open")
            }
            try await fleet.stop()
        }
    }
}

/// What a process holds.
private struct Usage {
    let bytes: Int
    let files: Int

    init(of program: Program) throws {
        let folder = "/proc/\(program.identifier)"
        let status = try String(contentsOfFile: folder + "/status", encoding: .utf8)
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") }
        let kibibytes = line?.split(whereSeparator: \.isWhitespace).dropFirst().first
        bytes = 1_024 * (kibibytes.flatMap { Int($0) } ?? 0)
        files = try FileManager.default.contentsOfDirectory(atPath: folder + "/fd").count
    }
}

/// Jobs one after the other while worker 0 is stopped now and then and worker 1 dies.
private struct Soak {
    private static let drill = Drill.short
    private let fleet: Fleet
    private var numbers = Chaos.numbers(9)
    private(set) var jobs = 0
    private(set) var faults = 0
    /// One after each job.
    private(set) var coordinator: [Usage] = []
    private(set) var worker: [Usage] = []

    init(_ fleet: Fleet) { self.fleet = fleet }

    mutating func runJob() async throws {
        let output = "v\(jobs).bin"
        let training = try fleet.begin(Self.drill, output, key: "soak-\(jobs)")
        while training.isRunning {
            try await Task.sleep(for: .milliseconds(Int.random(in: 100...900, using: &numbers)))
            guard training.isRunning else { break }
            try await disturb()
            faults += 1
        }
        try await fleet.expectCalmResult(of: training, Self.drill, output)
        try FileManager.default.removeItem(atPath: fleet.site.path(output))
        coordinator.append(try Usage(of: fleet.coordinator))
        worker.append(try Usage(of: fleet.workers[0]))
        jobs += 1
    }

    private mutating func disturb() async throws {
        switch Int.random(in: 0..<4, using: &numbers) {
        case 0:
            fleet.workers[0].signal(SIGSTOP)
            try await Task.sleep(for: .milliseconds(Int.random(in: 50...1_500, using: &numbers)))
            fleet.workers[0].signal(SIGCONT)
        case 1:
            // Whoever asks may go away before the answer.
            let asking = try Program(
                "sounder", ["jobs", "--cluster", fleet.address, "--json"], in: fleet.site)
            asking.signal(SIGKILL)
            _ = try await asking.ending(within: 10)
        case let kind:
            try await fleet.killWorker(1, kind == 2 ? SIGKILL : SIGTERM)
            try fleet.startWorker(at: 1)
        }
    }

    static func median(_ values: [Int]) -> Int { values.sorted()[values.count / 2] }
}
