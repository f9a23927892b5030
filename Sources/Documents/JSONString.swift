// What a JSON string says, with its escapes resolved.

import Glibc

enum JSONString {
    /// Appends the text of a string given without its quotes. Half of a surrogate pair becomes
    /// U+FFFD, as bytes that are not UTF-8 do.
    static func append(
        _ bytes: UnsafeRawBufferPointer, to arena: inout [UInt8], repairs: inout Int
    ) throws(Malformed) {
        var rest = bytes
        while let base = rest.baseAddress,
            let found = memchr(base, Int32(UInt8(ascii: "\\")), rest.count)
        {
            let end = UnsafeRawPointer(found) - base
            try appendPlain(rest.part(0..<end), to: &arena, repairs: &repairs)
            var escape = Escape(rest, at: end + 1)
            try escape.append(to: &arena, repairs: &repairs)
            rest = rest.part(escape.position..<rest.count)
        }
        try appendPlain(rest, to: &arena, repairs: &repairs)
    }

    private static func appendPlain(
        _ bytes: UnsafeRawBufferPointer, to arena: inout [UInt8], repairs: inout Int
    ) throws(Malformed) {
        var control = false
        for byte in bytes { control = control || byte < 0x20 }
        guard !control else { throw Malformed("a string has a control character in it") }
        arena.appendRepaired(bytes, repairs: &repairs)
    }
}

/// What follows a backslash.
private struct Escape {
    private let bytes: UnsafeRawBufferPointer
    private(set) var position: Int

    init(_ bytes: UnsafeRawBufferPointer, at position: Int) {
        self.bytes = bytes
        self.position = position
    }

    mutating func append(to arena: inout [UInt8], repairs: inout Int) throws(Malformed) {
        guard position < bytes.count else { throw Malformed("a string ends in a backslash") }
        let byte = bytes[position]
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): arena.append(byte)
        case UInt8(ascii: "b"): arena.append(0x08)
        case UInt8(ascii: "f"): arena.append(0x0c)
        case UInt8(ascii: "n"): arena.append(0x0a)
        case UInt8(ascii: "r"): arena.append(0x0d)
        case UInt8(ascii: "t"): arena.append(0x09)
        case UInt8(ascii: "u"):
            if let scalar = Unicode.Scalar(try code()) {
                arena.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
            } else {
                arena.append(contentsOf: UTF8Sequence.replacement)
                repairs += 1
            }
        default: throw Malformed("a string has an unknown escape sequence")
        }
    }

    /// A code point, or a surrogate that has no partner.
    private mutating func code() throws(Malformed) -> UInt32 {
        let high = try hexadecimal()
        guard (0xd800..<0xdc00).contains(high), bytes.count - position >= 6,
            bytes[position] == UInt8(ascii: "\\"), bytes[position + 1] == UInt8(ascii: "u")
        else { return high }
        let before = position
        position += 2
        let low = try hexadecimal()
        guard (0xdc00..<0xe000).contains(low) else {
            position = before
            return high
        }
        return 0x10000 + (high - 0xd800) << 10 + (low - 0xdc00)
    }

    private mutating func hexadecimal() throws(Malformed) -> UInt32 {
        guard bytes.count - position >= 4 else {
            throw Malformed("\\u is not followed by four hexadecimal digits")
        }
        var code: UInt32 = 0
        for _ in 0..<4 {
            let byte = bytes[position]
            position += 1
            let digit: UInt8
            switch byte {
            case 0x30...0x39: digit = byte - 0x30
            case 0x41...0x46: digit = byte - 0x41 + 10
            case 0x61...0x66: digit = byte - 0x61 + 10
            default: throw Malformed("\\u is not followed by four hexadecimal digits")
            }
            code = code << 4 | UInt32(digit)
        }
        return code
    }
}
