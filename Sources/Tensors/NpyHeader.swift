// The header of a .npy file (numpy's format versions 1.0 to 3.0), written and read.

public import Files

/// What a .npy file says about its array.
public struct NpyHeader: Sendable, Equatable {
    /// numpy's type string, for instance `<f4`, `<f2`, `|i1`, `|u1`, `<i8`.
    public var descriptor: String
    public var isFortranOrder: Bool
    public var shape: [Int]

    public init(descriptor: String, isFortranOrder: Bool = false, shape: [Int]) {
        self.descriptor = descriptor
        self.isFortranOrder = isFortranOrder
        self.shape = shape
    }

    /// Bytes of one element, nil for types other than plain little-endian numbers and booleans.
    public var elementBytes: Int? {
        switch descriptor {
        case "|b1", "|i1", "|u1": 1
        case "<i2", "<u2", "<f2": 2
        case "<i4", "<u4", "<f4": 4
        case "<i8", "<u8", "<f8": 8
        default: nil
        }
    }

    /// Bytes of the array, nil when they overflow or the type is not understood.
    public var byteCount: Int? {
        guard var bytes = elementBytes else { return nil }
        for extent in shape {
            let (product, overflow) = bytes.multipliedReportingOverflow(by: extent)
            guard !overflow, extent >= 0 else { return nil }
            bytes = product
        }
        return bytes
    }

    static let magic: [UInt8] = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59]  // "\x93NUMPY"
    /// numpy refuses longer headers unless told otherwise.
    static let textBytesMax = 10_000
    /// numpy leaves room for this many digits of the first extent, so that it can grow in place.
    static let growthDigits = 21

    /// Magic, version, length and text, byte for byte as numpy writes them: padded so that the
    /// first extent may grow to 21 digits and the data starts at a multiple of 64.
    public var encoded: [UInt8] {
        let extents = shape.map(String.init).joined(separator: ", ")
        let tuple = shape.count == 1 ? "(\(extents),)" : "(\(extents))"
        let order = isFortranOrder ? "True" : "False"
        var text = "{'descr': '\(descriptor)', 'fortran_order': \(order)"
        text += ", 'shape': \(tuple), }"
        if let growing = isFortranOrder ? shape.last : shape.first {
            text += String(repeating: " ", count: Self.growthDigits - String(growing).utf8.count)
        }
        let prefix = Self.magic.count + 4
        let padding = 64 - (prefix + text.utf8.count + 1) % 64
        text += String(repeating: " ", count: padding % 64) + "\n"
        precondition(text.utf8.count <= UInt16.max, "a .npy header of \(text.utf8.count) bytes")
        let length = UInt16(text.utf8.count)
        return Self.magic + [1, 0, UInt8(length & 0xff), UInt8(length >> 8)] + Array(text.utf8)
    }

    /// Reads the header at the start of `bytes`; the data follows at `dataOffset`.
    ///
    /// - Throws: `.malformed`.
    public static func decode(
        _ bytes: UnsafeRawBufferPointer, path: String
    ) throws(FileError) -> (header: NpyHeader, dataOffset: Int) {
        guard bytes.count >= 10, bytes.starts(with: magic) else {
            throw .malformed(path: path, offset: 0, reason: "no .npy magic number")
        }
        guard (1 ... 3).contains(bytes[6]) else {
            throw .malformed(path: path, offset: 6, reason: "unknown .npy version \(bytes[6])")
        }
        let lengthBytes = bytes[6] == 1 ? 2 : 4
        let textStart = 8 + lengthBytes
        guard bytes.count >= textStart else {
            throw .malformed(path: path, offset: 8, reason: "the header ends early")
        }
        let length = (0 ..< lengthBytes).reduce(0) { $0 | Int(bytes[8 + $1]) << (8 * $1) }
        guard length <= textBytesMax, length <= bytes.count - textStart else {
            throw .malformed(path: path, offset: 8, reason: "a header of \(length) bytes")
        }
        let text = UnsafeRawBufferPointer(rebasing: bytes[textStart ..< textStart + length])
        var parser = PythonLiteralParser(text, path: path, offset: textStart)
        return (try parser.header(), textStart + length)
    }
}
