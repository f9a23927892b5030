// One JSON object of a .jsonl file: finds the fields that are wanted and steps over the others.

import Glibc

/// A value as it stands in the file.
enum JSONValue {
    case missing
    /// Between its quotes.
    case string(UnsafeRawBufferPointer)
    case number(UnsafeRawBufferPointer)
    /// What it is, and all of it: true, false, a list, an object.
    case other(String, UnsafeRawBufferPointer)
}

/// Strict where it matters (RFC 8259): structure, strings, and what follows the object. Words and
/// numbers that nobody wants are only passed over.
struct JSONRecord {
    private let bytes: UnsafeRawBufferPointer
    private var position = 0
    private static let depthMax = 1_000

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    /// The values of `keys` in their order; the last one counts where a key is repeated.
    mutating func values(of keys: [[UInt8]]) throws(Malformed) -> [JSONValue] {
        var values = [JSONValue](repeating: .missing, count: keys.count)
        skipBlanks()
        guard take("{") else { throw Malformed("a line is not a JSON object") }
        skipBlanks()
        if !take("}") {
            repeat {
                skipBlanks()
                guard take("\"") else { throw Malformed("a key in quotes is expected") }
                let key = try string()
                skipBlanks()
                guard take(":") else { throw Malformed("a colon is expected after a key") }
                skipBlanks()
                let value = try value()
                for index in keys.indices where try Self.isSame(key, keys[index]) {
                    values[index] = value
                }
                skipBlanks()
            } while take(",")
            guard take("}") else { throw Malformed("a comma or } is expected after a value") }
        }
        skipBlanks()
        guard position == bytes.count else { throw Malformed("text follows the JSON object") }
        return values
    }

    /// The strings of a list that is all there is; nil if it has anything else in it.
    mutating func strings() throws(Malformed) -> [UnsafeRawBufferPointer]? {
        var strings: [UnsafeRawBufferPointer] = []
        guard take("[") else { return nil }
        skipBlanks()
        if !take("]") {
            repeat {
                skipBlanks()
                guard take("\"") else { return nil }
                strings.append(try string())
                skipBlanks()
            } while take(",")
            guard take("]") else { throw Malformed("a comma or ] is expected after a value") }
        }
        return strings
    }

    private static func isSame(
        _ key: UnsafeRawBufferPointer, _ wanted: [UInt8]
    ) throws(Malformed) -> Bool {
        if !key.contains(UInt8(ascii: "\\")) { return key.elementsEqual(wanted) }
        var plain: [UInt8] = []
        var repairs = 0
        try JSONString.append(key, to: &plain, repairs: &repairs)
        return plain == wanted
    }

    private mutating func value() throws(Malformed) -> JSONValue {
        guard position < bytes.count else { throw Malformed("a value is missing") }
        switch bytes[position] {
        case UInt8(ascii: "\""):
            position += 1
            return .string(try string())
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            let start = position
            let kind = bytes[position] == UInt8(ascii: "{") ? "an object" : "a list"
            try skipNested()
            return .other(kind, bytes.part(start..<position))
        default: return try word()
        }
    }

    private mutating func word() throws(Malformed) -> JSONValue {
        let start = position
        while position < bytes.count, Self.isOfWord(bytes[position]) { position += 1 }
        let word = bytes.part(start..<position)
        if word.elementsEqual("null".utf8) { return .missing }
        for known in ["true", "false"] where word.elementsEqual(known.utf8) {
            return .other(known, word)
        }
        guard let first = word.first,
            first == UInt8(ascii: "-") || (0x30...0x39).contains(first),
            word.dropFirst().allSatisfy({ !(0x61...0x7a).contains($0) || $0 == 0x65 })
        else { throw Malformed("a value is neither a string nor a number nor anything known") }
        return .number(word)
    }

    private static func isOfWord(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x61...0x7a).contains(byte)
            || (0x41...0x5a).contains(byte) || byte == 0x2b || byte == 0x2d || byte == 0x2e
    }

    /// Steps over a list or an object without recursion, so that no depth can exhaust the stack.
    private mutating func skipNested() throws(Malformed) {
        var closers: [UInt8] = []
        while position < bytes.count {
            let byte = bytes[position]
            position += 1
            switch byte {
            case UInt8(ascii: "{"): closers.append(UInt8(ascii: "}"))
            case UInt8(ascii: "["): closers.append(UInt8(ascii: "]"))
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                guard closers.popLast() == byte else {
                    throw Malformed("brackets do not match")
                }
                if closers.isEmpty { return }
            case UInt8(ascii: "\""): _ = try string()
            default: break
            }
            guard closers.count <= Self.depthMax else {
                throw Malformed("values are nested more than \(Self.depthMax) deep")
            }
        }
        throw Malformed("a list or an object does not end")
    }

    /// The bytes up to the closing quote, which is stepped over.
    private mutating func string() throws(Malformed) -> UnsafeRawBufferPointer {
        let start = position
        var from = start
        while let quote = first(UInt8(ascii: "\""), from: from) {
            var escape = first(UInt8(ascii: "\\"), from: from, to: quote)
            // Escapes before the quote; the last of them may be of the quote itself.
            while let at = escape {
                from = at + 2
                escape = from <= quote ? first(UInt8(ascii: "\\"), from: from, to: quote) : nil
            }
            if from > quote { continue }
            position = quote + 1
            return bytes.part(start..<quote)
        }
        throw Malformed("a string does not end")
    }

    private func first(_ byte: UInt8, from start: Int, to end: Int? = nil) -> Int? {
        let end = end ?? bytes.count
        guard start < end, let base = bytes.baseAddress,
            let found = memchr(base + start, Int32(byte), end - start)
        else { return nil }
        return UnsafeRawPointer(found) - base
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard position < bytes.count, bytes[position] == UInt8(ascii: character) else {
            return false
        }
        position += 1
        return true
    }

    private mutating func skipBlanks() {
        while position < bytes.count, [0x20, 0x09, 0x0d, 0x0a].contains(bytes[position]) {
            position += 1
        }
    }
}
