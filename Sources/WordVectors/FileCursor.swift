// Takes little-endian numbers off the bytes of a fastText model, one after the other.

import Files

struct FileCursor {
    let bytes: UnsafeRawBufferPointer
    let path: String
    private(set) var position: Int

    init(_ file: MappedFile, at position: Int = 0) {
        bytes = file.bytes
        path = file.path
        self.position = position
    }

    /// Bytes that are left.
    var remaining: Int { bytes.count - position }

    mutating func number<Number: FixedWidthInteger>(
        _ type: Number.Type, _ what: String
    ) throws(FileError) -> Number {
        let offset = try skip(MemoryLayout<Number>.size, what)
        return Number(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: Number.self))
    }

    /// Passes over `count` bytes; where they begin.
    @discardableResult
    mutating func skip(_ count: Int, _ what: String) throws(FileError) -> Int {
        guard count >= 0, count <= remaining else {
            throw malformed(bytes.count, "a fastText model that ends within \(what)")
        }
        position += count
        return position - count
    }

    /// The bytes up to the next NUL, which is passed over, too.
    mutating func text(bytesMax: Int, _ what: String) throws(FileError) -> UnsafeRawBufferPointer {
        let window = bytes[position..<position + min(remaining, bytesMax + 1)]
        guard let end = window.firstIndex(of: 0) else {
            throw malformed(
                position, "\(what) does not end, or has more than \(bytesMax) bytes")
        }
        defer { position = end + 1 }
        return UnsafeRawBufferPointer(rebasing: bytes[position..<end])
    }

    func malformed(_ offset: Int, _ reason: String) -> FileError {
        .malformed(path: path, offset: offset, reason: reason)
    }
}
