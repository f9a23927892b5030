// A strict reader of the JSON that headers of tensor files use: objects, strings, integers.

import Files

struct JSONText {
    private let text: UnsafeRawBufferPointer
    private let path: String
    private let offset: Int
    private var position = 0

    /// - offset: where `text` starts in the file, for messages.
    init(_ text: UnsafeRawBufferPointer, path: String, offset: Int) {
        self.text = text
        self.path = path
        self.offset = offset
    }

    func failure(_ reason: String) -> FileError {
        .malformed(path: path, offset: offset + position, reason: reason)
    }

    /// Calls `member` at the value of each key; keys must differ.
    mutating func object(
        _ member: (String, inout JSONText) throws(FileError) -> Void
    ) throws(FileError) {
        var seen: Set<String> = []
        try expect("{")
        if take("}") { return }
        repeat {
            let key = try string()
            guard seen.insert(key).inserted else { throw failure("the key \(key) repeats") }
            try expect(":")
            try member(key, &self)
        } while take(",")
        try expect("}")
    }

    mutating func integers() throws(FileError) -> [Int] {
        var numbers: [Int] = []
        try expect("[")
        if take("]") { return numbers }
        repeat { numbers.append(try integer()) } while take(",")
        try expect("]")
        return numbers
    }

    private mutating func integer() throws(FileError) -> Int {
        skipBlanks()
        let start = position
        while position < text.count, (0x30 ... 0x39).contains(text[position]) { position += 1 }
        guard let value = Int(String(decoding: text[start ..< position], as: UTF8.self)) else {
            throw failure("a whole number below 2^63 expected")
        }
        return value
    }

    mutating func string() throws(FileError) -> String {
        try expect("\"")
        var bytes: [UInt8] = []
        while position < text.count {
            let byte = text[position]
            position += 1
            switch byte {
            case UInt8(ascii: "\""):
                guard let string = String(validating: bytes, as: UTF8.self) else {
                    throw failure("a string that is not UTF-8")
                }
                return string
            case UInt8(ascii: "\\"): try escape(into: &bytes)
            case ..<0x20: throw failure("a control character in a string")
            default: bytes.append(byte)
            }
        }
        throw failure("a string does not end")
    }

    private mutating func escape(into bytes: inout [UInt8]) throws(FileError) {
        guard position < text.count else { throw failure("a string does not end") }
        let byte = text[position]
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): bytes.append(byte)
        case UInt8(ascii: "b"): bytes.append(0x08)
        case UInt8(ascii: "f"): bytes.append(0x0c)
        case UInt8(ascii: "n"): bytes.append(0x0a)
        case UInt8(ascii: "r"): bytes.append(0x0d)
        case UInt8(ascii: "t"): bytes.append(0x09)
        case UInt8(ascii: "u"): bytes.append(contentsOf: Array(String(try scalar()).utf8))
        default: throw failure("an unknown escape sequence")
        }
    }

    private mutating func scalar() throws(FileError) -> Unicode.Scalar {
        var code = try hexadecimal()
        if (0xd800 ..< 0xdc00).contains(code) {
            guard position + 2 <= text.count, text[position] == UInt8(ascii: "\\"),
                text[position + 1] == UInt8(ascii: "u")
            else { throw failure("half of a surrogate pair") }
            position += 2
            let low = try hexadecimal()
            guard (0xdc00 ..< 0xe000).contains(low) else {
                throw failure("half of a surrogate pair")
            }
            code = 0x10000 + (code - 0xd800) << 10 + (low - 0xdc00)
        }
        guard let scalar = Unicode.Scalar(code) else { throw failure("half of a surrogate pair") }
        return scalar
    }

    private mutating func hexadecimal() throws(FileError) -> UInt32 {
        guard position + 4 <= text.count else { throw failure("a string does not end") }
        let digits = String(decoding: text[position ..< position + 4], as: UTF8.self)
        guard digits.utf8.allSatisfy({ $0 != 0x2b && $0 != 0x2d }),
            let code = UInt32(digits, radix: 16)
        else { throw failure("four hexadecimal digits expected") }
        position += 4
        return code
    }

    private mutating func skipBlanks() {
        while position < text.count, [0x20, 0x09, 0x0a, 0x0d].contains(text[position]) {
            position += 1
        }
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        skipBlanks()
        guard position < text.count, text[position] == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    private mutating func expect(_ character: Unicode.Scalar) throws(FileError) {
        guard take(character) else { throw failure("'\(character)' expected") }
    }

    /// Nothing but blanks may follow.
    mutating func end() throws(FileError) {
        skipBlanks()
        guard position == text.count else { throw failure("text after the header") }
    }

    /// `string` as a JSON literal.
    static func quote(_ string: String) -> String {
        var quoted = "\""
        for scalar in string.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\u{0}" ..< " ":
                let digits = String(scalar.value, radix: 16)
                quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}
