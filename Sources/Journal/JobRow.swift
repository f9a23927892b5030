// Rows of the table of jobs as recovered jobs.

import Cluster
import GRDB
import Protocol

/// Decoded with errors, not traps: a damaged file is an answer.
struct JobRow: FetchableRecord, Decodable {
    private let job: String
    private let key: String
    private let spec: String
    private let submittedAtMilliseconds: Int64
    private let status: String?

    /// In the order of submission.
    static func open(in db: Database) throws -> [JobRow] {
        try fetchAll(db, sql: "SELECT * FROM jobs WHERE ended IS NULL ORDER BY position")
    }

    /// Newest first.
    static func ended(limit: Int, in db: Database) throws -> [JobRow] {
        try fetchAll(
            db, sql: "SELECT * FROM jobs WHERE ended IS NOT NULL ORDER BY ended DESC LIMIT ?",
            arguments: [limit])
    }

    func recovered() throws -> RecoveredJob {
        RecoveredJob(
            job: JobID(job), key: key, spec: try JournalText.decode(JobSpec.self, spec),
            submittedAtMilliseconds: submittedAtMilliseconds,
            ended: try status.map { try JournalText.decode(JobStatus.self, $0) })
    }
}
