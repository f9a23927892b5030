// A strict reader of JSON in memory, which hands out what it reads piece by piece.

/// Walks through one JSON text. Nothing is kept: callers take what they know and skip the rest.
struct JSONReader: ~Copyable {
    /// No tokenizer.json is nested deeper than a dozen.
    private static let depthMax = 64

    let bytes: Bytes
    let name: String
    private(set) var position = 0
    private var depth = 0
    private var unescaped = Growing<UInt8>(capacity: 256)

    /// - name: what messages call the file.
    init(_ bytes: Bytes, name: String) throws(TokenizerError) {
        self.bytes = bytes
        self.name = name
        let valid = Text.endOfValid(bytes)
        guard valid == bytes.count else {
            throw .malformed(name: name, offset: valid, reason: "a byte that is not UTF-8")
        }
    }

    func failure(_ reason: String) -> TokenizerError {
        .malformed(name: name, offset: position, reason: reason)
    }

    func unsupported(_ feature: String) -> TokenizerError {
        .unsupported(name: name, feature: feature)
    }

    @inline(__always)
    private mutating func skipBlanks() {
        while position < bytes.count {
            switch bytes[position] {
            case 0x20, 0x09, 0x0a, 0x0d: position += 1
            default: return
            }
        }
    }

    /// The next byte that is no blank; 0 at the end.
    @inline(__always)
    mutating func upcoming() -> UInt8 {
        skipBlanks()
        return position < bytes.count ? bytes[position] : 0
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard upcoming() == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    private mutating func expect(_ character: Unicode.Scalar) throws(TokenizerError) {
        guard take(character) else { throw failure("'\(character)' expected") }
    }

    private mutating func enter() throws(TokenizerError) {
        depth += 1
        guard depth <= Self.depthMax else {
            throw failure("values nested deeper than \(Self.depthMax)")
        }
    }

    // MARK: Objects and arrays

    /// Calls `member` at the value of each key; the key's bytes last until the value is read.
    mutating func members(
        _ member: (Bytes, inout JSONReader) throws(TokenizerError) -> Void
    ) throws(TokenizerError) {
        var object = try beginObject()
        while let key = try nextMember(&object) { try member(key, &self) }
    }

    /// Calls `member` at the value of each key.
    mutating func object(
        _ member: (String, inout JSONReader) throws(TokenizerError) -> Void
    ) throws(TokenizerError) {
        try members { (key, reader) throws(TokenizerError) in try member(key.string, &reader) }
    }

    /// Calls `element` at each value.
    mutating func array(
        _ element: (inout JSONReader) throws(TokenizerError) -> Void
    ) throws(TokenizerError) {
        var list = try beginArray()
        while try nextElement(&list) { try element(&self) }
    }

    /// How far a walk through an array or an object has come.
    struct Walk {
        fileprivate var isFirst = true
    }

    mutating func beginArray() throws(TokenizerError) -> Walk {
        try enter()
        try expect("[")
        return Walk()
    }

    /// Goes to the next value of an array; false behind the last.
    mutating func nextElement(_ walk: inout Walk) throws(TokenizerError) -> Bool {
        try next(&walk, end: "]")
    }

    mutating func beginObject() throws(TokenizerError) -> Walk {
        try enter()
        try expect("{")
        return Walk()
    }

    /// Goes to the value of the next key; nil behind the last. The key's bytes last until the
    /// next string is read.
    mutating func nextMember(_ walk: inout Walk) throws(TokenizerError) -> Bytes? {
        guard try next(&walk, end: "}") else { return nil }
        let key = try span()
        try expect(":")
        return key
    }

    @inline(__always)
    private mutating func next(
        _ walk: inout Walk, end: Unicode.Scalar
    ) throws(TokenizerError) -> Bool {
        if walk.isFirst ? take(end) : !take(",") {
            if !walk.isFirst { try expect(end) }
            depth -= 1
            return false
        }
        walk.isFirst = false
        return true
    }

    /// Steps over a value, whatever it is.
    mutating func skip() throws(TokenizerError) {
        switch upcoming() {
        case UInt8(ascii: "{"):
            try members { (_, reader) throws(TokenizerError) in
                try reader.skip()
            }
        case UInt8(ascii: "["):
            try array { (reader) throws(TokenizerError) in
                try reader.skip()
            }
        case UInt8(ascii: "\""): _ = try span()
        case UInt8(ascii: "t"): try word("true")
        case UInt8(ascii: "f"): try word("false")
        case UInt8(ascii: "n"): try word("null")
        default: _ = try number()
        }
    }

    /// Nothing but blanks may follow.
    mutating func end() throws(TokenizerError) {
        guard upcoming() == 0, position == bytes.count else {
            throw failure("text behind the last value")
        }
    }

    /// Goes back to a value that was stepped over.
    mutating func seek(_ place: Int) { position = place }

    // MARK: Words

    private mutating func word(_ word: StaticString) throws(TokenizerError) {
        let expected = Bytes(start: word.utf8Start, count: word.utf8CodeUnitCount)
        guard position + expected.count <= bytes.count,
            bytes.slice(position, position + expected.count).equals(expected)
        else { throw failure("a value expected") }
        position += expected.count
    }

    /// Steps over `null` if it comes next.
    mutating func null() throws(TokenizerError) -> Bool {
        guard upcoming() == UInt8(ascii: "n") else { return false }
        try word("null")
        return true
    }

    mutating func boolean() throws(TokenizerError) -> Bool {
        let isTrue = upcoming() == UInt8(ascii: "t")
        try word(isTrue ? "true" : "false")
        return isTrue
    }

    // MARK: Strings

    mutating func string() throws(TokenizerError) -> String { try span().string }

    /// A string of at most `most` bytes; `what` names it in the error.
    mutating func string(_ what: String, most: Int) throws(TokenizerError) -> [UInt8] {
        let span = try span()
        guard span.count <= most else {
            throw failure("\(what) of \(span.count) bytes, the limit is \(most)")
        }
        return Array(UnsafeBufferPointer(start: span.start, count: span.count))
    }

    /// The bytes of a string, good until the next string is read.
    mutating func span() throws(TokenizerError) -> Bytes {
        try expect("\"")
        let start = position
        while position < bytes.count {
            let byte = bytes[position]
            if byte == UInt8(ascii: "\"") {
                position += 1
                return bytes.slice(start, position - 1)
            }
            if byte == UInt8(ascii: "\\") { return try escapedSpan(from: start) }
            guard byte >= 0x20 else { throw failure("a control character in a string") }
            position += 1
        }
        throw failure("a string does not end")
    }

    private mutating func escapedSpan(from start: Int) throws(TokenizerError) -> Bytes {
        unescaped.count = 0
        unescaped.append(bytes.slice(start, position))
        while position < bytes.count {
            let byte = bytes[position]
            position += 1
            switch byte {
            case UInt8(ascii: "\""): return unescaped.bytes
            case UInt8(ascii: "\\"): try escape()
            case ..<0x20: throw failure("a control character in a string")
            default: unescaped.append(byte)
            }
        }
        throw failure("a string does not end")
    }

    private mutating func escape() throws(TokenizerError) {
        guard position < bytes.count else { throw failure("a string does not end") }
        let byte = bytes[position]
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): unescaped.append(byte)
        case UInt8(ascii: "b"): unescaped.append(0x08)
        case UInt8(ascii: "f"): unescaped.append(0x0c)
        case UInt8(ascii: "n"): unescaped.append(0x0a)
        case UInt8(ascii: "r"): unescaped.append(0x0d)
        case UInt8(ascii: "t"): unescaped.append(0x09)
        case UInt8(ascii: "u"): Text.append(try escapedScalar(), to: &unescaped)
        default: throw failure("an unknown escape sequence")
        }
    }

    private mutating func escapedScalar() throws(TokenizerError) -> UInt32 {
        let code = try hexadecimal()
        guard 0xd800...0xdfff ~= code else { return code }
        guard code < 0xdc00, position + 1 < bytes.count, bytes[position] == UInt8(ascii: "\\"),
            bytes[position + 1] == UInt8(ascii: "u")
        else { throw failure("half of a surrogate pair") }
        position += 2
        let low = try hexadecimal()
        guard 0xdc00...0xdfff ~= low else { throw failure("half of a surrogate pair") }
        return 0x10000 + (code - 0xd800) << 10 + (low - 0xdc00)
    }

    private mutating func hexadecimal() throws(TokenizerError) -> UInt32 {
        var code: UInt32 = 0
        for _ in 0..<4 {
            guard position < bytes.count,
                let digit = Character(Unicode.Scalar(bytes[position])).hexDigitValue
            else { throw failure("four hexadecimal digits expected") }
            code = code << 4 | UInt32(digit)
            position += 1
        }
        return code
    }
}
