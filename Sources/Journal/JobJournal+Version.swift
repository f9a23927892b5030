// Which SQLite this is.

import GRDB

extension JobJournal {
    /// The version of the SQLite library that is linked, as it says itself.
    public static var libraryVersion: String {
        let database = try? DatabaseQueue()
        let version = try? database?.read { db in
            try String.fetchOne(db, sql: "SELECT sqlite_version()")
        }
        return version ?? "unknown"
    }
}
