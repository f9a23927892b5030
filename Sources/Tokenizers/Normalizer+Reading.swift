// Reads normalizers from a tokenizer.json.

extension Normalizer {
    /// The settings of any step, by the names that the format has.
    private struct Settings {
        var type = ""
        var flags: [String: Bool] = [:]
        var texts: [String: [UInt8]] = [:]
        var pattern: TextPattern?
    }

    /// Appends the steps of the normalizer that comes next.
    static func read(
        _ reader: inout JSONReader, _ steps: inout [Normalizer]
    ) throws(TokenizerError) {
        var settings = Settings()
        var places: [Int] = []
        try reader.object { (key, reader) throws(TokenizerError) in
            switch key {
            case "type": settings.type = try reader.string()
            case "normalizers":
                try reader.array { (reader) throws(TokenizerError) in
                    _ = reader.upcoming()
                    places.append(reader.position)
                    try reader.skip()
                }
            case "pattern":
                settings.pattern = try TextPattern.read(&reader, "the normalizer Replace")
            case "precompiled_charsmap":
                if try !reader.null() {
                    settings.texts[key] = try reader.string("a character map", most: 1 << 24)
                }
            case "content", "prepend":
                settings.texts[key] = try reader.string("a replacement", most: contentBytesMax)
            default:
                switch reader.upcoming() {
                case UInt8(ascii: "t"), UInt8(ascii: "f"):
                    settings.flags[key] = try reader.boolean()
                default: try reader.skip()
                }
            }
        }
        let end = reader.position
        if settings.type == "Sequence" {
            for place in places {
                reader.seek(place)
                try read(&reader, &steps)
            }
            reader.seek(end)
        } else {
            steps.append(try step(settings, reader))
        }
        guard steps.count <= stepsMax else {
            throw reader.failure("more than \(stepsMax) normalizers")
        }
    }

    private static func step(
        _ settings: Settings, _ reader: borrowing JSONReader
    ) throws(TokenizerError) -> Normalizer {
        let flags = settings.flags
        switch settings.type {
        case "BertNormalizer":
            let lowers = flags["lowercase"] ?? true
            return .bert(
                BertNormalizer(
                    cleans: flags["clean_text"] ?? true,
                    surroundsIdeographs: flags["handle_chinese_chars"] ?? true,
                    stripsAccents: flags["strip_accents"] ?? lowers, lowers: lowers))
        case "Strip":
            return .strip(left: flags["strip_left"] ?? true, right: flags["strip_right"] ?? true)
        case "StripAccents": return .stripAccents
        case "NFC": return .form(NormalForm(isComposed: true, isCompatible: false))
        case "NFD": return .form(NormalForm(isComposed: false, isCompatible: false))
        case "NFKC": return .form(NormalForm(isComposed: true, isCompatible: true))
        case "NFKD": return .form(NormalForm(isComposed: false, isCompatible: true))
        case "Lowercase": return .lowercase
        case "Nmt": return .nmt
        case "Precompiled":
            guard
                let map = settings.texts["precompiled_charsmap"].flatMap(decodedBase64)
                    .flatMap(CharacterMap.init)
            else { throw reader.failure("precompiled_charsmap is no map of characters") }
            return .precompiled(map)
        case "Replace":
            guard let pattern = settings.pattern, let content = settings.texts["content"] else {
                throw reader.failure("the normalizer Replace lacks its pattern or its content")
            }
            return .replace(pattern, with: content)
        case "Prepend": return .prepend(settings.texts["prepend"] ?? [])
        case "ByteLevel": return .byteLevel
        default: throw reader.unsupported("a normalizer of type \(settings.type)")
        }
    }

    /// RFC 4648, with padding; nil if it is something else.
    static func decodedBase64(_ text: [UInt8]) -> [UInt8]? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count / 4 * 3)
        var group: UInt32 = 0
        var bits: UInt32 = 0
        let body = text.prefix { $0 != UInt8(ascii: "=") }
        guard text.count % 4 == 0, text.count - body.count <= 2,
            text[body.count...].allSatisfy({ $0 == UInt8(ascii: "=") })
        else { return nil }
        for character in body {
            guard let value = base64Value(character) else { return nil }
            group = group << 6 | value
            bits += 6
            if bits >= 8 {
                bits -= 8
                bytes.append(UInt8(truncatingIfNeeded: group >> bits))
            }
        }
        return bytes
    }

    private static func base64Value(_ character: UInt8) -> UInt32? {
        switch character {
        case 0x41...0x5a: UInt32(character) - 0x41
        case 0x61...0x7a: UInt32(character) - 0x61 + 26
        case 0x30...0x39: UInt32(character) - 0x30 + 52
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }
}

extension TextPattern {
    /// `{"String": ...}` or `{"Regex": ...}`; `owner` names the step in errors.
    static func read(
        _ reader: inout JSONReader, _ owner: String
    ) throws(TokenizerError) -> TextPattern {
        let (text, isRegex) = try readText(&reader, owner)
        guard isRegex else { return .literal(text) }
        let regex = String(decoding: text, as: UTF8.self)
        guard let pattern = known[regex] else {
            throw reader.unsupported("the pattern \(regex) in \(owner)")
        }
        return pattern
    }

    static func readText(
        _ reader: inout JSONReader, _ owner: String
    ) throws(TokenizerError) -> (text: [UInt8], isRegex: Bool) {
        var text: [UInt8]?
        var isRegex = false
        if reader.upcoming() == UInt8(ascii: "\"") {
            text = try reader.string("a pattern", most: Normalizer.contentBytesMax)
        } else {
            try reader.object { (key, reader) throws(TokenizerError) in
                text = try reader.string("a pattern", most: Normalizer.contentBytesMax)
                isRegex = key == "Regex"
                guard isRegex || key == "String" else {
                    throw reader.unsupported("a pattern of kind \(key) in \(owner)")
                }
            }
        }
        guard let text, !text.isEmpty else { throw reader.failure("\(owner) has no pattern") }
        return (text, isRegex)
    }
}
