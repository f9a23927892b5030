// The ledger of jobs on disk: what was acknowledged survives a crash of the process or the machine.

public import Cluster
import FoundationEssentials
import GRDB
public import Protocol
import Synchronization

/// One SQLite file, one connection, one writer. Calls block; make them from one thread.
///
/// Entries that are promises (`JournalEntry.isPromise`) are on the disk when `commit` returns. The
/// others are in the hands of the operating system: they survive `kill -9`, and come after
/// whatever was committed before them.
public final class JobJournal: Sendable {
    public let path: String
    /// One more than that of the coordinator before.
    public let epoch: UInt64
    /// What was in the file when it was opened: the newest jobs that ended, oldest first, then
    /// those to be run, in the order of submission.
    public let recovered: [RecoveredJob]

    private struct State {
        var ledger: Ledger
        /// A disk that failed once is not asked again: what it holds is unknown until it is read
        /// anew.
        var failure: JournalError?
    }

    private let database: DatabaseQueue
    private let isDurable: Bool
    private let state: Mutex<State>

    /// Opens or creates the file, takes it for this process alone, checks all of it, and raises
    /// the epoch.
    ///
    /// - Parameter isDurable: whether promises wait for the disk.
    /// - Throws: `.locked` within a second if another process has it; `.corrupt` naming the first
    ///   row that is not as it was written.
    public convenience init(path: String, isDurable: Bool = true) throws(JournalError) {
        try self.init(path: path, isDurable: isDurable) { configuration in
            try DatabaseQueue(path: path, configuration: configuration)
        }
    }

    /// For tests: nothing touches the disk.
    public static func inMemory() throws(JournalError) -> JobJournal {
        try JobJournal(path: ":memory:", isDurable: false) {
            try DatabaseQueue(configuration: $0)
        }
    }

    private init(
        path: String, isDurable: Bool, open: (Configuration) throws -> DatabaseQueue
    ) throws(JournalError) {
        self.path = path
        self.isDurable = isDurable
        do {
            let database = try open(JournalSchema.configuration(isDurable: isDurable))
            try JournalSchema.prepare(database, path: path)
            let recovery = try database.read { try Recovery($0) }
            epoch = try database.write { db in
                let epoch = try JournalSchema.raiseEpoch(db)
                for head in recovery.heads.values where head.next > 0 {
                    try Ledger.log(
                        ("warning", "the coordinator was started again, epoch \(epoch)"),
                        of: head.position, at: Self.wallMilliseconds, in: db)
                }
                return epoch
            }
            var meta = recovery.meta
            meta.epoch = Int64(epoch)
            recovered = recovery.jobs
            state = Mutex(State(ledger: Ledger(meta, heads: recovery.heads)))
            self.database = database
        } catch {
            throw JournalError(error, path: path)
        }
    }

    /// Writes all entries or none, in one transaction. Without entries the disk is not touched.
    ///
    /// - Throws: any case; every later call throws the same.
    public func commit(_ entries: [JournalEntry]) throws(JournalError) {
        if entries.isEmpty { return }
        let failure = state.withLock { state -> JournalError? in
            if let failure = state.failure { return failure }
            do {
                try database.writeWithoutTransaction { db in
                    if isDurable {
                        // The mode cannot change inside a transaction.
                        let waits = entries.contains { $0.isPromise }
                        try db.execute(sql: "PRAGMA synchronous = \(waits ? "FULL" : "NORMAL")")
                    }
                    try db.inTransaction(.immediate) {
                        try state.ledger.write(
                            entries, atWallMilliseconds: Self.wallMilliseconds, to: db)
                        return .commit
                    }
                }
            } catch { state.failure = JournalError(error, path: path) }
            return state.failure
        }
        if let failure { throw failure }
    }

    private static var wallMilliseconds: Int64 { Int64(Date().timeIntervalSince1970 * 1_000) }

    /// Jobs that ended, newest first.
    public func history(limit: Int) throws(JournalError) -> [JobStatus] {
        try read { db in
            try JobRow.fetchAll(
                db, sql: "SELECT * FROM jobs WHERE ended IS NOT NULL ORDER BY ended DESC LIMIT ?",
                arguments: [max(0, limit)]
            ).compactMap { try $0.recovered().ended }
        }
    }

    /// Lines of a job's log after line `after`, oldest first; empty for a job that is not known.
    public func log(of job: JobID, after: Int, limit: Int) throws(JournalError) -> [LogLine] {
        try read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT line, atMilliseconds, level, sentence FROM log
                    WHERE position = (SELECT position FROM jobs WHERE job = ?) AND line > ?
                    ORDER BY line LIMIT ?
                    """, arguments: [job.text, after, limit]
            ).map { row in
                LogLine(
                    number: row[0], atMilliseconds: row[1], level: row[2], sentence: row[3])
            }
        }
    }

    /// Rows per table: what the journal holds is bounded, and tests ask.
    package func rowCounts() throws(JournalError) -> [String: Int] {
        try read { db in
            try ["jobs", "heads", "entries", "log"].reduce(into: [:]) { counts, table in
                counts[table] = try Int.fetchOne(db, sql: "SELECT count(*) FROM \(table)")
            }
        }
    }

    private func read<T>(_ body: (Database) throws -> T) throws(JournalError) -> T {
        do { return try database.read(body) } catch {
            throw JournalError(error, path: path)
        }
    }
}
