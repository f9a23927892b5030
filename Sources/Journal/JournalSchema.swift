// How the journal's file is laid out and opened; docs/formats.md is its contract.

import GRDB

enum JournalSchema {
    /// Jobs that ended and are kept.
    static let historyMax = 1_000

    static var configuration: Configuration {
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
                    PRAGMA synchronous = FULL;
                    PRAGMA journal_size_limit = 16777216;
                    """)
        }
        return configuration
    }

    static func prepare(_ database: DatabaseQueue, path: String) throws {
        let complaint = try database.read { try String.fetchOne($0, sql: "PRAGMA quick_check(1)") }
        guard complaint == "ok" else {
            throw JournalError.corrupt(path: path, detail: complaint ?? "it cannot be checked")
        }
        let migrator = migrator
        if try database.read({ try migrator.hasBeenSuperseded($0) }) {
            throw JournalError.newer(path: path)
        }
        try migrator.migrate(database)
    }

    /// Also forgets the rounds of the coordinator before: its jobs run again from their start.
    static func raiseEpoch(_ db: Database) throws -> UInt64 {
        try db.execute(
            sql: """
                UPDATE meta SET epoch = epoch + 1;
                DELETE FROM rounds;
                DELETE FROM units;
                """)
        return UInt64(try Int64.fetchOne(db, sql: "SELECT epoch FROM meta") ?? 1)
    }

    private static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1: jobs, rounds, units") { db in
            try db.execute(sql: tables)
        }
        return migrator
    }

    private static let tables = """
        CREATE TABLE meta (
            id INTEGER PRIMARY KEY CHECK (id = 1),
            epoch INTEGER NOT NULL
        ) STRICT;
        INSERT INTO meta VALUES (1, 0);
        CREATE TABLE jobs (
            position INTEGER PRIMARY KEY AUTOINCREMENT,
            job TEXT NOT NULL UNIQUE,
            key TEXT NOT NULL,
            spec TEXT NOT NULL,
            submittedAtMilliseconds INTEGER NOT NULL,
            ended INTEGER UNIQUE,
            status TEXT
        ) STRICT;
        CREATE TABLE rounds (
            job TEXT NOT NULL,
            number INTEGER NOT NULL,
            epoch INTEGER NOT NULL,
            stage TEXT NOT NULL,
            position INTEGER NOT NULL,
            count INTEGER NOT NULL,
            units INTEGER NOT NULL,
            reduced INTEGER NOT NULL DEFAULT 0,
            PRIMARY KEY (job, number)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE units (
            job TEXT NOT NULL,
            round INTEGER NOT NULL,
            position INTEGER NOT NULL,
            epoch INTEGER NOT NULL,
            attempt INTEGER NOT NULL,
            outcome TEXT NOT NULL,
            PRIMARY KEY (job, round, position)
        ) STRICT, WITHOUT ROWID;
        """
}
