// Disks without room where documents are encoded: for what is expanded, and for a cluster's state.

import Foundation
import Testing

@testable import Processes

extension Chaos {
    @Suite(.serialized)
    struct EncodeDiskTests {
        @Test(
            "no room for expanded text is told as such, and the job can be tried again",
            .enabled(if: SmallDisk.isPossible, "\(SmallDisk.absence)"))
        func expansion() async throws {
            let site = try Site()
            let text = String(repeating: "the wild hog\n", count: 2_000_000)
            let packed = try site.write(text, to: "docs.txt")
            #expect(try await Program("/usr/bin/gzip", [packed], in: site).ending().code == 0)
            let disk = try SmallDisk(site, "state", mebibytes: 16)
            let fleet = try await Fleet(site, workers: 1)
            let ending = try await site.encode(
                [packed + ".gz"], "encoded", "--cluster", fleet.address)
            #expect(ending.code == 75, "\(ending)")
            #expect(ending.errors.contains(disk.path), "\(ending)")
            #expect(ending.errors.contains("free some space"), "\(ending)")
            #expect(site.halfFiles.isEmpty)
            try await fleet.stop()
        }

        @Test(
            "no room for a cluster of the job's own is told with the way out",
            .enabled(if: SmallDisk.isPossible, "\(SmallDisk.absence)"))
        func ownCluster() async throws {
            let site = try Site()
            let input = try site.documents(20_000)
            let disk = try SmallDisk(site, "small", mebibytes: 1)
            let program = try Program(
                "sounder", site.encoding([input]), in: site, environment: ["TMPDIR": disk.path])
            let ending = try await program.ending(within: 60)
            #expect([73, 75].contains(ending.code), "\(ending)")
            #expect(ending.errors.contains("TMPDIR"), "\(ending)")
            #expect(!ending.errors.contains("acknowledged"), "\(ending)")
            try disk.fill()
            let full = try await Program(
                "sounder", site.encoding([input]), in: site, environment: ["TMPDIR": disk.path]
            ).ending(within: 60)
            #expect([73, 75].contains(full.code), "\(full)")
            #expect(full.errors.contains("TMPDIR"), "\(full)")
        }

        @Test(
            "no room for vectors of chunks leaves neither them nor new chunks",
            .enabled(if: SmallDisk.isPossible, "\(SmallDisk.absence)"))
        func lateVectors() async throws {
            let site = try Site()
            let input = try site.documents(5)
            let chunks = try site.write("what was there\n", to: "chunks.jsonl")
            let disk = try SmallDisk(site, "small", mebibytes: 1)
            try disk.fill()
            let late = disk.path + "/late"
            let arguments = [
                "chunk", "--model", Site.tinyModel, "--input", input, "--output", chunks,
                "--tokens", "20", "--late-vectors", late,
            ]
            let full = try await Program("sounder", arguments, in: site).ending()
            #expect(full.code == 73 && full.errors.contains(late), "\(full)")
            #expect(try site.lines("chunks.jsonl") == ["what was there"])
            #expect(access(late, F_OK) != 0, "\(site.names(in: "small/late"))")
            disk.makeRoom()
            #expect(try await Program("sounder", arguments, in: site).ending().code == 0)
            #expect(try site.lines("chunks.jsonl").count > 5)
        }
    }
}
