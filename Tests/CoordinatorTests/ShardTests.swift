// Shards: in the order of the input, however the units were cut, with digests that hold.

import Documents
import Foundation
import Protocol
import Tensors
import TestSupport
import Testing

@testable import Coordinator

@Suite struct ShardTests {
    private func write(
        _ spec: EncodeDocuments, _ units: [(Range<Int>, Frame)], to folder: String
    ) throws -> CollectionManifest {
        let round = Sample.round(units.map { Sample.unit($0.0, of: spec) })
        let outputs = RoundOutputs(count: units.count) { index, _ in [units[index].1] }
        let scratch = try Scratch()
        defer { #expect(scratch.names.isEmpty, "files are left over") }
        let reduction = ShardReduction(
            spec: spec, source: Sample.source, folder: folder, scratch: scratch.directory,
            isDurable: false)
        return try reduction.write(round, outputs)
    }

    private func digest(_ path: String) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/sha256sum")
        process.arguments = [path]
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let output = String(
            decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return String(output.prefix(64))
    }

    @Test("documents stand in the order of their records, in shards of the size that was asked for")
    func order() throws {
        let spec = Sample.spec { $0.shardRows = 4 }
        let scratch = try Scratch()
        // A unit that was cut in two has its second half at the end of the round.
        let units: [(Range<Int>, Frame)] = [
            (0..<3, Sample.output(0..<3)), (5..<10, Sample.output(5..<10)),
            (3..<5, Sample.output(3..<5)),
        ]
        let manifest = try write(spec, units, to: scratch.directory)
        #expect(manifest.documents == 10 && manifest.rows == 10 && manifest.dimension == 4)
        #expect(manifest.shards.map(\.documents) == [4, 4, 2])
        #expect(manifest.tokens == 44 && manifest.truncated == 1)
        #expect(manifest.truncatedDocuments.map(\.id) == ["d9"])
        var ids: [String] = []
        var numbers: [Float] = []
        for shard in manifest.shards {
            for file in shard.files {
                let path = scratch.path(file.name)
                #expect(try digest(path) == file.sha256 && bytes(of: path).count == file.bytes)
            }
            ids += String(decoding: try bytes(of: scratch.path(shard.ids.name)), as: UTF8.self)
                .split(separator: "\n").map(String.init)
            let npy = try NpyFile(path: scratch.path(shard.vectors.name))
            #expect(npy.header.shape == [shard.rows, 4] && npy.header.descriptor == "<f4")
            numbers += npy.data.bindMemory(to: Float.self)
        }
        #expect(ids == (0..<10).map { "d\($0)" })
        #expect(numbers == (0..<10).flatMap { [Float](repeating: Float($0), count: 4) })
        #expect(manifest == ShardReduction.finishedManifest(in: scratch.directory))
        #expect(scratch.names.allSatisfy { !$0.hasPrefix(".") } && scratch.names.count == 7)
    }

    @Test("the same documents leave the same bytes, whichever units they came from")
    func cutting() throws {
        let spec = Sample.spec { $0.shardRows = 3 }
        let whole = try Scratch()
        let parts = try Scratch()
        _ = try write(spec, [(0..<9, Sample.output(0..<9))], to: whole.directory)
        let halves = [(0..<4, Sample.output(0..<4)), (4..<9, Sample.output(4..<9))]
        _ = try write(spec, halves, to: parts.directory)
        #expect(whole.names == parts.names)
        for name in whole.names {
            #expect(try bytes(of: whole.path(name)) == bytes(of: parts.path(name)), "\(name)")
        }
    }

    @Test("vectors of tokens have the rows of each document beside them")
    func tokens() throws {
        let spec = Sample.spec {
            $0.tokenLevel = true
            $0.shardRows = 2
            $0.dtype = "f16"
        }
        let scratch = try Scratch()
        let output = Sample.output(0..<3, dtype: .f16, rows: { $0 + 1 })
        let manifest = try write(spec, [(0..<3, output)], to: scratch.directory)
        #expect(manifest.shards.map(\.rows) == [3, 3] && manifest.npyType == "<f2")
        let lengths = try NpyFile(path: scratch.path("lengths-00000.npy"))
        #expect(lengths.header.descriptor == "<i4")
        #expect(Array(lengths.data.bindMemory(to: Int32.self)) == [1, 2])
        #expect(try NpyFile(path: scratch.path("vectors-00001.npy")).header.shape == [3, 4])
    }

    @Test("what was skipped is listed with file, line and reason, a thousand at most")
    func skipped() throws {
        let spec = Sample.spec()
        let scratch = try Scratch()
        let output = Sample.output(
            0..<1,
            change: { chunk in
                chunk.skipped = (1...1_500).map {
                    DocumentProblem(record: $0, line: $0 + 1, id: "x", reason: "it is empty")
                }
            })
        let manifest = try write(spec, [(0..<1_501, output)], to: scratch.directory)
        #expect(manifest.skipped == 1_500 && manifest.skippedDocuments.count == 1_000)
        #expect(
            manifest.skippedDocuments[0]
                == .init(file: "/d/a.txt", line: 2, id: "x", reason: "it is empty"))
    }

