// The directory of a worker's encoded text.

import Glibc
import Protocol
import Transport

/// A directory of this worker alone, gone with it: within the one that was named, which several
/// workers may share, or in TMPDIR.
///
/// The owner holds a lock on a file in it. The lock ends with the process, however that ends, and
/// the next worker that makes its directory in the same place removes what nobody holds. Where
/// locks are not seen by other machines (some mounts of shared file systems), each machine needs a
/// place of its own.
struct CacheDirectory: Sendable {
    static let prefix = "sounder-worker-"
    let path: String
    /// Open, and so locked, until the process ends.
    private let lock: Int32

    init(_ named: String?) throws(Fault) {
        if let named { try makeDirectory(named) }
        let parent = named ?? temporaryParent()
        for name in entries(of: parent) where Self.isOurs(name) {
            Self.removeIfAbandoned("\(parent)/\(name)")
        }
        (path, lock) = try Self.make(in: parent)
    }

    /// What `makeTemporaryDirectory` makes of the prefix.
    private static func isOurs(_ name: String) -> Bool {
        name.hasPrefix(prefix) && name.utf8.count == prefix.utf8.count + 6
    }

    func remove() { removeTree(path) }

    private static func make(in parent: String) throws(Fault) -> (path: String, lock: Int32) {
        // Before it is locked another worker may take it for abandoned.
        for _ in 0..<10 {
            let path = try makeTemporaryDirectory(in: parent, prefix: prefix)
            if let lock = lock(path, O_CREAT) { return (path, lock) }
        }
        throw Fault(.output, "cannot lock a file in \(parent); choose another directory")
    }

    private static func removeIfAbandoned(_ path: String) {
        var status = stat()
        guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR,
            status.st_uid == geteuid()
        else { return }
        // One that was killed before it made the file left nothing else either.
        if rmdir(path) == 0 { return }
        guard let descriptor = lock(path, 0) else { return }
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
