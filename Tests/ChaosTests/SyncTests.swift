// Disks that refuse to sync, that are slow to, and coordinators that die at the moment of it.

import Foundation
import TestSupport
import Testing

@testable import Processes

extension Chaos {
    @Suite(.serialized, .enabled(if: Injection.isPossible, "\(Injection.absence)"))
    struct SyncTests {
        private static let drill = Drill.short
        /// Syncs of the journal as a coordinator starts on an empty directory, and some more.
        private static let startSyncs = 14
        /// Fewer than those of a whole job.
        private static let jobSyncs = 350

        /// Moments in the life of a job, at random.
        private static func moments(_ count: Int, of test: Int) -> [Int] {
            var numbers = Chaos.numbers(test)
            return (0..<count).map { _ in Int.random(in: startSyncs..<jobSyncs, using: &numbers) }
        }

        @Test(
            "29: a coordinator whose journal cannot be synced ends with 75, and the next goes on",
            arguments: [startSyncs] + moments(isFull ? 20 : 1, of: 29))
        func refused(_ number: Int) async throws {
            _ = try await Self.drill.calmResult()
            let site = try Site()
            let fault = "fdatasync:error=EIO:when=\(number)"
            let fleet = try await Fleet(site, workers: 2, under: Injection.of(fault, in: site))
            let training = try fleet.begin(Self.drill)
            try await fleet.expectCoordinatorEnds(
                75, saying: "journal.sqlite cannot be written (disk I/O error)")
            try fleet.startCoordinator()
            try await fleet.expectCalmResult(of: training, Self.drill)
            try await fleet.stop()
        }

        @Test("29: a coordinator that cannot sync when it starts ends with 75", arguments: [1, 4])
        func refusedStart(_ number: Int) async throws {
            let site = try Site()
            let wrapper = Injection.of("fdatasync:error=EIO:when=\(number)", in: site)
            let ending = try await Self.start(under: wrapper, site).ending(within: 10)
            #expect(ending.code == 75, "\(ending)")
            try await Fleet(site, workers: 1).stop()
        }

        @Test(
            "29: a file of a job that cannot be synced is not relied on",
            arguments: isFull ? Array(1...20) : [2, 3, 7])
        func files(_ number: Int) async throws {
            try await Self.expectFileFault("EIO", at: number)
        }

        /// The job goes on without the file, or fails with its name and ends well when retried.
        static func expectFileFault(_ error: String, at number: Int) async throws {
            _ = try await drill.calmResult()
            let site = try Site()
            let fault = "fsync:error=\(error):when=\(number)"
            let fleet = try await Fleet(site, workers: 2, under: Injection.of(fault, in: site))
            let training = try fleet.begin(drill)
            let ending = try await training.ending(within: 60)
            if ending.code == 0 {
                #expect(try await site.bytes("v.bin") == drill.calmResult())
            } else {
                #expect([73, 75].contains(ending.code), "\(ending)")
                #expect(ending.errors.contains(site.path("state")), "\(ending)")
                #expect(!site.exists("v.bin"))
                try await fleet.expectRetryEnds(drill)
            }
            #expect(site.halfFiles.isEmpty)
            try await fleet.stop()
        }

        @Test(
            "11: a coordinator killed as it syncs its journal has lost nothing",
            arguments: moments(isFull ? 40 : 2, of: 11))
        func killed(_ number: Int) async throws {
            try await Self.expectUnchanged(by: "fdatasync:signal=KILL:when=\(number)")
        }

        @Test(
            "11: a coordinator killed as it syncs a file of a job has lost nothing",
            arguments: isFull ? Array(1...18) : [5])
        func killedAtFile(_ number: Int) async throws {
            try await Self.expectUnchanged(by: "fsync:signal=KILL:when=\(number)")
        }

        private static func expectUnchanged(by fault: String) async throws {
            _ = try await drill.calmResult()
            let site = try Site()
            let fleet = try await Fleet(site, workers: 2, under: Injection.of(fault, in: site))
            let training = try fleet.begin(drill)
            try await fleet.expectCoordinatorEnds(128 + SIGKILL)
            try fleet.startCoordinator()
            try await fleet.expectCalmResult(of: training, drill)
            #expect(site.halfFiles.isEmpty)
            try await fleet.stop()
        }

