// A strict reader of the JSON that headers of tensor files use: objects, strings, integers.

import Files

struct JSONText {
    private var text: HeaderText

    /// - offset: where `bytes` start in the file, for messages.
    init(_ bytes: UnsafeRawBufferPointer, path: String, offset: Int) {
        text = HeaderText(bytes, path: path, offset: offset)
    }

    func failure(_ reason: String) -> FileError { text.failure(reason) }

    /// Calls `member` at the value of each key; keys must differ.
    mutating func object(
        _ member: (String, inout JSONText) throws(FileError) -> Void
    ) throws(FileError) {
        var seen: Set<String> = []
        try text.expect("{")
        if text.take("}") { return }
        repeat {
            let key = try string()
            guard seen.insert(key).inserted else { throw failure("the key \(key) repeats") }
            try text.expect(":")
            try member(key, &self)
        } while text.take(",")
        try text.expect("}")
    }

    mutating func integers() throws(FileError) -> [Int] {
        var numbers: [Int] = []
        try text.expect("[")
        if text.take("]") { return numbers }
        repeat {
            numbers.append(try text.number("a whole number below 2^63"))
        } while text.take(",")
        try text.expect("]")
        return numbers
    }

    mutating func string() throws(FileError) -> String {
        try text.expect("\"")
        var bytes: [UInt8] = []
        while let byte = text.next() {
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
        guard let byte = text.next() else { throw failure("a string does not end") }
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
            guard text.take(word: "\\u") else { throw failure("half of a surrogate pair") }
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
        var code: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = text.next() else { throw failure("a string does not end") }
            guard let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
                throw failure("four hexadecimal digits expected")
            }
            code = code << 4 | UInt32(digit)
        }
        return code
    }

    /// Nothing but blanks may follow.
    mutating func end() throws(FileError) { try text.end() }

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
