// Cuts the text of a filter into its words, values and signs.

struct FilterToken: Equatable {
    enum Kind: Equatable {
        /// A name or a word of the language; the latter in any case of letters.
        case word(String)
        /// A name in backquotes.
        case name(String)
        case value(FilterValue)
        case comparison(Condition.Comparison)
        case open
        case close
        case comma
        case end
    }

    let kind: Kind
    /// In the UTF-8 of the filter.
    let place: Int
}

struct FilterScanner {
    let text: String
    private let bytes: [UInt8]
    private var position = 0

    init(_ text: String) {
        self.text = text
        bytes = Array(text.utf8)
    }

    private func problem(_ reason: String, at place: Int) -> FilterProblem {
        FilterProblem(reason, in: text, at: place)
    }

    mutating func next() throws(FilterProblem) -> FilterToken {
        while position < bytes.count, [0x20, 0x09, 0x0a, 0x0d].contains(bytes[position]) {
            position += 1
        }
        let place = position
        guard position < bytes.count else { return FilterToken(kind: .end, place: place) }
        let byte = bytes[position]
        let kind: FilterToken.Kind
        switch byte {
        case UInt8(ascii: "("): kind = sign(.open)
        case UInt8(ascii: ")"): kind = sign(.close)
        case UInt8(ascii: ","): kind = sign(.comma)
        case UInt8(ascii: "="), UInt8(ascii: "!"), UInt8(ascii: "<"), UInt8(ascii: ">"):
            kind = .comparison(try comparison())
        case UInt8(ascii: "\""), UInt8(ascii: "'"):
            kind = .value(.string(try quoted("string")))
        case UInt8(ascii: "`"): kind = .name(try quoted("name"))
        case UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "."), 0x30...0x39:
            kind = .value(try number())
        case _ where Self.isOfWord(byte): kind = .word(word())
        default:
            throw problem("a field, a value or a sign is expected here", at: place)
        }
        return FilterToken(kind: kind, place: place)
    }

    private mutating func sign(_ kind: FilterToken.Kind) -> FilterToken.Kind {
        position += 1
        return kind
    }

    private mutating func comparison() throws(FilterProblem) -> Condition.Comparison {
        let place = position
        while position < bytes.count, position < place + 2,
            [UInt8(ascii: "="), UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "!")].contains(
                bytes[position])
        { position += 1 }
        let sign = String(decoding: bytes[place..<position], as: UTF8.self)
        if sign == "==" { return .equal }
        guard let known = Condition.Comparison(rawValue: sign) else {
            throw problem("\(sign) is no comparison; use = != < <= > or >=", at: place)
        }
        return known
    }

    /// Up to the same quote again. A backslash makes the next character what it is.
    private mutating func quoted(_ what: String) throws(FilterProblem) -> String {
        let place = position
        let quote = bytes[position]
        var plain: [UInt8] = []
        position += 1
        while position < bytes.count {
            let byte = bytes[position]
            position += 1
            if byte == quote { return String(decoding: plain, as: UTF8.self) }
            if byte == UInt8(ascii: "\\"), position < bytes.count {
                plain.append(bytes[position])
                position += 1
            } else {
                plain.append(byte)
            }
        }
        throw problem("the \(what) that begins here does not end", at: place)
    }

    private mutating func number() throws(FilterProblem) -> FilterValue {
        let place = position
        while position < bytes.count, Self.isOfWord(bytes[position]) || bytes[position] == 0x2b {
            position += 1
        }
        let text = String(decoding: bytes[place..<position], as: UTF8.self)
        if let integer = Int64(text) { return .integer(integer) }
        let known = Array("0123456789+-.eE".utf8)
        guard text.utf8.allSatisfy(known.contains), let number = Double(text), number.isFinite
        else {
            throw problem("\(text.prefix(40)) is no number; put strings in quotes", at: place)
        }
        return .number(number)
    }

    private mutating func word() -> String {
        let place = position
        while position < bytes.count, Self.isOfWord(bytes[position]) { position += 1 }
        return String(decoding: bytes[place..<position], as: UTF8.self)
    }

    /// Letters, digits, and signs that names of fields often have; all beyond ASCII are letters.
    private static func isOfWord(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, 0x80...0xff: true
        default: Array("_-.:".utf8).contains(byte)
        }
    }
}
