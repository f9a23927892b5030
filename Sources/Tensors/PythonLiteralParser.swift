// Reads the one Python literal that a .npy header is: a dictionary of three known keys.

import Files

struct PythonLiteralParser {
    private let text: UnsafeRawBufferPointer
    private let path: String
    private let offset: Int
    private var position = 0

    init(_ text: UnsafeRawBufferPointer, path: String, offset: Int) {
        self.text = text
        self.path = path
        self.offset = offset
    }

    mutating func header() throws(FileError) -> NpyHeader {
        var descriptor: String?
        var isFortranOrder: Bool?
        var shape: [Int]?
        try expect("{")
        while !take("}") {
            let key = try string()
            try expect(":")
            switch key {
            case "descr" where descriptor == nil: descriptor = try string()
            case "fortran_order" where isFortranOrder == nil: isFortranOrder = try boolean()
            case "shape" where shape == nil: shape = try tuple()
            default: throw failure("the header has an unknown or repeated key '\(key)'")
            }
            if !take(",") {
                try expect("}")
                break
            }
        }
        skipBlanks()
        guard position == text.count else { throw failure("text after the header's dictionary") }
        guard let descriptor, let isFortranOrder, let shape else {
            throw failure("the header lacks one of 'descr', 'fortran_order', 'shape'")
        }
        return NpyHeader(descriptor: descriptor, isFortranOrder: isFortranOrder, shape: shape)
    }

    private func failure(_ reason: String) -> FileError {
        .malformed(path: path, offset: offset + position, reason: reason)
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

    private mutating func string() throws(FileError) -> String {
        guard let quote: Unicode.Scalar = take("'") ? "'" : take("\"") ? "\"" : nil else {
            throw failure("a quoted string expected; structured types are not supported")
        }
        let start = position
        while position < text.count, text[position] != UInt8(ascii: quote) {
            guard text[position] != UInt8(ascii: "\\") else { throw failure("an escape sequence") }
            position += 1
        }
        guard position < text.count else { throw failure("a string does not end") }
        defer { position += 1 }
        return String(decoding: text[start ..< position], as: UTF8.self)
    }

    private mutating func boolean() throws(FileError) -> Bool {
        skipBlanks()
        for (word, value) in [("True", true), ("False", false)] {
            let end = position + word.utf8.count
            if end <= text.count, text[position ..< end].elementsEqual(word.utf8) {
                position = end
                return value
            }
        }
        throw failure("True or False expected")
    }

    private mutating func tuple() throws(FileError) -> [Int] {
        var extents: [Int] = []
        try expect("(")
        while !take(")") {
            extents.append(try number())
            if !take(",") {
                try expect(")")
                break
            }
        }
        return extents
    }

    private mutating func number() throws(FileError) -> Int {
        skipBlanks()
        let start = position
        while position < text.count, (0x30 ... 0x39).contains(text[position]) { position += 1 }
        guard let value = Int(String(decoding: text[start ..< position], as: UTF8.self)) else {
            throw failure("an extent that fits 63 bits expected")
        }
        // Python 2 wrote long integers with this suffix.
        if position < text.count, text[position] == UInt8(ascii: "L") { position += 1 }
        return value
    }
}
