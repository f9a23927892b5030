// Reads the one Python literal that a .npy header is: a dictionary of three known keys.

import Files

struct PythonLiteralParser {
    private var text: HeaderText

    init(_ bytes: UnsafeRawBufferPointer, path: String, offset: Int) {
        text = HeaderText(bytes, path: path, offset: offset)
    }

    mutating func header() throws(FileError) -> NpyHeader {
        var descriptor: String?
        var isFortranOrder: Bool?
        var shape: [Int]?
        try text.expect("{")
        while !text.take("}") {
            let key = try string()
            try text.expect(":")
            switch key {
            case "descr" where descriptor == nil: descriptor = try string()
            case "fortran_order" where isFortranOrder == nil: isFortranOrder = try boolean()
            case "shape" where shape == nil: shape = try tuple()
            default: throw text.failure("the header has an unknown or repeated key '\(key)'")
            }
            if !text.take(",") {
                try text.expect("}")
                break
            }
        }
        try text.end()
        guard let descriptor, let isFortranOrder, let shape else {
            throw text.failure("the header lacks one of 'descr', 'fortran_order', 'shape'")
        }
        return NpyHeader(descriptor: descriptor, isFortranOrder: isFortranOrder, shape: shape)
    }

    private mutating func string() throws(FileError) -> String {
        guard let quote: Unicode.Scalar = text.take("'") ? "'" : text.take("\"") ? "\"" : nil
        else {
            throw text.failure("a quoted string expected; structured types are not supported")
        }
        var bytes: [UInt8] = []
        while let byte = text.next() {
            if byte == UInt8(ascii: quote) { return String(decoding: bytes, as: UTF8.self) }
            guard byte != UInt8(ascii: "\\") else { throw text.failure("an escape sequence") }
            bytes.append(byte)
        }
        throw text.failure("a string does not end")
    }

    private mutating func boolean() throws(FileError) -> Bool {
        text.skipBlanks()
        for (word, value) in [("True", true), ("False", false)] {
            if text.take(word: word) { return value }
        }
        throw text.failure("True or False expected")
    }

    private mutating func tuple() throws(FileError) -> [Int] {
        var extents: [Int] = []
        try text.expect("(")
        while !text.take(")") {
            extents.append(try number())
            if !text.take(",") {
                try text.expect(")")
                break
            }
        }
        return extents
    }

    private mutating func number() throws(FileError) -> Int {
        let value = try text.number("an extent that fits 63 bits")
        // Python 2 wrote long integers with this suffix.
        _ = text.take(word: "L")
        return value
    }
}
