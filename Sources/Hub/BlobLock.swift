// The lock that keeps two processes from fetching one blob; huggingface_hub locks the same file.

import Files
import Glibc

/// Held until it is freed.
final class BlobLock: Sendable {
    private let descriptor: FileDescriptor

    private init(_ descriptor: FileDescriptor) { self.descriptor = descriptor }

    /// - file: what people are told is locked.
    static func take(
        _ path: String, file: String, seconds: Int, _ session: WebSession
    ) throws(HubError) -> BlobLock {
        let end = ContinuousClock.now + .seconds(seconds)
        while true {
            if let lock = try attempt(path) { return lock }
            guard ContinuousClock.now < end else { throw .locked(file: file, seconds: seconds) }
            try session.sleep(seconds: 0.1)
        }
    }

    private static func attempt(_ path: String) throws(HubError) -> BlobLock? {
        let opened = retryingInterrupts {
            open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o666)
        }
        guard opened >= 0 else { throw .unwritable(path: path, reason: systemReason()) }
        let descriptor = FileDescriptor(opened)
        guard flock(descriptor.number, LOCK_EX | LOCK_NB) == 0 else {
            switch errno {
            case EWOULDBLOCK, EINTR: return nil
            // File systems without locks, or whose locks nobody serves: none to wait for.
            case ENOSYS, ENOTSUP, ENOLCK: return BlobLock(descriptor)
            default: throw .unwritable(path: path, reason: systemReason())
            }
        }
        // Python removes the file when it lets go; the lock of a nameless file locks nobody out.
        var mine = stat()
        var named = stat()
        guard fstat(descriptor.number, &mine) == 0, stat(path, &named) == 0,
            mine.st_ino == named.st_ino, mine.st_dev == named.st_dev
        else { return nil }
        return BlobLock(descriptor)
    }
}
