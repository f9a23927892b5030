// Text that is UTF-8 afterwards, whatever it was before.

extension [UInt8] {
    /// Appends `bytes`; each maximal part of an ill-formed sequence becomes U+FFFD (Unicode 16,
    /// section 3.9, "substitution of maximal subparts").
    mutating func appendRepaired(_ bytes: UnsafeRawBufferPointer, repairs: inout Int) {
        var start = 0
        while start < bytes.count {
            let (end, bad) = UTF8Sequence.wellFormed(bytes, from: start)
            append(contentsOf: bytes.part(start..<end))
            if bad > 0 {
                append(contentsOf: UTF8Sequence.replacement)
                repairs += 1
            }
            start = end + bad
        }
    }
}

enum UTF8Sequence {
    static let replacement: [UInt8] = [0xef, 0xbf, 0xbd]

    /// Where the well-formed text from `start` on ends, and how many bytes there are ill-formed;
    /// none at the end of `bytes`.
    static func wellFormed(
        _ bytes: UnsafeRawBufferPointer, from start: Int
    ) -> (end: Int, bad: Int) {
        var position = start
        while position < bytes.count {
            if bytes.count - position >= 8 {
                let word = bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self)
                if word & 0x8080_8080_8080_8080 == 0 {
                    position += 8
                    continue
                }
            }
            if bytes[position] < 0x80 {
                position += 1
                continue
            }
            let (length, isWhole) = sequence(bytes, at: position)
            if !isWhole { return (position, length) }
            position += length
        }
        return (position, 0)
    }

    /// The sequence at `position`, or the part of it that is well-formed (Unicode 16, table 3-7).
    private static func sequence(
        _ bytes: UnsafeRawBufferPointer, at position: Int
    ) -> (length: Int, isWhole: Bool) {
        let lead = bytes[position]
        let length: Int
        var second: ClosedRange<UInt8> = 0x80...0xbf
        switch lead {
        case 0xc2...0xdf: length = 2
        case 0xe0...0xef:
            length = 3
            if lead == 0xe0 { second = 0xa0...0xbf }
            if lead == 0xed { second = 0x80...0x9f }
        case 0xf0...0xf4:
            length = 4
            if lead == 0xf0 { second = 0x90...0xbf }
            if lead == 0xf4 { second = 0x80...0x8f }
        default: return (1, false)
        }
        for index in 1..<length {
            let allowed = index == 1 ? second : 0x80...0xbf
            guard position + index < bytes.count, allowed.contains(bytes[position + index]) else {
                return (index, false)
            }
        }
        return (length, true)
    }
}
