// Expands compressed corpus files into plain ones.

public import Files
import Glibc

/// Streams `.gz` and `.zst` files, known by their first bytes and not by their names, into plain
/// files. Memory is bounded: 128 MiB of zstd window at most.
public enum Decompressor {
    public enum Compression: String, Sendable {
        case gzip, zstd
    }

    /// How a file is compressed, nil when it is not.
    ///
    /// - Throws: `.unreadable`.
    public static func compression(of path: String) throws(FileError) -> Compression? {
        let input = try CompressedInput(path: path)
        return try input.compression()
    }

    /// How data is compressed that begins with `start`, of which four bytes count.
    public static func compression(beginning start: some Collection<UInt8>) -> Compression? {
        let start = Array(start.prefix(4))
        if start.starts(with: [0x1f, 0x8b]) { return .gzip }
        if start.starts(with: [0x28, 0xb5, 0x2f, 0xfd]) { return .zstd }
        // A skippable frame (RFC 8878, section 3.1.2) may come first.
        let isSkippable = start.count == 4 && start[0] & 0xf0 == 0x50
            && start[1...].elementsEqual([0x2a, 0x4d, 0x18])
        return isSkippable ? .zstd : nil
    }

    /// Expands the file at `path` into a plain file that appears complete or not at all. Several
    /// gzip members or zstd frames in a row count as one stream.
    ///
    /// - Parameters:
    ///   - bytesMax: the largest output allowed.
    ///   - durable: whether it is to be complete or absent after a power cut, too.
    /// - Returns: bytes written.
    /// - Throws: `.malformed` with the offset in the compressed file when it is corrupt or ends
    ///   early, `.tooLarge`, `.unreadable`, `.unwritable`, `.outOfMemory`.
    @discardableResult
    public static func expand(
        _ path: String, to output: String, bytesMax: Int = .max, durable: Bool = false
    ) throws(FileError) -> Int {
        let input = try CompressedInput(path: path)
        guard let compression = try input.compression() else {
            throw .malformed(path: path, offset: 0, reason: "neither gzip nor zstd")
        }
        let file = try AtomicFile(path: output)
        let expansion = Expansion(file: file, path: path, bytesMax: bytesMax)
        switch compression {
        case .gzip: try expandGzip(input, into: expansion)
        case .zstd: try expandZstd(input, into: expansion)
        }
        try file.commit(durable: durable)
        return file.byteCount
    }
}

/// A compressed file, read piece by piece.
final class CompressedInput {
    let path: String
    private let descriptor: FileDescriptor
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 16)
    /// The offset of the current piece in the file.
    private(set) var offset = 0
    private var pieceBytes = 0

    init(path: String) throws(FileError) {
        self.path = path
        descriptor = try FileDescriptor(reading: path)
    }

    func compression() throws(FileError) -> Decompressor.Compression? {
        Decompressor.compression(beginning: try read(at: 0, bytesMax: 4))
    }

    /// The next piece of the file, empty at its end.
    func next() throws(FileError) -> UnsafeRawBufferPointer {
        offset += pieceBytes
        let piece = try read(at: offset, bytesMax: buffer.count)
        pieceBytes = piece.count
        return piece
    }

    private func read(at offset: Int, bytesMax: Int) throws(FileError) -> UnsafeRawBufferPointer {
        let got = retryingInterrupts {
            pread(descriptor.number, buffer.baseAddress, bytesMax, off_t(offset))
        }
        guard got >= 0 else { throw .unreadable(path: path, reason: systemReason()) }
        return UnsafeRawBufferPointer(rebasing: buffer[..<got])
    }

    func malformed(_ reason: String, at position: Int) -> FileError {
        .malformed(path: path, offset: offset + position, reason: reason)
    }

    deinit { buffer.deallocate() }
}

/// Where expanded bytes go, with the limit on them.
struct Expansion {
    let file: AtomicFile
    let path: String
    let bytesMax: Int

    func write(_ bytes: UnsafeRawBufferPointer) throws(FileError) {
        guard bytes.count <= bytesMax - file.byteCount else {
            throw .tooLarge(path: path, bytesMax: bytesMax)
        }
        try file.write(bytes)
    }
}
