// A file that is served in place: opened once, read at any position.

import CZeroMQ
import Glibc
import Protocol

final class OpenFile: Sendable {
    let path: String
    private let descriptor: Int32

    init(path: String) throws(Fault) {
        self.path = path
        descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw Fault(
                .input,
                "cannot open \(path): \(TransportError.reason(of: errno)); "
                    + "check that the coordinator may read it")
        }
    }

    deinit { close(descriptor) }

    /// Fills `memory`; nil if that worked.
    func read(into memory: UnsafeMutableRawBufferPointer, at offset: Int) -> Fault? {
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
        return nil
    }
}
