// How the journal's file is laid out and opened; docs/formats.md is its contract.

import GRDB

enum JournalSchema {
    /// Jobs that ended and are kept.
    static let historyMax = 1_000
    /// Lines of a job's log that are kept.
    static let logLinesMax = 1_000

    static func configuration(isDurable: Bool) -> Configuration {
        var configuration = Configuration()
        configuration.label = "journal"
        configuration.busyMode = .timeout(0.5)
        configuration.prepareDatabase { db in
            // EXCLUSIVE before WAL: then the index of the WAL is private memory, and no second
            // process gets in (sqlite.org/wal.html, section 8).
            try db.execute(
                sql: """
                    PRAGMA locking_mode = EXCLUSIVE;
                    PRAGMA trusted_schema = OFF;
                    PRAGMA cell_size_check = ON;
                    PRAGMA mmap_size = 0;
                    PRAGMA journal_mode = WAL;
                    PRAGMA synchronous = \(isDurable ? "FULL" : "OFF");
                    PRAGMA journal_size_limit = 16777216;
                    """)
        }
        return configuration
    }

    static func prepare(_ database: DatabaseQueue, path: String) throws {
        let migrator = migrator
        do {
            if try database.read({ try migrator.hasBeenSuperseded($0) }) {
                throw JournalError.newer(path: path)
            }
            try migrator.migrate(database)
        } catch let error as DatabaseError where error.resultCode == .SQLITE_ERROR {
            // A file whose tables are not what they should be: damage, not bad luck.
            throw JournalError.corrupt(path: path, detail: error.message ?? "its tables are wrong")
        }
    }

    static func raiseEpoch(_ db: Database) throws -> UInt64 {
        let before = try Meta.read(db)
        let after = Meta(epoch: before.epoch + 1, jobs: before.jobs, sum: before.sum)
        try after.write(to: db)
        return UInt64(after.epoch)
    }

    private static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        // The journals of 0.1 had no checksums and no rounds that could be taken up again.
        migrator.registerMigration("1: jobs, rounds, units") { _ in }
        migrator.registerMigration("2: checksums, chains, log") { db in
            try db.execute(
                sql: """
                    DROP TABLE IF EXISTS meta; DROP TABLE IF EXISTS jobs;
                    DROP TABLE IF EXISTS rounds; DROP TABLE IF EXISTS units;
                    """)
            try db.execute(sql: tables)
            try Meta(epoch: 0, jobs: 0, sum: 0).write(to: db)
        }
        return migrator
    }

    private static let tables = """
        CREATE TABLE meta (
            id INTEGER PRIMARY KEY CHECK (id = 1),
            epoch INTEGER NOT NULL,
            jobs INTEGER NOT NULL,
            sum INTEGER NOT NULL,
            checksum INTEGER NOT NULL
        ) STRICT;
        CREATE TABLE jobs (
            position INTEGER PRIMARY KEY AUTOINCREMENT,
            job TEXT NOT NULL UNIQUE,
            key TEXT NOT NULL,
            spec TEXT NOT NULL,
            submittedAtMilliseconds INTEGER NOT NULL,
            ended INTEGER UNIQUE,
            status TEXT,
            checksum INTEGER NOT NULL
        ) STRICT;
        CREATE TABLE heads (
            position INTEGER PRIMARY KEY,
            anchor INTEGER NOT NULL,
            chain INTEGER NOT NULL,
            first INTEGER NOT NULL,
            next INTEGER NOT NULL,
            checksum INTEGER NOT NULL
        ) STRICT;
        CREATE TABLE entries (
            position INTEGER NOT NULL,
            sequence INTEGER NOT NULL,
            bytes BLOB NOT NULL,
            checksum INTEGER NOT NULL,
            chain INTEGER NOT NULL,
            PRIMARY KEY (position, sequence)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE log (
            position INTEGER NOT NULL,
            line INTEGER NOT NULL,
            atMilliseconds INTEGER NOT NULL,
            level TEXT NOT NULL,
            sentence TEXT NOT NULL,
            PRIMARY KEY (position, line)
        ) STRICT, WITHOUT ROWID;
        """
}
