// The ledger of jobs on disk: what was acknowledged survives a crash of the process or the machine.

public import Cluster
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

    private let database: DatabaseQueue
    /// A disk that failed once is not asked again: what it holds is unknown until it is read anew.
    private let failure = Mutex<JournalError?>(nil)

    /// Opens or creates the file, takes it for this process alone, and raises the epoch.
    ///
    /// - Throws: `.locked` within a second if another process has it.
    public convenience init(path: String) throws(JournalError) {
        try self.init(path: path) { configuration in
            try DatabaseQueue(path: path, configuration: configuration)
        }
    }

    /// For tests: nothing touches the disk.
    public static func inMemory() throws(JournalError) -> JobJournal {
        try JobJournal(path: ":memory:") { try DatabaseQueue(configuration: $0) }
    }

    private init(
        path: String, open: (Configuration) throws -> DatabaseQueue
    ) throws(JournalError) {
        self.path = path
        do {
            let database = try open(JournalSchema.configuration)
            try JournalSchema.prepare(database, path: path)
            epoch = try database.write { try JournalSchema.raiseEpoch($0) }
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
        if let failure = failure.withLock({ $0 }) { throw failure }
        let epoch = epoch
        do {
            try database.writeWithoutTransaction { db in
                // The mode cannot change inside a transaction.
                let waits = entries.contains { $0.isPromise }
                try db.execute(sql: "PRAGMA synchronous = \(waits ? "FULL" : "NORMAL")")
                try db.inTransaction(.immediate) {
                    for entry in entries { try entry.write(to: db, epoch: epoch) }
                    return .commit
                }
            }
        } catch {
            let known = JournalError(error, path: path)
            failure.withLock { $0 = known }
            throw known
        }
    }

    /// The newest jobs that ended, oldest first, then those to be run, in the order of submission.
    public func recover() throws(JournalError) -> [RecoveredJob] {
        try read { db in
            let ended = try JobRow.ended(limit: Limits.jobsListedMax, in: db).reversed()
            return try (ended + JobRow.open(in: db)).map { try $0.recovered() }
        }
    }

    /// Jobs that ended, newest first.
    public func history(limit: Int) throws(JournalError) -> [JobStatus] {
        try read { db in
            try JobRow.ended(limit: max(0, limit), in: db).compactMap { try $0.recovered().ended }
        }
    }

    /// Rows per table: what the journal holds is bounded, and tests ask.
    package func rowCounts() throws(JournalError) -> [String: Int] {
        try read { db in
            try ["jobs", "rounds", "units"].reduce(into: [:]) { counts, table in
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
