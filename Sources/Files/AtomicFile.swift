// A file that appears under its name complete or not at all.

import Glibc

/// Buffers writes into a temporary file beside the target; `commit()` makes it durable and renames
/// it. An object that is dropped without `commit()` removes its temporary file.
///
/// A target that exists and is not a regular file (a device, a directory) is refused, because the
/// rename would replace it; a symbolic link is followed.
///
/// One thread at a time, except for `fill`: that is what `@unchecked Sendable` stands for.
public final class AtomicFile: @unchecked Sendable {
    /// The name the caller gave.
    public let path: String
    /// Bytes written so far, buffered ones included.
    public private(set) var byteCount = 0

    private let target: String
    private let temporary: String
    private let descriptor: FileDescriptor
    private let buffer: UnsafeMutableRawBufferPointer
    private var buffered = 0
    private var isSynchronised = false
    private var isCommitted = false

    private static let bufferBytes = 1 << 20

    /// - Throws: `.unwritable` when the directory or the target cannot be written.
    public init(path: String) throws(FileError) {
        self.path = path
        target = try Self.resolve(path)
        let suffix = String(UInt64.random(in: 0 ... .max), radix: 36)
        let name = target.split(separator: "/").last.map(String.init) ?? ""
        // Cut so that the longest legal name still leaves room for the suffix.
        let temporary = "\(directory(of: target))/.\(name.prefix(60)).\(suffix).partial"
        let opened = retryingInterrupts {
            open(temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
        }
        guard opened >= 0 else { throw .unwritable(path: path, reason: systemReason()) }
        self.temporary = temporary
        descriptor = FileDescriptor(opened)
        buffer = .allocate(byteCount: Self.bufferBytes, alignment: 16)
    }

    /// Whether a file of this name may be left by a process that was killed while it wrote one.
    public static func isPartial(_ name: String) -> Bool {
        name.hasPrefix(".") && name.hasSuffix(".partial")
    }

    private static func resolve(_ path: String) throws(FileError) -> String {
        guard !path.isEmpty, path.last != "/" else {
            throw .unwritable(path: path, reason: "the path names no file")
        }
        var status = stat()
        guard stat(path, &status) == 0 else { return path }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw .unwritable(path: path, reason: "it exists and is not a regular file")
        }
        guard let resolved = realpath(path, nil) else { return path }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    /// Appends bytes.
    public func write(_ bytes: UnsafeRawBufferPointer) throws(FileError) {
        precondition(!isSynchronised, "write to \(path) after synchronise")
        guard let source = bytes.baseAddress else { return }
        if bytes.count > buffer.count - buffered { try flush() }
        if bytes.count > buffer.count {
            try writeAll(bytes, at: byteCount)
        } else {
            (buffer.baseAddress! + buffered).copyMemory(from: source, byteCount: bytes.count)
            buffered += bytes.count
        }
        byteCount += bytes.count
    }

    /// Appends the UTF-8 of `text`.
    public func write(_ text: String) throws(FileError) {
        var text = text
        // A typed throw does not pass through withUTF8, so the result does.
        let result = text.withUTF8 { utf8 -> Result<Void, FileError> in
            Result { () throws(FileError) in try write(UnsafeRawBufferPointer(utf8)) }
        }
        try result.get()
    }

    /// Appends an array of bytes.
    public func write(_ bytes: [UInt8]) throws(FileError) {
        let result = bytes.withUnsafeBytes { raw in
            Result { () throws(FileError) in try write(raw) }
        }
        try result.get()
    }

    /// Lets `body` write at most `maximum` bytes straight into the buffer; it returns how many.
    public func write(
        atMost maximum: Int, _ body: (UnsafeMutableRawPointer) -> Int
    ) throws(FileError) {
        precondition(maximum <= buffer.count, "\(maximum) bytes do not fit the buffer")
        precondition(!isSynchronised, "write to \(path) after synchronise")
        if maximum > buffer.count - buffered { try flush() }
        let count = body(buffer.baseAddress! + buffered)
        precondition(count >= 0 && count <= maximum, "wrote \(count) of at most \(maximum) bytes")
        buffered += count
        byteCount += count
    }

    /// Sets `count` bytes aside at the end, for `fill`; returns their offset.
    public func reserve(_ count: Int) throws(FileError) -> Int {
        precondition(count >= 0 && !isSynchronised, "reserve \(count) bytes of \(path)")
        try flush()
        byteCount += count
        return byteCount - count
    }

    /// Writes reserved bytes, bypassing the buffer. Any thread, also several at once.
    public func fill(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(FileError) {
        try writeAll(bytes, at: offset)
    }

    /// Overwrites bytes that were written before; for headers whose numbers are known at the end.
    public func overwrite(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(FileError) {
        precondition(
            offset >= 0 && offset + bytes.count <= byteCount,
            "overwrite \(offset) + \(bytes.count) of \(byteCount) bytes")
        precondition(!isSynchronised, "overwrite in \(path) after synchronise")
        try flush()
        try writeAll(bytes, at: offset)
    }

    /// Flushes and, when `durable`, waits until the bytes are on the disk. Files that belong
    /// together are all synchronised before the first of them is committed.
    public func synchronise(durable: Bool = true) throws(FileError) {
        if isSynchronised { return }
        try flush()
        if durable, retryingInterrupts({ fsync(descriptor.number) }) != 0 {
            throw .unwritable(path: path, reason: systemReason())
        }
        isSynchronised = true
    }

    /// Gives the file its name. With `durable` it survives a power cut from here on.
    public func commit(durable: Bool = true) throws(FileError) {
        precondition(!isCommitted, "\(path) is committed already")
        try synchronise(durable: durable)
        guard rename(temporary, target) == 0 else {
            throw .unwritable(path: path, reason: systemReason())
        }
        isCommitted = true
        if durable { try synchroniseDirectory() }
    }

    /// The file is there and whole if this fails, but a power cut may take it away.
    private func synchroniseDirectory() throws(FileError) {
        guard let folder = try? FileDescriptor(reading: directory(of: target)) else { return }
        guard retryingInterrupts({ fsync(folder.number) }) != 0 else { return }
        // Some file systems cannot do this, and say so.
        if errno == EINVAL || errno == ENOTSUP { return }
        throw .unwritable(path: path, reason: systemReason())
    }

    private func flush() throws(FileError) {
        let pending = UnsafeRawBufferPointer(start: buffer.baseAddress, count: buffered)
        try writeAll(pending, at: byteCount - buffered)
        buffered = 0
    }

    private func writeAll(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(FileError) {
        var done = 0
        while done < bytes.count {
            let wrote = retryingInterrupts {
                pwrite(
                    descriptor.number, bytes.baseAddress! + done, bytes.count - done,
                    off_t(offset + done))
            }
            guard wrote > 0 else { throw .unwritable(path: path, reason: systemReason()) }
            done += wrote
        }
    }

    deinit {
        if !isCommitted { unlink(temporary) }
        buffer.deallocate()
    }
}
