// From a value as it stands in a file to one of the kind that its field has.

extension DocumentValue {
    /// - Throws: a sentence that names the field, if the value is not of its kind.
    init(_ value: JSONValue, of field: MetadataField) throws(Malformed) {
        switch value {
        case .missing: self = .missing
        case .string(let bytes):
            let text = try Self.string(bytes, of: field)
            switch field.kind {
            case nil, .string: self = .string(text)
            case .strings: self = .strings([text])
            default: throw field.complaint("a string")
            }
        case .number(let bytes):
            try self.init(number: String(decoding: bytes, as: UTF8.self), of: field)
        case .other(let what, let bytes):
            switch (what, field.kind) {
            case ("true", nil), ("true", .boolean): self = .boolean(true)
            case ("false", nil), ("false", .boolean): self = .boolean(false)
            case ("a list", nil), ("a list", .strings):
                self = .strings(try Self.strings(bytes, of: field))
            default: throw field.complaint(what)
            }
        }
    }

    /// - Throws: the same. An empty column is a value that is missing.
    init(_ column: DelimitedField, of field: MetadataField) throws(Malformed) {
        var bytes: [UInt8] = []
        var repairs = 0
        column.append(to: &bytes, repairs: &repairs)
        if bytes.isBlank {
            self = .missing
            return
        }
        let text = String(decoding: bytes, as: UTF8.self)
        switch field.kind {
        case nil, .string: self = .string(try field.checked(text))
        case .strings:
            let parts = text.split(separator: ";").map(\.withoutBlanks).filter { !$0.isEmpty }
            try field.check(count: parts.count)
            var texts: [String] = []
            for part in parts { texts.append(try field.checked(String(part))) }
            self = .strings(texts)
        case .boolean:
            guard ["true", "false"].contains(text.lowercased()) else {
                throw field.complaint(text.shown)
            }
            self = .boolean(text.lowercased() == "true")
        case .integer, .number:
            try self.init(number: text, of: field)
        }
    }

    private init(number text: String, of field: MetadataField) throws(Malformed) {
        let isWhole = text.utf8.allSatisfy {
            (0x30...0x39).contains($0) || $0 == 0x2d || $0 == 0x2b
        }
        switch field.kind {
        case nil where isWhole, .integer:
            guard isWhole, let integer = Int64(text) else { throw field.complaint(text.shown) }
            self = .integer(integer)
        case nil, .number:
            let known = Array("0123456789+-.eE".utf8)
            guard text.utf8.allSatisfy(known.contains), let number = Double(text), number.isFinite
            else { throw field.complaint(text.shown) }
            self = .number(number)
        default: throw field.complaint("a number")
        }
    }

    private static func string(
        _ bytes: UnsafeRawBufferPointer, of field: MetadataField
    ) throws(Malformed) -> String {
        var plain: [UInt8] = []
        var repairs = 0
        try JSONString.append(bytes, to: &plain, repairs: &repairs)
        return try field.checked(String(decoding: plain, as: UTF8.self))
    }

    private static func strings(
        _ bytes: UnsafeRawBufferPointer, of field: MetadataField
    ) throws(Malformed) -> [String] {
        var record = JSONRecord(bytes)
        guard let items = try record.strings() else {
            throw field.complaint("a list of other things than strings")
        }
        try field.check(count: items.count)
        var texts: [String] = []
        for item in items { texts.append(try string(item, of: field)) }
        return texts
    }
}

extension MetadataField {
    fileprivate func complaint(_ what: String) -> Malformed {
        let expected =
            switch kind {
            case nil: "a string, a number, a boolean or a list of strings"
            case .integer: "an integer of 64 bits"
            case .strings: "a string or a list of strings"
            case .some(let kind): "a \(kind.rawValue)"
            }
        return Malformed("the field \(name.shown) is \(what) and not \(expected)")
    }

    fileprivate func checked(_ text: String) throws(Malformed) -> String {
        guard text.utf8.count <= Self.valueBytesMax else {
            throw Malformed(
                "the field \(name.shown) has a string of \(text.utf8.count) bytes; the limit is "
                    + "\(Self.valueBytesMax)")
        }
        return text
    }

    fileprivate func check(count: Int) throws(Malformed) {
        guard count <= Self.valuesMax else {
            throw Malformed(
                "the field \(name.shown) has \(count) strings; the limit is \(Self.valuesMax)")
        }
    }
}

extension String {
    /// Short, and nothing that a terminal would act upon.
    fileprivate var shown: String { String(prefix(100)).debugDescription }
}

extension Substring {
    fileprivate var withoutBlanks: Substring {
        var part = self
        while part.first == " " { part.removeFirst() }
        while part.last == " " { part.removeLast() }
        return part
    }
}