        @Test("11: a coordinator killed again and again as it syncs keeps what it has promised")
        func killedAgain() async throws {
            _ = try await Self.drill.calmResult()
            let site = try Site()
            let fleet = try await Fleet(site, workers: 2)
            let training = try fleet.begin(Self.drill)
            try await fleet.awaitStage("training")
            try await fleet.killCoordinator()
            var deaths = 0
            for number in Chaos.isFull ? Array(1...60) : [1, 3, 8, 13] {
                let fault = "fdatasync:signal=KILL:when=\(number)"
                try fleet.startCoordinator(under: Injection.of(fault, in: site))
                let ended = try await eventually(within: 30, every: 0.05) {
                    !fleet.coordinator.isRunning || !training.isRunning
                }
                #expect(ended)
                guard training.isRunning else { break }
                try await fleet.expectCoordinatorEnds(128 + SIGKILL)
                deaths += 1
            }
            #expect(deaths >= 3, "the job was over too soon")
            if fleet.coordinator.isRunning { try await fleet.killCoordinator() }
            try fleet.startCoordinator()
            try await fleet.expectCalmResult(of: training, Self.drill)
            try await fleet.stop()
        }

        @Test("11: a coordinator that is killed at every sync of its start starts in the end")
        func killedStarting() async throws {
            let site = try Site()
            for number in 1...(Chaos.isFull ? Self.startSyncs : 5) {
                let wrapper = Injection.of("fdatasync:signal=KILL:when=\(number)", in: site)
                let program = try Self.start(under: wrapper, site)
                // What the one before it made need not be made again.
                guard try await eventually(within: 2, { !program.isRunning }) else {
                    program.signal(SIGTERM)
                    _ = try await program.ending(within: 10)
                    break
                }
                #expect(try await program.ending().code == 128 + SIGKILL, "\(program.errors)")
            }
            try await Fleet(site, workers: 1).stop()
        }

        private static func start(under wrapper: [String], _ site: Site) throws -> Program {
            let address = "ipc://\(site.path("control"))"
            let command =
                Array(wrapper.dropFirst()) + [Program.directory + "/sounder-coordinator"]
                + ["--listen", address, "--state", site.path("state")]
            return try Program(wrapper[0], command, in: site)
        }

        @Test("53: on a slow disk a job takes longer, and no more memory")
        func slow() async throws {
            let drill = Drill(epochs: Chaos.isFull ? 100 : 10, dimension: 100)
            _ = try await drill.calmResult()
            let calm = try await Self.peak(of: drill, under: [])
            let site = try Site()
            let wrapper = Injection.of(
                "fdatasync:delay_exit=20000", "fsync:delay_exit=200000", in: site)
            let slow = try await Self.peak(of: drill, under: wrapper, site)
            Chaos.say(
                "slow disk: \(slow.bytes >> 20) MiB in \(slow.seconds) s, "
                    + "\(calm.bytes >> 20) MiB in \(calm.seconds) s without")
            #expect(slow.seconds > calm.seconds)
            #expect(slow.bytes <= calm.bytes + 32 << 20)
        }

        /// The coordinator's memory at its largest, and how long the job took.
        private static func peak(
            of drill: Drill, under wrapper: [String], _ site: Site? = nil
        ) async throws -> (bytes: Int, seconds: Double) {
            let fleet = try await Fleet(site ?? Site(), workers: 2, under: wrapper)
            let training = try fleet.begin(drill)
            var bytes = 0
            while training.isRunning {
                bytes = max(bytes, try fleet.coordinator.residentBytes())
                try await Task.sleep(for: .milliseconds(20))
            }
            let ending = try await fleet.expectCalmResult(of: training, drill)
            try await fleet.stop()
            return (bytes, try #require(ending.number("seconds")))
        }
    }
}
