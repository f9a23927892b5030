// A whole file as read-only memory.

import Glibc

/// The bytes of a regular file, mapped. Whoever truncates the file meanwhile kills the reader
/// (SIGBUS), so this is for files that are written once and renamed into place.
public final class MappedFile: Sendable {
    public let path: String
    /// Valid as long as this object lives; `withExtendedLifetime` sees to that in a function that
    /// does not name the object again.
    public nonisolated(unsafe) let bytes: UnsafeRawBufferPointer

    /// - Throws: `.unreadable` when the file is missing, not regular, or cannot be mapped.
    public init(path: String) throws(FileError) {
        self.path = path
        let descriptor = try FileDescriptor(reading: path)
        var status = stat()
        guard fstat(descriptor.number, &status) == 0 else {
            throw .unreadable(path: path, reason: systemReason())
        }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw .unreadable(path: path, reason: "not a regular file")
        }
        let count = Int(status.st_size)
        guard count > 0 else {
            bytes = UnsafeRawBufferPointer(start: nil, count: 0)
            return
        }
        let mapping = mmap(nil, count, PROT_READ, MAP_PRIVATE, descriptor.number, 0)
        guard let mapping, mapping != MAP_FAILED else {
            throw .unreadable(path: path, reason: systemReason())
        }
        bytes = UnsafeRawBufferPointer(start: mapping, count: count)
    }

    /// Tells the system that the file will be read from start to end.
    public func willReadSequentially() {
        guard let base = bytes.baseAddress else { return }
        _ = madvise(UnsafeMutableRawPointer(mutating: base), bytes.count, MADV_SEQUENTIAL)
    }

    deinit {
        if let base = bytes.baseAddress {
            munmap(UnsafeMutableRawPointer(mutating: base), bytes.count)
        }
    }
}
