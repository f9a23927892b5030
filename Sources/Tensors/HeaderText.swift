// A place in the text of a file's header, and the steps that its readers share.

import Files

struct HeaderText {
    private let bytes: UnsafeRawBufferPointer
    private var position = 0
    private let path: String
    private let offset: Int

    /// - offset: where `bytes` start in the file, for messages.
    init(_ bytes: UnsafeRawBufferPointer, path: String, offset: Int) {
        self.bytes = bytes
        self.path = path
        self.offset = offset
    }

    func failure(_ reason: String) -> FileError {
        .malformed(path: path, offset: offset + position, reason: reason)
    }

    /// The next byte, nil at the end.
    var upcoming: UInt8? { position < bytes.count ? bytes[position] : nil }

    /// Steps over the next byte.
    mutating func next() -> UInt8? {
        guard let byte = upcoming else { return nil }
        position += 1
        return byte
    }

    /// Steps over the bytes of `word` if they come next.
    mutating func take(word: String) -> Bool {
        guard bytes[position...].starts(with: word.utf8) else { return false }
        position += word.utf8.count
        return true
    }

    mutating func skipBlanks() {
        while let byte = upcoming, [0x20, 0x09, 0x0a, 0x0d].contains(byte) { position += 1 }
    }

    /// Steps over blanks, and over `character` if it comes next.
    mutating func take(_ character: Unicode.Scalar) -> Bool {
        skipBlanks()
        guard upcoming == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    mutating func expect(_ character: Unicode.Scalar) throws(FileError) {
        guard take(character) else { throw failure("'\(character)' expected") }
    }

    /// Decimal digits alone, after blanks; `what` names the number in the error.
    mutating func number(_ what: String) throws(FileError) -> Int {
        skipBlanks()
        let start = position
        while let byte = upcoming, (0x30...0x39).contains(byte) { position += 1 }
        guard let value = Int(String(decoding: bytes[start..<position], as: UTF8.self)) else {
            throw failure("\(what) expected")
        }
        return value
    }

    /// Nothing but blanks may follow.
    mutating func end() throws(FileError) {
        skipBlanks()
        guard upcoming == nil else { throw failure("text after the header") }
    }
}
