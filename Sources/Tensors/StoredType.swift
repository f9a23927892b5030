// The types in which vectors are stored, and how numbers become bytes of them.

/// What a row of Float32 becomes in a file.
public enum StoredType: String, Sendable, CaseIterable, Codable {
    case f32, f16, bf16
    /// 127 times the number, rounded to the nearest (ties to even): for rows of length 1.
    case int8
    /// A bit for each number, 1 where it is above 0; the first is the highest bit of the first
    /// byte, as numpy.packbits has it.
    case binary

    /// Bytes of a row of `dimension` numbers.
    public func rowBytes(_ dimension: Int) -> Int {
        switch self {
        case .f32: dimension * 4
        case .f16, .bf16: dimension * 2
        case .int8: dimension
        case .binary: (dimension + 7) / 8
        }
    }

    /// numpy's name of the elements. It has no bfloat16: `<u2` holds the upper halves of Float32.
    public var npyDescriptor: String {
        switch self {
        case .f32: "<f4"
        case .f16: "<f2"
        case .bf16: "<u2"
        case .int8: "|i1"
        case .binary: "|u1"
        }
    }

    public var bytesPerElement: Int {
        switch self {
        case .f32: 4
        case .f16, .bf16: 2
        case .int8, .binary: 1
        }
    }

    /// By what a stored number is multiplied to get the number back; nil where it is the number.
    public var scale: Double? { self == .int8 ? 1.0 / 127 : nil }

    /// What readers have to know besides the type.
    public var note: String? {
        switch self {
        case .f32, .f16: nil
        case .bf16: "bfloat16: numpy reads it as (a.astype('<u4') << 16).view('<f4')"
        case .int8: "multiply by scale; rows had length 1 before they were rounded"
        case .binary: "a bit for each number, 1 where it is above 0; see numpy.unpackbits"
        }
    }

    /// How far the length of a row may be from 1 where it has to be 1.
    public static let lengthTolerance: Float = 0.01
}

extension StoredType {
    /// Writes `rows` rows of `source` to `target`, which has room for them.
    ///
    /// - Returns: false if a row has a length other than 1 and the type asks for that.
    public func pack(
        _ source: UnsafePointer<Float>, rows: Int, dimension: Int,
        to target: UnsafeMutableRawPointer
    ) -> Bool {
        let count = rows * dimension
        switch self {
        case .f32: target.copyMemory(from: source, byteCount: count * 4)
        case .f16:
            let halves = target.assumingMemoryBound(to: UInt16.self)
            for index in 0..<count {
                halves[index] = Float16(source[index]).bitPattern.littleEndian
            }
        case .bf16:
            let halves = target.assumingMemoryBound(to: UInt16.self)
            for index in 0..<count { halves[index] = Self.bfloat16(source[index]).littleEndian }
        case .int8:
            for row in 0..<rows where !Self.hasLengthOne(source + row * dimension, dimension) {
                return false
            }
            let bytes = target.assumingMemoryBound(to: Int8.self)
            for index in 0..<count {
                let scaled = (source[index] * 127).rounded(.toNearestOrEven)
                bytes[index] = Int8(max(-127, min(127, scaled)))
            }
        case .binary:
            let bytes = target.assumingMemoryBound(to: UInt8.self)
            for row in 0..<rows {
                Self.packBits(
                    source + row * dimension, dimension, to: bytes + row * rowBytes(dimension))
            }
        }
        return true
    }

    private static func hasLengthOne(_ row: UnsafePointer<Float>, _ dimension: Int) -> Bool {
        var square: Float = 0
        for index in 0..<dimension { square += row[index] * row[index] }
        return (square.squareRoot() - 1).magnitude <= lengthTolerance
    }

    /// Rounds to the nearest, ties to even.
    private static func bfloat16(_ value: Float) -> UInt16 {
        let bits = value.bitPattern
        // A number that is none stays none, whichever bits are cut off.
        if value.isNaN { return UInt16(bits >> 16) | 0x40 }
        return UInt16((bits + 0x7fff + (bits >> 16 & 1)) >> 16)
    }

    private static func packBits(
        _ row: UnsafePointer<Float>, _ dimension: Int, to target: UnsafeMutablePointer<UInt8>
    ) {
        for start in stride(from: 0, to: dimension, by: 8) {
            var byte: UInt8 = 0
            for index in start..<min(start + 8, dimension) where row[index] > 0 {
                byte |= 0x80 >> UInt8(index - start)
            }
            target[start / 8] = byte
        }
    }

    /// Whether all numbers of stored rows are finite; types without others always are.
    public func isFinite(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var worst: UInt32 = 0
        switch self {
        case .f32:
            for offset in stride(from: 0, to: bytes.count - 3, by: 4) {
                let bits = bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self)
                worst = max(worst, bits & 0x7fff_ffff)
            }
            return worst < 0x7f80_0000
        case .f16, .bf16:
            for offset in stride(from: 0, to: bytes.count - 1, by: 2) {
                let bits = bytes.loadUnaligned(fromByteOffset: offset, as: UInt16.self)
                worst = max(worst, UInt32(bits & 0x7fff))
            }
            return worst < (self == .f16 ? 0x7c00 : 0x7f80)
        case .int8, .binary: return true
        }
    }
}
