// Standard input as a file: jobs are cut into ranges and read again, which a pipe cannot be.

import Glibc
import Protocol
import Transport

/// A copy of standard input in a temporary directory, which goes with its owner.
final class StandardInput: Sendable {
    /// The copy.
    let path: String
    private let directory: String
    private static let chunkBytes = 1 << 20

    /// The copy as jobs name files, with links resolved.
    ///
    /// - Throws: a `Fault` with code `input` if it is gone.
    var name: String {
        get throws(Fault) { try InputFile(reading: path).path }
    }

    /// Reads until the end.
    ///
    /// - Throws: a `Fault` with code `input` if it cannot be read, `data` if it is empty, `output`
    ///   if there is no room for the copy, `cancelled` after Ctrl-C.
    init() throws(Fault) {
        guard isatty(STDIN_FILENO) == 0 else {
            throw Fault(
                .usage, "--input - reads standard input, which is a terminal; pipe a text into it")
        }
        directory = try makeTemporaryDirectory()
        path = directory + "/standard-input"
        do throws(Fault) { try Self.copy(to: path) } catch {
            removeTree(directory)
            throw error
        }
    }

    private static func copy(to path: String) throws(Fault) {
        let file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw unwritable(path) }
        defer { close(file) }
        let chunk = UnsafeMutableRawBufferPointer.allocate(byteCount: chunkBytes, alignment: 16)
        defer { chunk.deallocate() }
        var isEmpty = true
        while case let count = try read(into: chunk), count > 0 {
            try write(UnsafeRawBufferPointer(rebasing: chunk[..<count]), to: file, path)
            isEmpty = false
        }
        if isEmpty { throw Fault(.data, "standard input is empty; pipe a text into it") }
    }

    /// Waits for bytes, and for no longer than the user wants to.
    ///
    /// - Returns: how many bytes came; 0 at the end.
    static func read(
        into chunk: UnsafeMutableRawBufferPointer,
        interruption: String = "interrupted; nothing was written"
    ) throws(Fault) -> Int {
        while true {
            // Whoever writes may take a rest, and Ctrl-C must not wait for that.
            var ready = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
            let events = poll(&ready, 1, 100)
            guard Interrupts.received == 0 else {
                throw Fault(.cancelled, interruption)
            }
            guard events > 0 else { continue }
            let count = Glibc.read(STDIN_FILENO, chunk.baseAddress, chunk.count)
            if count >= 0 { return count }
            guard errno == EINTR || errno == EAGAIN else {
                throw Fault(
                    .input, "standard input cannot be read: \(String(cString: strerror(errno)))")
            }
        }
    }

    private static func write(
        _ bytes: UnsafeRawBufferPointer, to file: Int32, _ path: String
    ) throws(Fault) {
        var done = 0
        while done < bytes.count {
            let count = Glibc.write(file, bytes.baseAddress.map { $0 + done }, bytes.count - done)
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw unwritable(path) }
            done += count
        }
    }

    private static func unwritable(_ path: String) -> Fault {
        Fault(
            .output,
            "standard input cannot be kept in \(path): "
                + "\(String(cString: strerror(errno))); set TMPDIR to a directory with room for it")
    }

    deinit { removeTree(directory) }
}
