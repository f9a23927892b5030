// Why the journal cannot be opened or written, as a sentence and an exit code.

import GRDB

/// After any of these from `commit` the process must end: what the disk holds is read by the next.
public enum JournalError: Error, Hashable, Sendable, CustomStringConvertible {
    case locked(path: String)
    case full(path: String)
    case corrupt(path: String, detail: String)
    case newer(path: String)
    case unopenable(path: String, detail: String)
    case unwritable(path: String, detail: String)

    public var description: String {
        switch self {
        case .locked(let path):
            "the journal \(path) is in use by another coordinator; stop it, or give this one "
                + "another directory with --state"
        case .full(let path):
            "the disk of the journal \(path) is full; free some space and start again, "
                + "nothing that was acknowledged is lost"
        case .corrupt(let path, let detail):
            "the journal \(path) is damaged (\(detail)); restore it from a backup, or let "
                + "`sounder-coordinator --repair` with the same --state drop what is damaged"
        case .newer(let path):
            "the journal \(path) was written by a newer version; install that version"
        case .unopenable(let path, let detail):
            "the journal \(path) cannot be opened (\(detail)); check that its directory exists "
                + "and may be written"
        case .unwritable(let path, let detail):
            "the journal \(path) cannot be written (\(detail)); check its disk and start again"
        }
    }

    /// sysexits.h: 75 where another start may succeed.
    public var exitCode: Int32 {
        switch self {
        case .locked, .full, .unwritable: 75
        case .corrupt: 65
        case .newer: 78
        case .unopenable: 73
        }
    }

    init(_ error: any Error, path: String) {
        if let known = error as? JournalError {
            self = known
            return
        }
        if let damage = error as? Damage {
            self = .corrupt(path: path, detail: "\(damage)")
            return
        }
        guard let error = error as? DatabaseError else {
            self = .corrupt(path: path, detail: "\(error)")
            return
        }
        let detail = error.message ?? "SQLite error \(error.resultCode.rawValue)"
        self = switch error.resultCode {
        case .SQLITE_BUSY, .SQLITE_LOCKED: .locked(path: path)
        case .SQLITE_FULL: .full(path: path)
        case .SQLITE_CORRUPT, .SQLITE_NOTADB, .SQLITE_CONSTRAINT, .SQLITE_MISMATCH:
            .corrupt(path: path, detail: detail)
        case .SQLITE_CANTOPEN, .SQLITE_PERM, .SQLITE_READONLY, .SQLITE_AUTH:
            .unopenable(path: path, detail: detail)
        default: .unwritable(path: path, detail: detail)
        }
    }
}
