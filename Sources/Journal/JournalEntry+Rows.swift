// Journal entries as rows.

import Cluster
import GRDB
import Protocol

extension JournalEntry {
    func write(to db: Database, epoch: UInt64) throws {
        switch self {
        case .jobSubmitted(let job, let key, let spec, let wall):
            try db.run(
                """
                INSERT INTO jobs (job, key, spec, submittedAtMilliseconds) VALUES (?, ?, ?, ?)
                """, [job.text, key, try JournalText.encode(spec), wall])
        case .roundStarted(let job, let number, let round):
            // Only the newest round matters; its units are planned again, not read.
            try db.run("DELETE FROM rounds WHERE job = ?", [job.text])
            try db.run(
                """
                INSERT INTO rounds (job, number, epoch, stage, position, count, units)
                VALUES (?, ?, ?, ?, ?, ?, ?)
                """,
                [
                    job.text, number, Int64(bitPattern: epoch), round.stage, round.index,
                    round.count, round.units.count,
                ])
        case .unitDone(let unit, let lease, let outcome):
            try db.run(
                """
                INSERT INTO units (job, round, position, epoch, attempt, outcome)
                VALUES (?, ?, ?, ?, ?, ?)
                """,
                [
                    unit.job.text, unit.round, unit.index, Int64(bitPattern: lease.epoch),
                    lease.attempt, try JournalText.encode(outcome),
                ])
        case .roundReduced(let job, let number):
            try db.run(
                "UPDATE rounds SET reduced = 1 WHERE job = ? AND number = ?", [job.text, number])
            try db.run("DELETE FROM units WHERE job = ?", [job.text])
        case .jobEnded(let job, let status):
            try end(job, status, in: db)
        }
    }

    private func end(_ job: JobID, _ status: JobStatus, in db: Database) throws {
        try db.run("DELETE FROM rounds WHERE job = ?", [job.text])
        try db.run("DELETE FROM units WHERE job = ?", [job.text])
        try db.run(
            """
            UPDATE jobs SET status = ?, ended = (SELECT ifnull(max(ended), 0) + 1 FROM jobs)
            WHERE job = ?
            """, [try JournalText.encode(status), job.text])
        try db.run(
            "DELETE FROM jobs WHERE ended <= (SELECT max(ended) FROM jobs) - ?",
            [JournalSchema.historyMax])
    }
}

extension Database {
    /// Statements are prepared once per connection: a round must not wait for the SQL compiler.
    fileprivate func run(_ sql: String, _ arguments: StatementArguments) throws {
        try cachedStatement(sql: sql).execute(arguments: arguments)
    }
}
