// The lines of a file as fields between white space.

/// Fields of one line after the other; both runs and judgments are read with it.
struct FieldReader {
    /// Longer than any id has reason to be.
    static let lineBytesMax = 16_384
    static let fieldsMax = 8

    let path: String
    let bytes: UnsafeRawBufferPointer
    /// Of the line whose fields are at hand, from 1.
    private(set) var line = 0
    private(set) var fields: [Range<Int>] = []
    private var position = 0

    init(path: String, bytes: UnsafeRawBufferPointer) {
        self.path = path
        self.bytes = bytes
        fields.reserveCapacity(Self.fieldsMax)
        // A mark that some editors put at the start of UTF-8.
        if bytes.count >= 3, bytes[0] == 0xEF, bytes[1] == 0xBB, bytes[2] == 0xBF { position = 3 }
    }

    /// Goes on to the next line that has fields; false at the end.
    mutating func next() throws(EvaluationError) -> Bool {
        while position < bytes.count {
            line += 1
            try split()
            if !fields.isEmpty { return true }
        }
        return false
    }

    private mutating func split() throws(EvaluationError) {
        fields.removeAll(keepingCapacity: true)
        let limit = position + Self.lineBytesMax
        var start = position
        var place = position
        while place < bytes.count {
            let byte = bytes[place]
            if byte <= 0x20, byte == 0x20 || byte >= 9 && byte <= 13 {
                try field(start..<place)
                start = place + 1
                if byte == 0x0A { break }
            } else if byte == 0 {
                throw malformed("there is a zero byte; this is no text file")
            }
            place += 1
            guard place <= limit else {
                throw .lineTooLong(path: path, line: line, bytesMax: Self.lineBytesMax)
            }
        }
        if place == bytes.count { try field(start..<place) }
        position = place + 1
    }

    private mutating func field(_ range: Range<Int>) throws(EvaluationError) {
        guard !range.isEmpty else { return }
        guard fields.count < Self.fieldsMax else {
            throw malformed("there are more than \(Self.fieldsMax) fields")
        }
        fields.append(range)
    }

    func malformed(_ reason: String) -> EvaluationError {
        .malformed(path: path, line: line, reason: reason)
    }

    func field(_ index: Int) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: bytes[fields[index]])
    }

    func text(_ index: Int) -> String { String(decoding: field(index), as: UTF8.self) }

    /// - Throws: `.malformed` for what is no whole number within ±(2^31 - 1).
    func integer(_ index: Int, called name: String) throws(EvaluationError) -> Int32 {
        var digits = field(index)[...]
        let isNegative = digits.first == UInt8(ascii: "-")
        if isNegative || digits.first == UInt8(ascii: "+") { digits = digits.dropFirst() }
        var value: Int64 = 0
        for byte in digits {
            guard byte >= 0x30, byte <= 0x39, value < 1 << 31 else {
                value = -1
                break
            }
            value = value * 10 + Int64(byte - 0x30)
        }
        guard !digits.isEmpty, value >= 0, value <= Int64(Int32.max) else {
            throw malformed(
                "the \(name) \(text(index).prefix(40).debugDescription) is no whole number "
                    + "of at most 2147483647")
        }
        return Int32(isNegative ? -value : value)
    }

    /// - Throws: `.malformed` for what is no number, and for NaN.
    func score(_ index: Int) throws(EvaluationError) -> Float {
        let text = text(index)
        guard text.utf8.count <= 64, let value = Float(text), !value.isNaN else {
            throw malformed("the score \(text.prefix(40).debugDescription) is no number")
        }
        return value
    }
}
