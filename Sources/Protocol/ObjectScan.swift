// Where a value stands in the text of a JSON object, found without reading what it says.

/// Tells nothing where it is in doubt; a text that is no JSON it need not notice.
struct ObjectScan {
    private let bytes: UnsafeRawBufferPointer
    private var place = 0

    private init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    /// The bytes of the value of `key` in the outermost object; nil if it is not there once, or if
    /// a key is written with escapes.
    static func value(of key: String, in bytes: UnsafeRawBufferPointer) -> Range<Int>? {
        var scan = ObjectScan(bytes)
        return scan.find(Array(key.utf8))
    }

    private mutating func find(_ key: [UInt8]) -> Range<Int>? {
        guard take(UInt8(ascii: "{")) else { return nil }
        var found: Range<Int>?
        repeat {
            guard let name = string(), !name.isEscaped, take(UInt8(ascii: ":")),
                let value = value()
            else { return nil }
            guard bytes[name.range].elementsEqual(key) else { continue }
            guard found == nil else { return nil }
            found = value
        } while take(UInt8(ascii: ","))
        guard take(UInt8(ascii: "}")) else { return nil }
        skipBlanks()
        return place == bytes.count ? found : nil
    }

    private mutating func skipBlanks() {
        while place < bytes.count, Self.isBlank(bytes[place]) { place += 1 }
    }

    private static func isBlank(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09
    }

    /// Whether this byte is next, blanks aside; it is passed if so.
    private mutating func take(_ byte: UInt8) -> Bool {
        skipBlanks()
        guard place < bytes.count, bytes[place] == byte else { return false }
        place += 1
        return true
    }

    /// What stands between quotes.
    private mutating func string() -> (range: Range<Int>, isEscaped: Bool)? {
        guard take(UInt8(ascii: "\"")) else { return nil }
        let begin = place
        var isEscaped = false
        while place < bytes.count, bytes[place] != UInt8(ascii: "\"") {
            if bytes[place] == UInt8(ascii: "\\") {
                isEscaped = true
                place += 1
            }
            place += 1
        }
        guard place < bytes.count else { return nil }
        place += 1
        return (begin..<place - 1, isEscaped)
    }

    private mutating func value() -> Range<Int>? {
        skipBlanks()
        let begin = place
        var depth = 0
        while place < bytes.count {
            switch bytes[place] {
            case UInt8(ascii: "\""):
                guard string() != nil else { return nil }
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                depth += 1
                place += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                // The end of the object that the value stands in.
                if depth == 0 { return begin < place ? begin..<place : nil }
                depth -= 1
                place += 1
            case UInt8(ascii: ",") where depth == 0: return begin < place ? begin..<place : nil
            case let byte where depth == 0 && Self.isBlank(byte):
                return begin..<place
            default: place += 1
            }
        }
        return nil
    }
}
