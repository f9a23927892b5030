// Disks without room where documents are encoded: for what is expanded, for a cluster's state, and
// for the shards.

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
            "no room for shards is told by name and leaves no half of one, and a retry ends well",
            .enabled(if: SmallDisk.isPossible, "\(SmallDisk.absence)"))
        func shards() async throws {
            let site = try Site()
            let input = try site.documents(2_000)
            let calm = try await site.encode([input], "calm", "--tokens")
            try #require(calm.code == 0, "\(calm)")
            let bytes = try site.byteCount(of: "calm")
            try #require(bytes > 4 << 20, "\(bytes) bytes leave no room for a journal")
            // A retry keeps what the first attempt handed in until it has ended.
            let disk = try SmallDisk(site, "state", mebibytes: 5 * bytes >> 20)
            // What workers hand in has room, and half of the shard that is made of it.
            try disk.fill(leaving: 3 * bytes / 2)
            let fleet = try await Fleet(site, workers: 1)
            func encode() async throws -> Ending {
                try await site.encode(
                    [input], "encoded", "--tokens", "--job-key", "shards", "--cluster",
                    fleet.address)
            }
            let full = try await encode()
            #expect(full.code == 73, "\(full)\(fleet.coordinator.errors)")
            for part in ["the shards of the collection", disk.path, "No space left on device"] {
                #expect(full.errors.contains(part), "\(full)")
            }
            #expect(fleet.coordinator.isRunning, "\(fleet.coordinator.errors)")
            #expect(site.halfFiles.isEmpty)
            let written = site.files(below: "state").filter {
                $0.hasSuffix(".npy") || $0.hasSuffix("manifest.json")
            }
            #expect(written.isEmpty && !site.exists("encoded/manifest.json"))
            disk.makeRoom()
            let job = try #require(try await fleet.newestJob()?["job"] as? String)
            #expect(try await fleet.sounder("retry", job).code == 0)
            let again = try await encode()
            #expect(again.code == 0 && again.json["job"] as? String == job, "\(again)")
            #expect(try site.content(of: "encoded") == site.content(of: "calm"))
            try await fleet.stop()
        }

        @Test(
            "a client without room for all shards leaves whole ones, and fetches the rest later",
            .enabled(if: SmallDisk.isPossible, "\(SmallDisk.absence)"))
        func fetchedShards() async throws {
            let site = try Site()
            let input = try site.documents(1_000)
            let fleet = try await Fleet(site, workers: 1)
            let made = try await site.encode(
                [input], "made", "--tokens", "--shard-rows", "250", "--cluster", fleet.address)
            try #require(made.code == 0, "\(made)")
            let job = try #require(made.json["job"] as? String)
            let whole = try site.content(of: "made")
            let bytes = try site.byteCount(of: "made")
            let disk = try SmallDisk(site, "disk", mebibytes: 2 * bytes >> 20)
            try disk.fill(leaving: bytes / 2)
            let got = disk.path + "/got"
            let full = try await fleet.sounder("fetch", job, "--output", got)
            #expect(full.code == 73, "\(full)")
            #expect(full.errors.contains(got + "/"), "\(full)")
            #expect(full.errors.contains("No space left on device"), "\(full)")
            let left = try site.content(of: "disk/got")
            #expect(!left.isEmpty && left["manifest.json"] == nil, "\(left.keys.sorted())")
            for (name, bytes) in left { #expect(bytes == whole[name], "\(name)") }
            disk.makeRoom()
            let fetched = try await fleet.sounder("fetch", job, "--output", got)
            #expect(fetched.code == 0, "\(fetched)")
            #expect(try site.content(of: "disk/got") == whole)
            try await fleet.stop()
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

extension Site {
    /// Of all files in a directory of the test.
    fileprivate func byteCount(of folder: String) throws -> Int {
        try content(of: folder).values.reduce(0) { $0 + $1.count }
    }
}
