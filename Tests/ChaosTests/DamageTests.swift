// Bits that change and bytes that go missing in what the coordinator keeps.

import Foundation
import TestSupport
import Testing
import Transport

@testable import Processes

extension Chaos {
    @Suite(.serialized)
    struct DamageTests {
        private static let journal = "state/journal.sqlite"

        /// A coordinator that was killed in the middle of a job, and the client that waits for it.
        private func interrupted(
            _ drill: Drill, with checkpoints: Int = 0
        ) async throws -> (fleet: Fleet, training: Program, site: Site) {
            _ = try await drill.calmResult()
            let site = try Site()
            let fleet = try await Fleet(site, workers: 2)
            let training = try fleet.begin(drill)
            try await fleet.awaitStage("training", round: 5)
            let isSaved = try await eventually(within: 20) {
                Self.checkpoints(site).count >= checkpoints
            }
            try #require(isSaved)
            try await fleet.killCoordinator()
            try #require(training.isRunning, "\(training.errors)")
            return (fleet, training, site)
        }

        /// The newest first.
        private static func checkpoints(_ site: Site) -> [String] {
            func changed(_ name: String) -> Date {
                let all = try? FileManager.default.attributesOfItem(atPath: site.path(name))
                return all?[.modificationDate] as? Date ?? .distantPast
            }
            return site.files(below: "state/jobs").filter { $0.hasSuffix(".safetensors") }
                .filter { !$0.contains("/.") }.sorted { changed($0) > changed($1) }
        }

        enum Tear: CaseIterable { case cut, zeroed, garbled }

        @Test(
            "30: the last bytes of the journal are lost or torn, and no bit of the result changes",
            arguments: Tear.allCases, isFull ? [1, 24, 700, 4_120, 9_000, 40_000] : [700])
        func torn(_ tear: Tear, _ count: Int) async throws {
            let (fleet, training, site) = try await interrupted(Drill(epochs: 100))
            let name = Self.journal + "-wal"
            var bytes = try site.bytes(name)
            try #require(bytes.count > 2 * count)
            switch tear {
            case .cut: bytes.removeLast(count)
            case .zeroed: bytes.resetBytes(in: bytes.count - count..<bytes.count)
            case .garbled:
                var numbers = Chaos.numbers(30)
                for index in bytes.count - count..<bytes.count {
                    bytes[index] = UInt8.random(in: 0...255, using: &numbers)
                }
            }
            _ = try site.write(bytes, to: name)
            try fleet.startCoordinator()
            try await fleet.expectCalmResult(of: training, Drill(epochs: 100))
            try await fleet.stop()
        }

        @Test("31: a damaged journal is not started on; repaired, it takes the job again")
        func row() async throws {
            let drill = Drill(epochs: 100)
            let (fleet, training, site) = try await interrupted(drill)
            training.signal(SIGKILL)
            let repair = ["--repair", "--state", site.path("state")]
            // Also moves everything from the write-ahead log into the file.
            let sound = try await Program("sounder-coordinator", repair, in: site).ending()
            #expect(sound.code == 0 && sound.output.contains("is sound"), "\(sound)")
            #expect(!site.exists(Self.journal + "-wal"))
            let key = try #require(try site.bytes(Self.journal).range(of: Data("drill".utf8)))
            try site.flip(Self.journal, at: key.lowerBound)
            try await expectRefused(fleet, saying: "does not match its checksum")
            // The first bytes say what kind of file it is.
            try site.flip(Self.journal, at: 3)
            try await expectRefused(fleet, saying: "is damaged")
            try site.flip(Self.journal, at: 3)
            let dropped = try await Program("sounder-coordinator", repair, in: site).ending()
            #expect(dropped.code == 0 && dropped.output.contains("was dropped"), "\(dropped)")
            try fleet.startCoordinator()
            try await fleet.expectCalmResult(of: fleet.begin(drill), drill)
            try await fleet.stop()
        }

        private func expectRefused(_ fleet: Fleet, saying part: String) async throws {
            try fleet.startCoordinator()
            try await fleet.expectCoordinatorEnds(65, saying: part)
            for part in [fleet.site.path(Self.journal), "--repair"] {
                #expect(fleet.coordinator.errors.contains(part), "\(fleet.coordinator.errors)")
            }
        }

        @Test("31: a damaged checkpoint is named, and the one before it is used", arguments: [1, 2])
        func checkpoint(_ damaged: Int) async throws {
            let drill = Drill(epochs: 250)
            let (fleet, training, site) = try await interrupted(drill, with: 2)
            let names = Self.checkpoints(site).prefix(damaged)
            for name in names { try site.flip(name, at: -999) }
            try fleet.startCoordinator()
            let job = try await fleet.awaitStage("training")
            for name in names {
                #expect(fleet.coordinator.errors.contains("\(site.path(name)) is not as it was"))
            }
            let round = try await fleet.status(of: job)["round"] as? Int ?? 0
            #expect(damaged == 2 || round > 1, "it began anew")
            try await fleet.expectCalmResult(of: training, drill)
            try await fleet.stop()
        }

        @Test(
            "31: a kept output of a unit that is damaged is made again",
            .enabled(if: Injection.isPossible, "\(Injection.absence)"), arguments: [false, true])
        func keptOutput(isSealedAnew: Bool) async throws {
            let site = try Site()
            // The fifth file or directory that is synced is the vocabulary, made from the counts.
            let wrapper = Injection.of("fsync:signal=KILL:when=5", in: site)
            let fleet = try await Fleet(site, workers: 1, under: wrapper)
            let training = try fleet.begin(.short)
            try await fleet.expectCoordinatorEnds(128 + SIGKILL)
            let outputs = site.files(below: "state/jobs").filter { $0.contains("/output-") }
            let output = try #require(outputs.first, "\(site.files(below: "state"))")
            try site.flip(output, at: -100)
            // A sound file that is not of the attempt which counts.
            if isSealedAnew { try seal(output, site) }
            try fleet.startCoordinator()
            try await fleet.expectCalmResult(of: training, .short)
            let isNamed = fleet.coordinator.errors.contains("\(site.path(output)) is not as it was")
            #expect(isNamed != isSealedAnew)
            try await fleet.stop()
        }

        private func seal(_ name: String, _ site: Site) throws {
            let body = try site.bytes(name).dropLast(8)
            let sum = body.withUnsafeBytes { Checksum.of($0) }
            _ = try site.write(body + withUnsafeBytes(of: sum.littleEndian) { Data($0) }, to: name)
        }

        @Test("31: a damaged result is not handed out", arguments: [false, true])
        func result(afterRestart: Bool) async throws {
            let site = try Site()
            let fleet = try await Fleet(site, workers: 2)
            let ending = try await fleet.expectCalmResult(of: fleet.begin(.short), .short)
            let job = try #require(ending.json["job"] as? String)
            try site.flip("state/results/\(job)/input", at: 5_000)
            if afterRestart {
                try await fleet.killCoordinator(SIGTERM)
                try fleet.startCoordinator()
                try await fleet.awaitWorkers(2)
            }
            let fetch = try await fleet.sounder("fetch", job, "--output", site.path("w.bin"))
            #expect(fetch.code == (afterRestart ? 65 : 66), "\(fetch)")
            #expect(fetch.errors.contains("\(job)/") && fetch.errors.contains("input"), "\(fetch)")
            #expect(!site.exists("w.bin"))
            try await fleet.stop()
        }
    }
}
