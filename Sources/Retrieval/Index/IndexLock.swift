// The lock of an index: one process at a time changes what a directory holds.

import Files
import Glibc

/// Held until it is freed. The file stays when it is let go: who opened it meanwhile would lock one
/// that nobody else sees.
public final class IndexLock: Sendable {
    public static let fileName = "lock"
    private let descriptor: FileDescriptor

    /// - Parameter path: of the directory.
    /// - Throws: `.file`, `.locked`.
    public init(_ path: String) throws(IndexError) {
        let name = "\(path)/\(Self.fileName)"
        let opened = retryingInterrupts { open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0o666) }
        guard opened >= 0 else {
            throw .file(.unwritable(path: name, reason: systemReason()))
        }
        descriptor = FileDescriptor(opened)
        guard flock(opened, LOCK_EX | LOCK_NB) == 0 else { throw .locked(path: path) }
    }

    /// The lock of an index that is there, so that a directory without one gets no lock either.
    ///
    /// - Throws: also `.unreadable` in `.file` when there is no index.
    public static func ofIndex(_ path: String) throws(IndexError) -> IndexLock {
        let name = "\(path)/\(IndexManifest.fileName)"
        guard access(name, F_OK) == 0 else {
            throw .file(.unreadable(path: name, reason: systemReason()))
        }
        return try IndexLock(path)
    }
}
