// Writes entries: the rows of jobs, the chain of each job's entries, and the lines of its log.

import Cluster
import FoundationEssentials
import GRDB
import Protocol

/// What a transaction knows of the file without reading it. Of use only as long as every commit
/// succeeds: after a failure the file is read anew, by another process.
struct Ledger {
    private var meta: Meta
    /// Of jobs that are not over.
    private var heads: [JobID: Head] = [:]
    /// Entries of this transaction that are not written yet, by job.
    private var pending: [JobID: EntryGroup] = [:]
    private var touched: Set<JobID> = []

    init(_ meta: Meta, heads: [JobID: Head]) {
        self.meta = meta
        self.heads = heads
    }

    mutating func write(
        _ entries: [JournalEntry], atWallMilliseconds now: Int64, to db: Database
    ) throws {
        touched.removeAll()
        pending.removeAll()
        for entry in entries {
            switch entry {
            case .jobSubmitted(let job, let key, let spec, let wall):
                try submit(job, key, spec, wall, in: db)
            case .jobEnded(let job, let status): try end(job, status, in: db)
            case .jobRetried(let job): try retry(job, in: db)
            case .roundReduced(let job, _):
                try truncate(job, in: db)
                try append(entry)
            default: try append(entry)
            }
            if let line = entry.logLine {
                try log(line, of: entry.job, at: now, in: db)
            }
        }
        for job in pending.keys { try flush(job, in: db) }
        for job in touched { try heads[job]?.write(to: db) }
        try meta.write(to: db)
    }

    private mutating func submit(
        _ job: JobID, _ key: String, _ spec: JobSpec, _ wall: Int64, in db: Database
    ) throws {
        var row = JobRow(
            job: job.text, key: key, spec: try JournalText.encode(spec),
            submittedAtMilliseconds: wall)
        row.checksum = row.seal
        try db.run(
            """
            INSERT INTO jobs (job, key, spec, submittedAtMilliseconds, checksum)
            VALUES (?, ?, ?, ?, ?)
            """, [row.job, row.key, row.spec, row.submittedAtMilliseconds, row.checksum])
        heads[job] = Head(position: db.lastInsertedRowID)
        touched.insert(job)
        meta.jobs += 1
        meta.sum &+= row.checksum
    }

    private func row(of job: JobID, in db: Database) throws -> JobRow {
        guard
            let row = try JobRow.fetchOne(
                db, sql: "SELECT * FROM jobs WHERE job = ?", arguments: [job.text])
        else { throw Damage(description: "the row of job \(job) is missing") }
        return row
    }

    private mutating func change(_ before: JobRow, to after: JobRow, in db: Database) throws {
        var after = after
        after.checksum = after.seal
        meta.sum &+= after.checksum &- before.checksum
        try db.run(
            "UPDATE jobs SET ended = ?, status = ?, checksum = ? WHERE job = ?",
            [after.ended, after.status, after.checksum, after.job])
    }

    private mutating func end(_ job: JobID, _ status: JobStatus, in db: Database) throws {
        try truncate(job, in: db)
        heads[job] = nil
        let before = try row(of: job, in: db)
        let newest = try Int64.fetchOne(db, sql: "SELECT max(ended) FROM jobs") ?? 0
        var after = before
        after.ended = newest + 1
        after.status = try JournalText.encode(status)
        try change(before, to: after, in: db)
        try db.run("DELETE FROM heads WHERE position = ?", [before.position])
        try forget(endedBefore: newest + 1 - Int64(JournalSchema.historyMax), in: db)
    }

    private mutating func forget(endedBefore oldest: Int64, in db: Database) throws {
        let gone = try JobRow.fetchAll(
            db, sql: "SELECT * FROM jobs WHERE ended <= ?", arguments: [oldest])
        for row in gone {
            meta.jobs -= 1
            meta.sum &-= row.checksum
            try db.run("DELETE FROM log WHERE position = ?", [row.position])
            try db.run("DELETE FROM jobs WHERE position = ?", [row.position])
        }
    }

