// Small files whose permissions matter: read only if they are right, written whole or not at all.

import Glibc
import Protocol

enum GuardedFile {
    /// Everything in the file.
    ///
    /// - Parameter isSecret: others may not even read it; otherwise they may not write it.
    /// - Throws: `.configuration`, with what to do.
    static func read(_ path: String, isSecret: Bool, bytesMax: Int) throws(Fault) -> String {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            throw Fault(
                .configuration, "cannot open \(path): \(reason()); `sounder keygen` makes keys")
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw Fault(.configuration, "\(path) is not a regular file")
        }
        try check(status.st_mode, of: path, isSecret: isSecret)
        guard status.st_size <= bytesMax else {
            throw Fault(
                .configuration, "\(path) has \(status.st_size) bytes; \(bytesMax) is the most")
        }
        var bytes = [UInt8](repeating: 0, count: bytesMax + 1)
        var count = 0
        while count < bytes.count {
            let got = bytes.withUnsafeMutableBytes { buffer in
                Glibc.read(descriptor, buffer.baseAddress.map { $0 + count }, buffer.count - count)
            }
            if got < 0 && errno == EINTR { continue }
            guard got >= 0 else {
                throw Fault(.configuration, "cannot read \(path): \(reason())")
            }
            if got == 0 { break }
            count += got
        }
        return String(decoding: bytes[..<count], as: UTF8.self)
    }

    private static func check(
        _ mode: mode_t, of path: String, isSecret: Bool
    ) throws(Fault) {
        let bits = String(mode & 0o777, radix: 8)
        if isSecret, mode & 0o077 != 0 {
            throw Fault(
                .configuration,
                "\(path) has mode 0\(bits), so that others can read the secret in it; "
                    + "run: chmod 600 \(path), and make a new key if somebody may have")
        }
        if mode & 0o022 != 0 {
            throw Fault(
                .configuration,
                "\(path) has mode 0\(bits), so that others can change it; run: chmod go-w \(path)")
        }
    }

    /// Puts `text` at `path`, in place of what is there.
    ///
    /// - Throws: `.output` naming the file.
    static func write(_ text: String, to path: String, mode: mode_t) throws(Fault) {
        let temporary = "\(path).\(String(UInt64.random(in: 0...UInt64.max), radix: 36)).partial"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
        guard descriptor >= 0 else {
            throw Fault(.output, "cannot write \(path): \(reason())")
        }
        let bytes = Array(text.utf8)
        let isWritten =
            fchmod(descriptor, mode) == 0
            && Glibc.write(descriptor, bytes, bytes.count) == bytes.count && fsync(descriptor) == 0
        let why = reason()
        close(descriptor)
        guard isWritten, rename(temporary, path) == 0 else {
            unlink(temporary)
            throw Fault(.output, "cannot write \(path): \(isWritten ? reason() : why)")
        }
    }

    static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    private static func reason() -> String { String(cString: strerror(errno)) }
}
