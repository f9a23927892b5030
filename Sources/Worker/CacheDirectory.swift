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
        path = "\(named)/worker-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
        try makeDirectory(path)
        guard Self.lock(path) != nil else {
            throw Fault(.output, "the directory \(path) cannot be locked; name another --cache")
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
        var status = stat()
        // Between making its directory and locking it, a worker is young.
        guard stat(path, &status) == 0, time(nil) - status.st_mtim.tv_sec >= 2,
            let descriptor = lock(path)
        else { return }
        removeTree(path)
        close(descriptor)
    }
}
