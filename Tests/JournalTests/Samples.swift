// Entries to commit and what should come back; a directory that goes away.

import Cluster
import FoundationEssentials
import Journal
public import Protocol

extension JobID: ExpressibleByStringLiteral {
    public init(stringLiteral value: String) { self.init(value) }
}

enum Sample {
    static let spec = JobSpec.trainWords(
        TrainWords(files: [InputFile(path: "/é", size: 1, modifiedNanoseconds: 2)]))

    static let round = Round(
        stage: "training", index: 0, count: 3,
        units: (0..<4).map { index in
            WorkUnit(
                task: .countWords(
                    CountWords(
                        corpus: Corpus(id: "c", files: [], blockBytes: 1),
                        blocks: index..<index + 1)), affinity: index, work: 1)
        })

    static func submitted(_ job: JobID) -> JournalEntry {
        .jobSubmitted(job, key: "key of \(job)", spec, atWallMilliseconds: 5)
    }

    static func done(_ job: JobID, _ round: Int, _ index: Int) -> JournalEntry {
        .unitDone(
            WorkUnitID(job: job, round: round, index: index),
            Lease(epoch: 1, attempt: 1, token: .max),
            UnitOutcome(
                outputs: [PayloadReference(id: "p\(index)", size: 9, checksum: .max)],
                measures: ["words": 1]))
    }

    static func status(_ job: JobID) -> JobStatus {
        JobStatus(
            job: job, kind: "train-words", state: .failed, stage: "training", round: 1, rounds: 3,
            measures: ["seconds.training": 0.1], fault: Fault(.data, "no"),
            outputs: [
                NamedPayload(
                    name: "v", payload: PayloadReference(id: "v", size: 1, checksum: .max))
            ], submittedAtMilliseconds: 5)
    }

    static func recovered(_ job: JobID, ended: JobStatus? = nil) -> RecoveredJob {
        RecoveredJob(
            job: job, key: "key of \(job)", spec: spec, submittedAtMilliseconds: 5, ended: ended)
    }
}

/// Runs `body` with the path of a journal that does not exist yet.
func withDirectory(_ body: (String) throws -> Void) throws {
    let directory = FileManager.default.temporaryDirectory
        .appending(path: "journal-\(UInt64.random(in: 0...UInt64.max))")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: directory) }
    try body(directory.appending(path: "jobs.sqlite").path)
}
