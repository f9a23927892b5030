// What a job keeps on the coordinator's disk until it is over, so that it can be taken up again.

import Files
import Glibc
import Logging
import Protocol
import Transport

/// Files that are whole or not there: each ends in the XXH3-64 of what is before it.
struct JobDirectory: Sendable {
    let job: JobID
    let path: String
    /// Whether the job can outlive this process; if not, nothing is written.
    let isDurable: Bool
    let logger: Logger

    private static let sealBytes = 8

    func path(of name: String) -> String { "\(path)/\(name)" }

    /// On the disk when it returns, if the job can outlive this process.
    func save(_ frame: Frame, as name: String) throws(Fault) {
        if isDurable { try keep(frame, as: name) }
    }

    /// In the file system when it returns, so that memory need not hold it; on the disk only if the
    /// job can outlive this process.
    func keep(_ frame: Frame, as name: String) throws(Fault) {
        try makeDirectory(path)
        let seal = Checksum.of(frame)
        do {
            let file = try AtomicFile(path: path(of: name))
            try frame.withUnsafeBytes { bytes in try file.write(bytes) }
            try withUnsafeBytes(of: seal.littleEndian) { bytes in try file.write(bytes) }
            try file.commit(durable: isDurable)
        } catch {
            throw Fault(
                .temporary, "what job \(job) has done cannot be kept: \(error)", retryable: true)
        }
    }

    /// Nil if there is no such file, or if it is not as it was written.
    ///
    /// - Parameter isChecked: whether it was loaded before, so that its seal is known to be whole.
    func load(_ name: String, isChecked: Bool = false) -> Frame? {
        guard access(path(of: name), F_OK) == 0 else { return nil }
        guard let file = try? MappedFile(path: path(of: name)),
            let body = Self.unsealed(file.bytes, isChecked: isChecked)
        else {
            sayDamaged(name)
            return nil
        }
        return Frame(body) { _ in withExtendedLifetime(file) {} }
    }

    private static func unsealed(
        _ bytes: UnsafeRawBufferPointer, isChecked: Bool
    ) -> UnsafeRawBufferPointer? {
        let end = bytes.count - sealBytes
        guard end >= 0 else { return nil }
        let body = UnsafeRawBufferPointer(rebasing: bytes[0..<end])
        if isChecked { return body }
        let seal = bytes.loadUnaligned(fromByteOffset: end, as: UInt64.self)
        return Checksum.of(body) == UInt64(littleEndian: seal) ? body : nil
    }

    func sayDamaged(_ name: String) {
        logger.warning("\(path(of: name)) is not as it was written; job \(job) does without it")
    }

    func remove(_ name: String) { removeFile(path(of: name)) }

    func removeAll(beginningWith prefix: String) {
        for name in entries(of: path) where name.hasPrefix(prefix) { remove(name) }
    }

    /// The job is over.
    func remove() { removeTree(path) }
}
