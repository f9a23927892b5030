// A file that is served in place, at any position, as long as it does not change.

import CZeroMQ
import Glibc
import Protocol

final class OpenFile: Sendable {
    let path: String
    /// Negative for a file that is opened whenever it is read.
    private let descriptor: Int32
    private let stamp: Stamp

    /// What changes with the content.
    private struct Stamp: Equatable {
        let size: Int
        let seconds: Int
        let nanoseconds: Int

        init?(_ descriptor: Int32) {
            var status = stat()
            guard fstat(descriptor, &status) == 0 else { return nil }
            size = Int(status.st_size)
            (seconds, nanoseconds) = (status.st_mtim.tv_sec, status.st_mtim.tv_nsec)
        }
    }

    /// - Parameter staysOpen: false for one of many, each of which is seldom read.
    init(path: String, staysOpen: Bool = true) throws(Fault) {
        self.path = path
        let opened = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard opened >= 0, let stamp = Stamp(opened) else {
            throw Fault(
                .input,
                "cannot open \(path): \(TransportError.reason(of: errno)); "
                    + "check that the coordinator may read it")
        }
        self.stamp = stamp
        descriptor = staysOpen ? opened : -1
        if !staysOpen { close(opened) }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// Fills `memory`; nil if that worked.
    func read(into memory: UnsafeMutableRawBufferPointer, at offset: Int) -> Fault? {
        if descriptor >= 0 { return read(descriptor, into: memory, at: offset) }
        let opened = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard opened >= 0 else {
            return Fault(.input, "cannot open \(path): \(TransportError.reason(of: errno))")
        }
        defer { close(opened) }
        return read(opened, into: memory, at: offset)
    }

    private func read(
        _ descriptor: Int32, into memory: UnsafeMutableRawBufferPointer, at offset: Int
    ) -> Fault? {
        var done = 0
        while done < memory.count {
            let got = pread(
                descriptor, memory.baseAddress.map { $0 + done }, memory.count - done,
                offset + done)
            if got < 0 && errno == EINTR { continue }
            guard got >= 0 else {
                return Fault(
                    .input,
                    "cannot read \(path) at \(offset + done): "
                        + "\(TransportError.reason(of: errno))", retryable: true)
            }
            guard got > 0 else {
                return Fault(
                    .input,
                    "\(path) ends at \(offset + done): it was longer when the job began; "
                        + "submit the job again")
            }
            done += got
        }
        // Asked after the read: what was read is then known to be of the unchanged file.
        if Stamp(descriptor) == stamp { return nil }
        return Fault(
            .input, "\(path) was changed since it is served; make it anew, or submit the job again")
    }
}
