// A section of a segment while it grows, on the disk and without a name.

import Files
import Glibc

/// Appends bytes to a file that is unlinked from the start, and maps it at the end. Memory is one
/// buffer, whatever the size.
final class ScratchFile {
    private(set) var byteCount = 0
    private let descriptor: FileDescriptor
    private let path: String
    private var buffer: [UInt8] = []
    private var written = 0
    private var mapping: UnsafeMutableRawBufferPointer?

    private static let bufferBytes = 1 << 18

    /// - Parameter path: of what is made; the scratch file lies beside it.
    init(beside path: String) throws(FileError) {
        self.path = path
        let suffix = String(UInt64.random(in: 0 ... .max), radix: 36)
        let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
        let name = "\(folder).scratch-\(suffix).partial"
        let opened = retryingInterrupts {
            open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        }
        guard opened >= 0 else { throw .unwritable(path: path, reason: systemReason()) }
        unlink(name)
        descriptor = FileDescriptor(opened)
    }

    func append(_ bytes: UnsafeRawBufferPointer) throws(FileError) {
        precondition(mapping == nil, "appending to a mapped file")
        buffer.append(contentsOf: bytes)
        byteCount += bytes.count
        if buffer.count >= Self.bufferBytes { try flush() }
    }

    func append(_ bytes: [UInt8]) throws(FileError) {
        precondition(mapping == nil, "appending to a mapped file")
        buffer += bytes
        byteCount += bytes.count
        if buffer.count >= Self.bufferBytes { try flush() }
    }

    func append(_ value: some FixedWidthInteger) throws(FileError) {
        buffer.append(littleEndian: value)
        byteCount += value.bitWidth / 8
        if buffer.count >= Self.bufferBytes { try flush() }
    }

    private func flush() throws(FileError) {
        var done = 0
        while done < buffer.count {
            let wrote = buffer.withUnsafeBytes { raw in
                retryingInterrupts {
                    pwrite(
                        descriptor.number, raw.baseAddress! + done, raw.count - done,
                        off_t(written + done))
                }
            }
            guard wrote > 0 else { throw .unwritable(path: path, reason: systemReason()) }
            done += wrote
        }
        written += buffer.count
        buffer.removeAll(keepingCapacity: true)
    }

    /// Makes the file `count` bytes of zeros, to be filled through `map`.
    func reserve(_ count: Int) throws(FileError) {
        precondition(byteCount == 0, "reserving in a file of \(byteCount) bytes")
        // Room is taken now: a full disk would kill whoever writes through the mapping.
        let code = count == 0 ? 0 : posix_fallocate(descriptor.number, 0, off_t(count))
        guard code == 0 else { throw .unwritable(path: path, reason: systemReason(code)) }
        byteCount = count
    }

    /// All bytes, valid as long as this object lives; nothing can be appended any more.
    func map() throws(FileError) -> UnsafeMutableRawBufferPointer {
        if let mapping { return mapping }
        try flush()
        guard byteCount > 0 else { return UnsafeMutableRawBufferPointer(start: nil, count: 0) }
        let base = mmap(
            nil, byteCount, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor.number, 0)
        guard let base, base != MAP_FAILED else {
            throw .outOfMemory(doing: "building \(path)")
        }
        let bytes = UnsafeMutableRawBufferPointer(start: base, count: byteCount)
        mapping = bytes
        return bytes
    }

    deinit {
        if let mapping { munmap(mapping.baseAddress, mapping.count) }
    }
}
