// The directory of a worker's encoded text.

import Glibc
import Protocol
import Transport

/// A directory of this worker alone, gone with it: within the one that was named, which several
/// workers may share, or in TMPDIR.
///
/// The owner holds a lock on a file in it. The lock ends with the process, however that ends, and
/// the next worker with the same named directory removes what nobody holds.
struct CacheDirectory: Sendable {
    private static let prefix = "sounder-worker-"
    let path: String

    init(_ named: String?) throws(Fault) {
        guard let named else {
            path = try makeTemporaryDirectory()
            return
        }
        try makeDirectory(named)
        for name in entries(of: named) where name.hasPrefix(Self.prefix) {
            Self.removeIfAbandoned("\(named)/\(name)")
        }
        path = try Self.make(in: named)
    }

    func remove() { removeTree(path) }

    private static func make(in named: String) throws(Fault) -> String {
        // Before it is locked another worker may take it for abandoned.
        for _ in 0..<10 {
            let path = try makeTemporaryDirectory(in: named, prefix: prefix)
            // Open, and so locked, until the process ends.
            if lock(path, O_CREAT) != nil { return path }
        }
        throw Fault(.output, "cannot lock a file in \(named); choose another directory")
    }

    private static func removeIfAbandoned(_ path: String) {
        var status = stat()
        guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR,
            status.st_uid == geteuid(), let descriptor = lock(path, 0)
        else { return }
        removeTree(path)
        close(descriptor)
    }

    /// - Returns: the descriptor that holds the lock; nil if another process does.
    private static func lock(_ path: String, _ flags: Int32) -> Int32? {
        let descriptor = open(path + "/lock", O_RDWR | O_CLOEXEC | flags, 0o600)
        guard descriptor >= 0 else { return nil }
        var status = stat()
        // Whoever held it before us may have removed the file.
        if flock(descriptor, LOCK_EX | LOCK_NB) == 0, fstat(descriptor, &status) == 0,
            status.st_nlink > 0
        {
            return descriptor
        }
        close(descriptor)
        return nil
    }
}
