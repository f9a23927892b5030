// Disks without room: of the coordinator's state, of a client's output, of the log.

import Foundation
import Testing

@testable import Processes

extension Chaos {
    @Suite(.serialized)
    struct DiskTests {
        private static let drill = Drill.short

        @Test(
            "28: a full disk takes no job, and the job that waited when there is room",
            .enabled(if: SmallDisk.isPossible, "\(SmallDisk.absence)"))
        func submission() async throws {
            _ = try await Self.drill.calmResult()
            let site = try Site()
            let disk = try SmallDisk(site, "state", mebibytes: 16)
            let fleet = try await Fleet(site, workers: 2)
            try disk.fill()
            let training = try fleet.begin(Self.drill)
            try await fleet.expectCoordinatorEnds(75, saying: "is full; free some space")
            #expect(training.isRunning, "\(training.errors)")
            disk.makeRoom()
            try fleet.startCoordinator()
            try await fleet.expectCalmResult(of: training, Self.drill)
            #expect(site.halfFiles.isEmpty)
            try await fleet.stop()
        }

        @Test(
            "28: where nobody makes room the client is told, and nothing was promised",
            .enabled(if: SmallDisk.isPossible, "\(SmallDisk.absence)"))
        func refused() async throws {
            let site = try Site()
            let disk = try SmallDisk(site, "state", mebibytes: 16)
            let fleet = try await Fleet(site, workers: 0)
            try disk.fill()
            let ending = try await fleet.begin(Self.drill).ending(within: 10)
            #expect(ending.code == 69, "\(ending)")
            #expect(ending.errors.contains(fleet.address), "\(ending)")
            disk.makeRoom()
            try fleet.startCoordinator()
            try await fleet.awaitWorkers(0)
            #expect(try await fleet.newestJob() == nil)
            try await fleet.stop()
        }

        @Test(
            "28: a disk that fills up under a job stops it, and it goes on when there is room",
            .enabled(if: SmallDisk.isPossible, "\(SmallDisk.absence)"))
        func midway() async throws {
            _ = try await Self.drill.calmResult()
            let site = try Site()
            let disk = try SmallDisk(site, "state", mebibytes: 16)
            let fleet = try await Fleet(site, workers: 2)
            let training = try fleet.begin(Self.drill)
            try await fleet.awaitStage("training", round: 3)
            try disk.fill()
            try await fleet.expectCoordinatorEnds(75, saying: "is full; free some space")
            // Started too early it ends again, or it waits for the first thing to write.
            try fleet.startCoordinator()
            try await fleet.expectCoordinatorEnds(75, saying: "is full; free some space")
            disk.makeRoom()
            try fleet.startCoordinator()
            try await fleet.expectCalmResult(of: training, Self.drill)
            #expect(site.halfFiles.isEmpty)
            try await fleet.stop()
        }

        @Test(
            "28: a write that finds no room, whichever it is, costs no promise and no bit",
            .enabled(if: Injection.isPossible, "\(Injection.absence)"),
            arguments: isFull ? Array(stride(from: 100, to: 2_500, by: 130)) : [150])
        func anyWrite(_ number: Int) async throws {
            _ = try await Self.drill.calmResult()
            let site = try Site()
            let fault = "pwrite64:error=ENOSPC:when=\(number)"
            let fleet = try await Fleet(
                site, workers: 2, under: Injection.of(fault, in: site))
            let training = try fleet.begin(Self.drill)
            try await fleet.expectCoordinatorEnds(75, saying: "is full; free some space")
            try fleet.startCoordinator()
            try await fleet.expectCalmResult(of: training, Self.drill)
            try await fleet.stop()
        }

        @Test(
            "28: a job whose own files find no room fails by name, and ends well when retried",
            .enabled(if: Injection.isPossible, "\(Injection.absence)"),
            arguments: isFull ? Array(1...20) : [1, 5])
        func ownFiles(_ number: Int) async throws {
            try await SyncTests.expectFileFault("ENOSPC", at: number)
        }

        @Test(
            "28: a client without room for the vectors leaves no file, and fetches them later",
            .enabled(if: SmallDisk.isPossible, "\(SmallDisk.absence)"))
        func output() async throws {
            let site = try Site()
            let disk = try SmallDisk(site, "disk", mebibytes: 1)
            let fleet = try await Fleet(site, workers: 2)
            try disk.fill()
            let ending = try await fleet.begin(Self.drill, "disk/v.bin").ending(within: 30)
            #expect(ending.code == 73, "\(ending)")
            #expect(ending.errors.contains(disk.path + "/v.bin"), "\(ending)")
            #expect(site.names(in: "disk") == ["filling"])
            let job = try #require(try await fleet.newestJob()?["job"] as? String)
            disk.makeRoom()
            let fetch = try await fleet.sounder("fetch", job, "--output", disk.path + "/v.bin")
            #expect(fetch.code == 0, "\(fetch)")
            #expect(try await site.bytes("disk/v.bin") == Self.drill.calmResult())
            try await fleet.stop()
        }

        @Test("56: programs whose log has no room do their work")
        func log() async throws {
            let site = try Site()
            let address = "ipc://\(site.path("control"))"
            let talkative = ["--log-level", "trace"]
            let coordinator = try Program(
                "sounder-coordinator",
                ["--listen", address, "--state", site.path("state")] + talkative, in: site,
                errors: "/dev/full")
            let worker = try Program(
                "sounder-worker", ["--coordinator", address, "--threads", "1"] + talkative,
                in: site, errors: "/dev/full")
            let ending = try await site.train([site.corpus()], "v.bin", "--cluster", address)
            #expect(ending.code == 0, "\(ending)")
            for program in [worker, coordinator] {
                program.signal(SIGTERM)
                #expect(try await program.ending(within: 10).code == 0)
            }
        }
    }
}
