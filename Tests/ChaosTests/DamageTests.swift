// Files that change behind the back of those who rely on them.

import Foundation
import Testing

@testable import Processes

extension Chaos {
    @Suite(.serialized)
    struct DamageTests {
        private static let drill = Drill(epochs: 100)

        /// A coordinator that was killed in the middle of training.
        private func interrupted() async throws -> (Fleet, Program, String) {
            _ = try await Self.drill.calmResult()
            let fleet = try await Fleet(Site(), workers: 2)
            let training = try fleet.begin(Self.drill)
            let job = try await fleet.awaitStage("training", round: 2)
            try await fleet.killCoordinator()
            return (fleet, training, job)
        }

        private func expectRecovery(_ fleet: Fleet, _ training: Program) async throws {
            try fleet.startCoordinator()
            try await fleet.expectCalmResult(of: training, Self.drill)
            try await fleet.stop()
        }

        @Test("30: last writes that are torn, lost or zero are done again", arguments: 0..<3)
        func torn(_ kind: Int) async throws {
            let (fleet, training, _) = try await interrupted()
            let path = fleet.site.path("state/journal.sqlite-wal")
            let size = try Damage.size(of: path)
            try #require(size > 8_000, "\(size)")
            switch kind {
            case 0: try Damage.cut(path, to: size - 100)
            case 1: try Damage.cut(path, to: size - 5_000)
            default: try Damage.zero(path, size - 4_096..<size)
            }
            try await expectRecovery(fleet, training)
        }

        @Test("31: a bit that changes in the journal is named, and --repair drops what is damaged")
        func journal() async throws {
            let site = try Site()
            let fleet = try await Fleet(site, workers: 1)
            let ending = try await fleet.begin(.short).ending(within: 60)
            #expect(ending.code == 0, "\(ending)")
            try await fleet.killCoordinator(SIGTERM)
            let hits = try Damage.flip("drill", in: [
                site.path("state/journal.sqlite"), site.path("state/journal.sqlite-wal"),
            ])
            try #require(hits > 0)
            try fleet.startCoordinator()
            let refusal = try await fleet.coordinator.ending(within: 10)
            #expect(refusal.code == 65, "\(refusal)")
            for part in ["journal.sqlite", "is damaged", "--repair"] {
                #expect(refusal.errors.contains(part), "\(refusal)")
            }
            let flags = fleet.coordinatorFlags
            fleet.coordinatorFlags.append("--repair")
            try fleet.startCoordinator()
            let repair = try await fleet.coordinator.ending(within: 10)
            #expect(repair.code == 0, "\(repair)")
            fleet.coordinatorFlags = flags
            try fleet.startCoordinator()
            try await fleet.awaitWorkers(1)
            try await fleet.stop()
        }

        @Test("31: outputs and checkpoints that are damaged are made again, and no bit is wrong")
        func keptFiles() async throws {
            let (fleet, training, job) = try await interrupted()
            let folder = "state/jobs/\(job)"
            let names = fleet.site.names(in: folder)
            try #require(!names.isEmpty)
            for name in names {
                let path = fleet.site.path("\(folder)/\(name)")
                try Damage.flip(bit: try Damage.size(of: path) * 4, of: path)
            }
            try await expectRecovery(fleet, training)
            #expect(fleet.coordinator.errors.contains("is not as it was written"))
        }

        @Test(
            "32: a corpus that shrinks, goes or changes under a job fails the job by its name",
            arguments: ["truncate -s 1000", "rm", "touch -d 2001-01-01"])
        func corpus(_ change: String) async throws {
            let site = try Site()
            let text = Data(repeatElement(Corpora.megabyte, count: 40).joined())
            let path = try site.write(text, to: "corpus.txt")
            let fleet = try await Fleet(site, workers: 1, liveness: 60_000)
            let training = try fleet.begin(Drill(epochs: 1, dimension: 4))
            try await fleet.awaitStage("counting")
            fleet.workers[0].signal(SIGSTOP)
            let changed = try await Program(
                "/usr/bin/env", change.split(separator: " ").map(String.init) + [path], in: site
            ).ending()
            #expect(changed.code == 0, "\(changed)")
            fleet.workers[0].signal(SIGCONT)
            let ending = try await training.ending(within: 60)
            // Whoever has a file open reads all of it, also when its name is gone.
            if change != "rm" || ending.code != 0 {
                #expect([65, 66].contains(ending.code), "\(ending)")
                #expect(ending.errors.contains("corpus.txt"), "\(ending)")
                #expect(!site.exists("v.bin"))
            }
            // Nobody died of it.
            #expect(fleet.workers[0].isRunning)
            try await fleet.awaitWorkers(1)
            try await fleet.stop()
        }
    }
}

private enum Damage {
    static func size(of path: String) throws -> Int {
        var status = stat()
        guard stat(path, &status) == 0 else { throw Overdue(description: "no file \(path)") }
        return Int(status.st_size)
    }

    static func cut(_ path: String, to size: Int) throws {
        guard truncate(path, off_t(size)) == 0 else {
            throw Overdue(description: "\(path) cannot be cut")
        }
    }

    static func zero(_ path: String, _ range: Range<Int>) throws {
        var data = try Data(contentsOf: URL(fileURLWithPath: path))
        data.resetBytes(in: range)
        try data.write(to: URL(fileURLWithPath: path))
    }

    static func flip(bit: Int, of path: String) throws {
        var data = try Data(contentsOf: URL(fileURLWithPath: path))
        data[bit / 8] ^= 1 << UInt8(bit % 8)
        try data.write(to: URL(fileURLWithPath: path))
    }

    /// Everywhere where `text` stands.
    /// - Returns: how often.
    static func flip(_ text: String, in paths: [String]) throws -> Int {
        var hits = 0
        for path in paths where access(path, F_OK) == 0 {
            var data = try Data(contentsOf: URL(fileURLWithPath: path))
            var from = data.startIndex
            while let found = data.range(of: Data(text.utf8), in: from..<data.endIndex) {
                data[found.lowerBound] ^= 1
                from = found.upperBound
                hits += 1
            }
            try data.write(to: URL(fileURLWithPath: path))
        }
        return hits
    }
}
