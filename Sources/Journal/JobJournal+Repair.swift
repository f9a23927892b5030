// Brings a damaged journal back to what can still be believed, and says what was dropped.

import Cluster
import FoundationEssentials
import GRDB
public import Protocol

extension JobJournal {
    /// Drops rows of jobs that are not as they were written, and of each job that is to be run the
    /// entries from the first damaged one on: their units run again. Raises the epoch well above
    /// any that may have been.
    ///
    /// - Returns: a sentence for everything that was dropped; none for a sound journal.
    /// - Throws: if the file is not a journal, is locked, or SQLite itself cannot read it.
    public static func repair(path: String) throws(JournalError) -> [String] {
        do {
            let database = try DatabaseQueue(
                path: path, configuration: JournalSchema.configuration(isDurable: true))
            try JournalSchema.prepare(database, path: path)
            return try database.write { db in
                var dropped: [String] = []
                try repairJobs(db, &dropped)
                try repairMeta(db, &dropped)
                return dropped
            }
        } catch { throw JournalError(error, path: path) }
    }

    private static func repairJobs(_ db: Database, _ dropped: inout [String]) throws {
        let positions = try Int64.fetchAll(db, sql: "SELECT position FROM jobs ORDER BY position")
        for position in positions {
            let row = try? JobRow.fetchOne(
                db, sql: "SELECT * FROM jobs WHERE position = ?", arguments: [position])
            guard let row, let job = try? row.recovered() else {
                dropped.append("job number \(position) was dropped: its row is damaged")
                for table in ["jobs", "heads", "entries", "log"] {
                    try db.run("DELETE FROM \(table) WHERE position = ?", [position])
                }
                continue
            }
            if row.ended == nil { try repairChain(of: job.job, position, db, &dropped) }
        }
    }

    private static func repairChain(
        of job: JobID, _ position: Int64, _ db: Database, _ dropped: inout [String]
    ) throws {
        var head = (try? Head.read(position, of: job.text, in: db)) ?? Head(position: position)
        let (wasNext, wasChain) = (head.next, head.chain)
        var (next, chain) = (head.first, head.anchor)
        // Whatever cannot be read ends what is believed.
        try? Recovery.eachRow(of: position, in: db) { row in
            let link = Seal.link(row.checksum, after: chain)
            guard row.sequence == next, row.seal == row.checksum, row.chain == link,
                (try? EntryGroup.read(row.bytes, of: job, names: NameCache(), { _ in })) != nil
            else { throw EntryError.excess }
            (next, chain) = (next + 1, link)
        }
        try db.run(
            "DELETE FROM entries WHERE position = ? AND (sequence >= ? OR sequence < ?)",
            [position, next, head.first])
        (head.next, head.chain) = (next, chain)
        try head.write(to: db)
        if (next, chain) != (wasNext, wasChain) {
            dropped.append(
                "of job \(job) the entries from \(next) on were dropped: units run again")
        }
    }

    private static func repairMeta(_ db: Database, _ dropped: inout [String]) throws {
        let rows = try JobRow.fetchAll(db, sql: "SELECT * FROM jobs")
        let sum = rows.reduce(Int64(0)) { $0 &+ $1.checksum }
        let known = try? Meta.read(db)
        if known == nil { dropped.append("the epoch was damaged and begins anew") }
        // Seconds since 1970 are above any epoch that was counted.
        let epoch = known?.epoch ?? Int64(Date().timeIntervalSince1970)
        if let known, known.jobs > rows.count, dropped.isEmpty {
            dropped.append("\(known.jobs - Int64(rows.count)) jobs are missing")
        }
        try Meta(epoch: epoch, jobs: Int64(rows.count), sum: sum).write(to: db)
    }
}