    private mutating func retry(_ job: JobID, in db: Database) throws {
        let before = try row(of: job, in: db)
        guard let position = before.position else { return }
        var after = before
        (after.ended, after.status) = (nil, nil)
        try change(before, to: after, in: db)
        heads[job] = Head(position: position)
        touched.insert(job)
    }

    private mutating func append(_ entry: JournalEntry) throws {
        guard heads[entry.job] != nil, let (kind, body) = try entry.coded else { return }
        pending[entry.job, default: EntryGroup()].add(kind, body)
    }

    private mutating func flush(_ job: JobID, in db: Database) throws {
        guard var head = heads[job], let group = pending.removeValue(forKey: job) else { return }
        let checksum = group.bytes.withUnsafeBytes { Seal.of($0) }
        head.chain = Seal.link(checksum, after: head.chain)
        try db.run(
            """
            INSERT INTO entries (position, sequence, bytes, checksum, chain)
            VALUES (?, ?, ?, ?, ?)
            """, [head.position, head.next, Data(group.bytes), checksum, head.chain])
        head.next += 1
        heads[job] = head
        touched.insert(job)
    }

    /// A round that is reduced, and a job that is over, need their entries no more.
    private mutating func truncate(_ job: JobID, in db: Database) throws {
        pending[job] = nil
        guard var head = heads[job] else { return }
        try db.run("DELETE FROM entries WHERE position = ?", [head.position])
        head.anchor = head.chain
        head.first = head.next
        heads[job] = head
        touched.insert(job)
    }

    private func log(
        _ line: (level: String, sentence: String), of job: JobID, at now: Int64, in db: Database
    ) throws {
        let position = try Int64.fetchOne(
            db.cachedStatement(sql: "SELECT position FROM jobs WHERE job = ?"),
            arguments: [job.text])
        if let position { try Self.log(line, of: position, at: now, in: db) }
    }

    static func log(
        _ line: (level: String, sentence: String), of position: Int64, at now: Int64,
        in db: Database
    ) throws {
        let last = try Int64.fetchOne(
            db.cachedStatement(sql: "SELECT max(line) FROM log WHERE position = ?"),
            arguments: [position]) ?? 0
        try db.run(
            """
            INSERT INTO log (position, line, atMilliseconds, level, sentence)
            VALUES (?, ?, ?, ?, ?)
            """, [position, last + 1, now, line.level, line.sentence])
        try db.run(
            "DELETE FROM log WHERE position = ? AND line <= ?",
            [position, last + 1 - Int64(JournalSchema.logLinesMax)])
    }
}

extension JournalEntry {
    /// What `sounder logs` says of it; nil where it would only say that all goes well.
    fileprivate var logLine: (level: String, sentence: String)? {
        switch self {
        case .jobSubmitted(_, let key, let spec, _): ("info", "submitted \(spec.kind), key \(key)")
        case .roundStarted(_, let round):
            round.count > 1 && round.index > 0 && round.index + 1 < round.count
                ? nil
                : ("info", "\(round.stage): round \(round.index + 1) of \(round.count) with "
                    + "\(round.units) units")
        case .unitFailed(let unit, let lease, let worker, let fault, let isLoss):
            ("warning", "unit \(unit.index) of round \(unit.round), attempt \(lease.attempt), "
                + (isLoss ? "lost its worker \(worker)" : "failed on \(worker): \(fault.message)"))
        case .unitSplit(let unit):
            ("warning", "unit \(unit.index) of round \(unit.round) is cut in two")
        case .jobEnded(_, let status):
            status.state == .failed
                ? ("error", "failed: \(status.fault?.message ?? "")")
                : ("info", status.state.rawValue)
        case .jobRetried: ("info", "to be tried again")
        case .unitAssigned, .unitDone, .roundReduced: nil
        }
    }
}
