// A blob that is still arriving: `HASH.incomplete` beside its place, resumed, checked, renamed.

import Files
import Glibc

/// One thread at a time. What has arrived stays when this is dropped, for the next attempt.
final class PartialBlob {
    /// Bytes that are here.
    private(set) var count = 0
    let size: Int

    private let target: String
    private let path: String
    private let expected: BlobHash
    private let descriptor: FileDescriptor
    private var hasher: BlobHasher

    /// Opens what an earlier attempt left, or begins anew.
    init(target: String, expected: BlobHash, size: Int) throws(HubError) {
        self.target = target
        self.expected = expected
        self.size = size
        path = target + ".incomplete"
        hasher = BlobHasher(like: expected, size: size)
        let path = path
        let opened = retryingInterrupts {
            open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o666)
        }
        guard opened >= 0 else { throw .unwritable(path: path, reason: systemReason()) }
        descriptor = FileDescriptor(opened)
        var status = stat()
        guard fstat(opened, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw .unwritable(path: path, reason: "not a regular file")
        }
        if Int(status.st_size) <= size { try absorb() } else { try restart() }
    }

    var isWhole: Bool { count == size }

    /// Forgets what has arrived.
    func restart() throws(HubError) {
        guard ftruncate(descriptor.number, 0) == 0 else {
            throw .unwritable(path: path, reason: systemReason())
        }
        count = 0
        hasher = BlobHasher(like: expected, size: size)
    }

    /// - Throws: `.malformed` where more arrives than was announced.
    func append(_ bytes: UnsafeRawBufferPointer) throws(HubError) {
        guard bytes.count <= size - count else {
            throw .malformed(path, reason: "more than the announced \(size) bytes arrive")
        }
        var done = 0
        while done < bytes.count {
            let wrote = retryingInterrupts {
                pwrite(
                    descriptor.number, bytes.baseAddress! + done, bytes.count - done,
                    off_t(count + done))
            }
            guard wrote > 0 else { throw .unwritable(path: path, reason: systemReason()) }
            done += wrote
        }
        hasher.update(bytes)
        count += bytes.count
    }

    /// Gives the blob its name; it survives a power cut from here on.
    /// - Throws: `.differs`, and nothing is left, where the hash is not the announced one.
    func commit(file: String) throws(HubError) {
        let found = hasher.text
        guard isWhole, found == expected.text else {
            unlink(path)
            throw .differs(file: file, expected: expected.text, found: found)
        }
        guard retryingInterrupts({ fsync(descriptor.number) }) == 0, rename(path, target) == 0
        else {
            throw .unwritable(path: target, reason: systemReason())
        }
        FileSystem.synchroniseDirectory(FileSystem.parent(of: target))
    }

    /// Hashes what an earlier attempt left.
    private func absorb() throws(HubError) {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 16)
        defer { buffer.deallocate() }
        while count < size {
            let got = retryingInterrupts {
                pread(
                    descriptor.number, buffer.baseAddress, min(buffer.count, size - count),
                    off_t(count))
            }
            guard got >= 0 else { throw .unreadable(path: path, reason: systemReason()) }
            if got == 0 { return }
            hasher.update(UnsafeRawBufferPointer(rebasing: buffer[..<got]))
            count += got
        }
    }
}
