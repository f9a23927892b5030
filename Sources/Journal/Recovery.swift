// Reads the journal back, and believes nothing that does not match its checksum and its chain.

import Cluster
import FoundationEssentials
import GRDB
import Protocol

struct Recovery {
    let meta: Meta
    /// The newest jobs that ended, oldest first, then those to be run, in the order of submission.
    let jobs: [RecoveredJob]
    let heads: [JobID: Head]

    init(_ db: Database) throws {
        let meta = try Meta.read(db)
        let rows = try JobRow.fetchAll(db, sql: "SELECT * FROM jobs ORDER BY position")
        let sum = rows.reduce(Int64(0)) { $0 &+ $1.checksum }
        guard rows.count == meta.jobs, sum == meta.sum else {
            throw Damage(
                description: "it has \(rows.count) jobs where \(meta.jobs) were written")
        }
        var jobs: [RecoveredJob] = []
        var heads: [JobID: Head] = [:]
        let ended = rows.filter { $0.ended != nil }.sorted { ($0.ended ?? 0) < ($1.ended ?? 0) }
        for row in ended { _ = try row.recovered() }
        for row in ended.suffix(Limits.jobsListedMax) { jobs.append(try row.recovered()) }
        for row in rows where row.ended == nil {
            var job = try row.recovered()
            guard let position = row.position else { continue }
            let head = try Head.read(position, of: row.job, in: db)
            try Self.replay(head, into: &job, in: db)
            jobs.append(job)
            heads[job.job] = head
        }
        self.meta = meta
        self.jobs = jobs
        self.heads = heads
    }

    private static func replay(
        _ head: Head, into job: inout RecoveredJob, in db: Database
    ) throws {
        var chain = head.anchor
        var next = head.first
        let name = job.job
        func damage(_ what: String) -> Damage {
            Damage(description: "entry \(next) of job \(name) \(what)")
        }
        let rows = try Row.fetchCursor(
            db,
            sql: """
                SELECT sequence, kind, bytes, checksum, chain FROM entries
                WHERE position = ? ORDER BY sequence
                """, arguments: [head.position])
        while let row = try rows.next() {
            let sequence: Int64 = row[0]
            let kind: Int64 = row[1]
            let checksum: Int64 = row[3]
            guard sequence == next else { throw damage("is missing") }
            try row.withUnsafeData(atIndex: 2) { data in
                try (data ?? Data()).withUnsafeBytes { bytes in
                    guard Seal.of(kind: kind, bytes) == checksum else {
                        throw damage("does not match its checksum")
                    }
                    chain = Seal.link(checksum, after: chain)
                    guard chain == row[4] as Int64 else { throw damage("breaks the chain") }
                    guard let kind = EntryKind(rawValue: kind) else {
                        throw damage("is of a kind that is not known")
                    }
                    do { job.apply(try JournalEntry(kind, bytes, of: name)) } catch {
                        throw damage("cannot be read")
                    }
                }
            }
            next += 1
        }
        guard next == head.next, chain == head.chain else { throw damage("is missing") }
    }
}
