// The rows of the journal's tables, each sealed by its checksum.

import Cluster
import GRDB
import Protocol

/// Why a row is not what was written.
struct Damage: Error, CustomStringConvertible {
    let description: String
}

/// The one row that speaks of the whole file.
struct Meta {
    var epoch: Int64
    /// How many jobs there are, and the sum of their checksums: so none can go missing.
    var jobs: Int64
    var sum: Int64

    private var seal: Int64 { Seal.of(["\(epoch)", "\(jobs)", "\(sum)"]) }

    static func read(_ db: Database) throws -> Meta {
        guard
            let row = try Row.fetchOne(
                db, sql: "SELECT epoch, jobs, sum, checksum FROM meta"),
            let epoch = Int64.fromDatabaseValue(row[0]), let jobs = Int64.fromDatabaseValue(row[1]),
            let sum = Int64.fromDatabaseValue(row[2])
        else { throw Damage(description: "its first row is missing") }
        let meta = Meta(epoch: epoch, jobs: jobs, sum: sum)
        guard Int64.fromDatabaseValue(row[3]) == meta.seal else {
            throw Damage(description: "its first row does not match its checksum")
        }
        return meta
    }

    func write(to db: Database) throws {
        try db.run(
            "INSERT OR REPLACE INTO meta (id, epoch, jobs, sum, checksum) VALUES (1, ?, ?, ?, ?)",
            [epoch, jobs, sum, seal])
    }
}

struct JobRow: FetchableRecord, Decodable {
    var position: Int64?
    var job: String
    var key: String
    var spec: String
    var submittedAtMilliseconds: Int64
    var ended: Int64?
    var status: String?
    var checksum: Int64 = 0

    var seal: Int64 {
        Seal.of([
            job, key, spec, "\(submittedAtMilliseconds)", ended.map { "\($0)" }, status,
        ])
    }

    func recovered() throws -> RecoveredJob {
        guard checksum == seal else {
            throw Damage(description: "the row of job \(job) does not match its checksum")
        }
        return RecoveredJob(
            job: JobID(job), key: key, spec: try JournalText.decode(JobSpec.self, spec),
            submittedAtMilliseconds: submittedAtMilliseconds,
            ended: try status.map { try JournalText.decode(JobStatus.self, $0) })
    }
}

/// Where a job's chain of entries begins and ends.
struct Head {
    let position: Int64
    /// The link before the first entry that is kept, and that of the last entry.
    var anchor: Int64 = 0
    var chain: Int64 = 0
    var first: Int64 = 0
    var next: Int64 = 0

    private var seal: Int64 {
        Seal.of(["\(position)", "\(anchor)", "\(chain)", "\(first)", "\(next)"])
    }

    static func read(_ position: Int64, of job: String, in db: Database) throws -> Head {
        guard
            let row = try Row.fetchOne(
                db,
                sql: """
                    SELECT anchor, chain, first, next, checksum FROM heads WHERE position = ?
                    """, arguments: [position]),
            let anchor = Int64.fromDatabaseValue(row[0]),
            let chain = Int64.fromDatabaseValue(row[1]),
            let first = Int64.fromDatabaseValue(row[2]), let next = Int64.fromDatabaseValue(row[3])
        else { throw Damage(description: "the head of job \(job) is missing") }
        let head = Head(position: position, anchor: anchor, chain: chain, first: first, next: next)
        guard Int64.fromDatabaseValue(row[4]) == head.seal else {
            throw Damage(description: "the head of job \(job) does not match its checksum")
        }
        return head
    }

    func write(to db: Database) throws {
        try db.run(
            """
            INSERT OR REPLACE INTO heads (position, anchor, chain, first, next, checksum)
            VALUES (?, ?, ?, ?, ?, ?)
            """, [position, anchor, chain, first, next, seal])
    }
}

extension Database {
    /// Statements are prepared once per connection: a round must not wait for the SQL compiler.
    func run(_ sql: String, _ arguments: StatementArguments) throws {
        try cachedStatement(sql: sql).execute(arguments: arguments)
    }
}

extension Row {
    /// A number, or an error where a damaged file holds something else.
    func integer(_ column: Int) throws -> Int64 {
        guard let value = Int64.fromDatabaseValue(self[column]) else {
            throw Damage(description: "a row holds something that is not a number")
        }
        return value
    }
}
