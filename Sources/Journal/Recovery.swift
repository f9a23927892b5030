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
        let decoder = EntryDecoder(job)
        try eachRow(of: head.position, in: db) { row in
            guard row.sequence == next else { throw damage("is missing") }
            guard row.seal == row.checksum else { throw damage("does not match its checksum") }
            chain = Seal.link(row.checksum, after: chain)
            guard chain == row.chain else { throw damage("breaks the chain") }
            decoder.add(row.bytes, sequence: next)
            next += 1
        }
        guard next == head.next, chain == head.chain else { throw damage("is missing") }
        do { job = try decoder.finish() } catch {
            next = error.sequence
            throw damage("cannot be read")
        }
    }

    /// In order, without holding them all.
    static func eachRow(
        of position: Int64, in db: Database, _ body: (EntryRow) throws -> Void
    ) throws {
        let rows = try Row.fetchCursor(
            db,
            sql: """
                SELECT sequence, checksum, chain, bytes FROM entries
                WHERE position = ? ORDER BY sequence
                """, arguments: [position])
        while let row = try rows.next() {
            let sequence = try row.integer(0)
            let (checksum, chain) = (try row.integer(1), try row.integer(2))
            try row.withUnsafeData(atIndex: 3) { data in
                try (data ?? Data()).withUnsafeBytes { bytes in
                    try body(
                        EntryRow(
                            sequence: sequence, checksum: checksum, chain: chain, bytes: bytes))
                }
            }
        }
    }
}

/// What one transaction said of one job; its bytes are there for the duration of a call.
struct EntryRow {
    let sequence: Int64
    let checksum: Int64
    let chain: Int64
    let bytes: UnsafeRawBufferPointer

    var seal: Int64 { Seal.of(bytes) }
}
