// Entries to commit and what should come back; a directory that goes away.

import Cluster
import FoundationEssentials
import Journal
public import Protocol

extension JobID: ExpressibleByStringLiteral {
    public init(stringLiteral value: String) { self.init(value) }
}

extension WorkerID: ExpressibleByStringLiteral {
    public init(stringLiteral value: String) { self.init(value) }
}

enum Sample {
    static let spec = JobSpec.trainWords(
        TrainWords(files: [InputFile(path: "/é", size: 1, modifiedNanoseconds: 2)]))

    static func round(_ number: Int) -> RoundSummary {
        RoundSummary(
            number: number, stage: "training", index: number, count: 3, units: 4,
            measures: ["loss": .infinity])
    }

    /// A round in which something of everything happens.
    static let life: [JournalEntry] = [
        .roundStarted("j", round(0)), assigned("j", 0, attempt: 1), assigned("j", 1, attempt: 1),
        done("j", 0, 0), failed("j"), .unitSplit(unit("j", 1)), assigned("j", 4, attempt: 3),
        .unitFailed(
            unit("j", 4), Lease(epoch: 1, attempt: 3, token: .max), "v",
            Fault(.unavailable, "gone"), isLoss: true),
    ]

    static func unit(_ job: JobID, _ index: Int) -> WorkUnitID {
        WorkUnitID(job: job, round: 0, index: index)
    }

    static func assigned(_ job: JobID, _ index: Int, attempt: Int) -> JournalEntry {
        .unitAssigned(unit(job, index), Lease(epoch: 1, attempt: attempt, token: .max), "v")
    }

    static func failed(_ job: JobID) -> JournalEntry {
        .unitFailed(
            unit(job, 1), Lease(epoch: 1, attempt: 1, token: 3), "w", Fault(.data, "no"),
            isLoss: false)
    }

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
