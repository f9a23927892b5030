// What the coordinator offers after a restart: kept results, and files of indexes.

import Foundation
import Logging
import Protocol
import TestSupport
import Testing
import Transport

@testable import Coordinator

@Suite struct OfferedFileTests {
    /// Both ends of a bulk plane, and a state directory.
    private final class Plane {
        let scratch: Scratch
        let coordinator: BulkExchange
        let worker: BulkExchange

        init() throws {
            let context = try Context()
            scratch = try Scratch()
            coordinator = try BulkExchange(
                serving: Address("ipc://\(scratch.path("bulk"))"), context: context,
                softwareVersion: "test", epoch: 1)
            worker = try BulkExchange(
                connectingTo: coordinator.address, as: WorkerID("w"), role: .worker,
                context: context, softwareVersion: "test")
            _ = try worker.waitForWelcome(seconds: 10)
        }

        var table: PayloadTable {
            PayloadTable(
                bulk: coordinator, directory: scratch.path("state"), isDurable: false,
                logger: Logger(label: "test"))
        }

        func fetch(_ id: String, _ size: Int) -> [UInt8]? {
            let reference = PayloadReference(id: id, size: size, checksum: 0)
            return (try? worker.fetch(reference, from: .coordinator, deadlineSeconds: 10))
                .map { Array($0.bytes) }
        }

        /// Writes a file below the state directory.
        func write(_ text: String, to name: String) throws {
            let path = scratch.path("state/" + name)
            try makeDirectory(String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)]))
            _ = try scratch.write(text, to: "state/" + name)
        }

        deinit {
            worker.stop()
            coordinator.stop()
        }
    }

    private func finished(_ job: String, _ outputs: [(name: String, size: Int)]) -> JobStatus {
        JobStatus(
            job: JobID(job), kind: "train-words", state: .finished,
            outputs: outputs.map {
                NamedPayload(
                    name: $0.name,
                    payload: PayloadReference(
                        id: "\(job)/result/\($0.name)", size: $0.size, checksum: 1))
            })
    }

    @Test("a result that cannot be opened at a start is not removed, and the others are served")
    func unreadable() throws {
        let plane = try Plane()
        try plane.write("two vectors", to: "results/j-1/input")
        try plane.write("cut", to: "results/j-2/input")
        try plane.write("stranger", to: "results/j-3/input")
        let table = plane.table
        table.restore(finished("j-1", [("vocabulary", 5), ("input", 11)]))
        table.restore(finished("j-2", [("input", 11)]))
        table.removeLeftovers(besides: [], failed: [])
        #expect(plane.fetch("j-1/result/input", 11) == Array("two vectors".utf8))
        #expect(try bytes(of: plane.scratch.path("state/results/j-2/input")).count == 3)
        #expect(entries(of: plane.scratch.path("state/results")).sorted() == ["j-1", "j-2"])
    }

    @Test("files that a killed process had not written to their end are gone after a start")
    func partial() throws {
        let plane = try Plane()
        try plane.write("whole", to: "results/j-1/input")
        try plane.write("hal", to: "results/j-1/.input.3f9a.partial")
        try plane.write("whole", to: "jobs/j-2/0.txt")
        try plane.write("hal", to: "jobs/j-2/.0.txt.77c0.partial")
        let table = plane.table
        table.restore(finished("j-1", [("input", 5)]))
        table.removeLeftovers(besides: [JobID("j-2")], failed: [])
        #expect(entries(of: plane.scratch.path("state/results/j-1")) == ["input"])
        #expect(entries(of: plane.scratch.path("state/jobs/j-2")) == ["0.txt"])
    }

    @Test("an index that is made again at its path with the same content is served as before")
    func madeAgain() throws {
        let plane = try Plane()
        let file = IndexFile(name: "0.segment", bytes: 7, sha256: String(repeating: "a", count: 64))
        let index = IndexShards(
            path: plane.scratch.path("state/index"), common: [], shards: [[file]])
        var offered = OfferedIndexes(bulk: plane.coordinator)
        for second in 0..<3 {
            try plane.write("segment", to: "index/0.segment")
            let made = Date(timeIntervalSince1970: 1e9 + Double(second))
            try FileManager.default.setAttributes(
                [.modificationDate: made], ofItemAtPath: "\(index.path)/0.segment")
            offered.offer(index, at: Int64(1_000 * second))
            #expect(plane.fetch(file.payload, 7) == Array("segment".utf8))
        }
    }

    @Test("phrases that another life of the coordinator has found come with the words of the text")
    func phrases() throws {
        let plane = try Plane()
        let text = try InputFile(reading: plane.scratch.write("new york new york\n", to: "text"))
        let directory = JobDirectory(
            job: JobID("j"), path: plane.scratch.path("state/jobs/j"), isDurable: true,
            logger: Logger(label: "test"))
        for name in ["phrases-1", "scores-1"] { try directory.save(Frame([1]), as: name) }
        try PhraseFigures.save(["corpusWords": 4], as: "figures-1", in: directory)
        let program = FindPhrasesProgram(
            spec: FindPhrases(files: [text]), directory: directory, payloads: plane.table)
        guard case .completed(let result) = try program.plan(workers: 1) else {
            Issue.record("the pass is counted again")
            return
        }
        #expect(result.measures == ["corpusWords": 4, "passes": 1])
    }
}