    @Test(
        "of documents with one id the first stays and the others are listed, whoever made them",
        arguments: [false, true])
    func duplicates(tokenLevel: Bool) throws {
        let spec = Sample.spec {
            $0.format = "jsonl"
            $0.skipsMalformed = true
            $0.shardRows = 3
            $0.tokenLevel = tokenLevel
        }
        // 3, 4 and 8 have ids of earlier ones; 5 is empty, so that 6 is the first of its id.
        func output(_ records: Range<Int>) -> Frame {
            Sample.output(records.filter { $0 != 5 }, rows: { tokenLevel ? $0 % 4 : 1 }) { chunk in
                for place in chunk.documents.indices {
                    let names = [3: "d0", 4: "d0", 6: "d5", 8: "d5", 9: "d6"]
                    let record = chunk.documents[place].record
                    chunk.documents[place].id = names[record] ?? "d\(record)"
                }
                guard records.contains(5) else { return }
                chunk.skipped = [
                    DocumentProblem(record: 5, line: 6, id: "d5", reason: "the document is empty")
                ]
            }
        }
        var trees: [[String: [UInt8]]] = []
        for cuts in [[0, 10], [0, 4, 10], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]] {
            let scratch = try Scratch()
            let units = zip(cuts, cuts.dropFirst()).map { ($0..<$1, output($0..<$1)) }
            let manifest = try write(spec, units, to: scratch.directory)
            #expect(manifest.documents == 6 && manifest.skipped == 4 && manifest.duplicates == 3)
            #expect(manifest.skippedDocuments.map(\.line) == [4, 5, 6, 9])
            #expect(manifest.skippedDocuments.map(\.id) == ["d0", "d0", "d5", "d5"])
            #expect(manifest.skippedDocuments[3].reason == "an earlier document has the same id")
            var numbers: [Float] = []
            var ids: [UInt8] = []
            for shard in manifest.shards {
                let npy = try NpyFile(path: scratch.path(shard.vectors.name))
                withExtendedLifetime(npy) { numbers += npy.data.bindMemory(to: Float.self) }
                ids += try bytes(of: scratch.path(shard.ids.name))
            }
            let kept = [0, 1, 2, 6, 7, 9]
            #expect(String(decoding: ids, as: UTF8.self) == "d0\nd1\nd2\nd5\nd7\nd6\n")
            #expect(
                numbers
                    == kept.flatMap {
                        [Float](repeating: Float($0), count: 4 * (tokenLevel ? $0 % 4 : 1))
                    })
            trees.append(
                Dictionary(
                    uniqueKeysWithValues: try scratch.names.map {
                        ($0, try bytes(of: scratch.path($0)))
                    }))
        }
        #expect(trees.allSatisfy { $0 == trees[0] })
    }

    @Test("a collection of which every document was skipped has a manifest and no shard")
    func none() throws {
        let scratch = try Scratch()
        let output = Sample.output(
            [],
            change: { chunk in
                chunk.skipped = [
                    DocumentProblem(record: 0, line: 1, id: "", reason: "it is empty")
                ]
            })
        let manifest = try write(Sample.spec(), [(0..<1, output)], to: scratch.directory)
        #expect(manifest.shards.isEmpty && scratch.names == ["manifest.json"])
    }

    @Test("shards end before the gibibyte, with whole documents")
    func plan() {
        var plan = ShardPlan(documentsMax: 0, bytesMax: 100)
        let sizes = [3, 4, 3, 11, 1, 9, 1]
        plan.add(
            sizes.map {
                .init(id: "d", record: 0, line: 1, rows: $0, tokens: 1, isTruncated: false)
            },
            rowBytes: 10)
        #expect(plan.shards.map(\.rows) == [10, 11, 10, 1])
        #expect(plan.shards.map(\.documents) == [3, 1, 2, 1])
    }

    @Test("units without any document give no collection")
    func blank() throws {
        let scratch = try Scratch()
        let spec = Sample.spec()
        do {
            _ = try write(spec, [(0..<3, Sample.output([]))], to: scratch.directory)
            Issue.record("a collection was written")
        } catch let fault as Fault {
            #expect(fault.code == .data && fault.message.contains("there are no documents"))
        }
    }

    @Test("a copy of standard input leaves no trace of where it was")
    func standardInput() throws {
        var manifests: [CollectionManifest] = []
        for path in ["/tmp/one/standard-input", "/tmp/two/standard-input"] {
            let scratch = try Scratch()
            let spec = Sample.spec {
                $0.files = [InputFile(path: path, size: 10, modifiedNanoseconds: Int64(path.count))]
                $0.standardInput = path
            }
            let output = Sample.output(0..<2)
            manifests.append(try write(spec, [(0..<2, output)], to: scratch.directory))
        }
        #expect(manifests[0] == manifests[1])
        #expect(
            manifests[0].inputs == [.init(path: "-", bytes: 10, modifiedNanoseconds: 0)])
    }
}
