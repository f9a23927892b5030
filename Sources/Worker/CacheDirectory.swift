// The directory of a worker's encoded text.

import Glibc
import Protocol
import Transport

/// A directory of this process alone, in the one that was named or in TMPDIR. It goes with the
/// worker; one that a killed worker left goes when the next worker starts beside it.
struct CacheDirectory: Sendable {
    let path: String

    init(_ named: String?) throws(Fault) {
        guard let named else {
            path = try makeTemporaryDirectory()
            return
        }
        try makeDirectory(named)
        for name in names(in: named) where name.hasPrefix("worker-") {
            Self.removeIfAbandoned(named + "/" + name)
        }
        let name = "worker-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
        path = named + "/" + name
        // It gets the name by which others look for it when it is locked.
        let unlocked = named + "/new-" + name
        try makeDirectory(unlocked)
        guard Self.lock(unlocked) != nil, rename(unlocked, path) == 0 else {
            throw Fault(.output, "cannot lock a directory in \(named); name another --cache")
        }
    }

    func remove() { removeTree(path) }

    /// The lock lasts as long as the process; nil if another process has it.
    private static func lock(_ path: String) -> Int32? {
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { return descriptor }
        close(descriptor)
        return nil
    }

    private static func removeIfAbandoned(_ path: String) {
        guard let descriptor = lock(path) else { return }
        removeTree(path)
        close(descriptor)
    }
}
