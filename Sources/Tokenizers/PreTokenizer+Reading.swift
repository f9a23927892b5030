// Reads pre-tokenizers from a tokenizer.json.

extension PreTokenizer {
    /// The settings of any step, by the names that the format has.
    private struct Settings {
        var type = ""
        var flags: [String: Bool] = [:]
        var texts: [String: String] = [:]
        var pattern: (text: [UInt8], isRegex: Bool)?
    }

    /// Appends the steps of the pre-tokenizer that comes next.
    static func read(
        _ reader: inout JSONReader, _ steps: inout [PreTokenizer]
    ) throws(TokenizerError) {
        var settings = Settings()
        var places: [Int] = []
        try reader.object { (key, reader) throws(TokenizerError) in
            switch (key, reader.upcoming()) {
            case ("pretokenizers", _):
                try reader.array { (reader) throws(TokenizerError) in
                    _ = reader.upcoming()
                    places.append(reader.position)
                    try reader.skip()
                }
            case ("pattern", _):
                settings.pattern = try TextPattern.readText(&reader, "the pre-tokenizer Split")
            case (_, UInt8(ascii: "\"")): settings.texts[key] = try reader.string()
            case (_, UInt8(ascii: "t")), (_, UInt8(ascii: "f")):
                settings.flags[key] = try reader.boolean()
            default: try reader.skip()
            }
        }
        settings.type = settings.texts["type"] ?? ""
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
            throw reader.failure("more than \(stepsMax) pre-tokenizers")
        }
    }

    private static func step(
        _ settings: Settings, _ reader: borrowing JSONReader
    ) throws(TokenizerError) -> PreTokenizer {
        switch settings.type {
        case "BertPreTokenizer": return .bert
        case "Whitespace": return .whitespace
        case "WhitespaceSplit": return .whitespaceSplit
        case "Punctuation": return .punctuation(try behavior(settings, reader))
        case "Digits": return .digits(isIndividual: settings.flags["individual_digits"] ?? false)
        case "Delimiter", "CharDelimiterSplit":
            let delimiter = Array((settings.texts["delimiter"] ?? "").utf8)
            guard !delimiter.isEmpty else { throw reader.failure("a delimiter lacks") }
            return .split(.literal(delimiter), .removed, isInverted: false)
        case "Metaspace": return .metaspace(try metaspace(settings, reader))
        case "ByteLevel":
            return .byteLevel(
                addsPrefixSpace: settings.flags["add_prefix_space"] ?? true,
                splits: settings.flags["use_regex"] ?? true)
        case "Split": return try split(settings, reader)
        default: throw reader.unsupported("a pre-tokenizer of type \(settings.type)")
        }
    }

    private static func behavior(
        _ settings: Settings, _ reader: borrowing JSONReader
    ) throws(TokenizerError) -> SplitBehavior {
        guard let name = settings.texts["behavior"] else { return .isolated }
        guard let behavior = SplitBehavior(rawValue: name) else {
            throw reader.unsupported("the behavior \(name) of a pre-tokenizer")
        }
        return behavior
    }

    private static func metaspace(
        _ settings: Settings, _ reader: borrowing JSONReader
    ) throws(TokenizerError) -> Metaspace {
        var prepend = Metaspace.Prepend.always
        if let name = settings.texts["prepend_scheme"] {
            guard let known = Metaspace.Prepend(rawValue: name) else {
                throw reader.unsupported("the prepend_scheme \(name)")
            }
            prepend = known
        }
        if settings.flags["add_prefix_space"] == false {
            guard settings.texts["prepend_scheme"] == nil || prepend == .never else {
                throw reader.failure("add_prefix_space contradicts prepend_scheme")
            }
            prepend = .never
        }
        let replacement = settings.texts["replacement"] ?? "\u{2581}"
        guard replacement.unicodeScalars.count == 1, replacement != " " else {
            throw reader.failure("Metaspace needs a single character as its replacement")
        }
        return Metaspace(
            replacement: Array(replacement.utf8), prepend: prepend,
            splits: settings.flags["split"] ?? true)
    }

    private static func split(
        _ settings: Settings, _ reader: borrowing JSONReader
    ) throws(TokenizerError) -> PreTokenizer {
        guard let pattern = settings.pattern else {
            throw reader.failure("the pre-tokenizer Split lacks its pattern")
        }
        let behavior = try behavior(settings, reader)
        let isInverted = settings.flags["invert"] ?? false
        guard pattern.isRegex else {
            return .split(.literal(pattern.text), behavior, isInverted: isInverted)
        }
        let regex = String(decoding: pattern.text, as: UTF8.self)
        if let words = WordPattern.known[regex] {
            return .words(words, behavior, isInverted: isInverted)
        }
        guard let known = TextPattern.known[regex] else {
            throw reader.unsupported("the pattern \(regex) in the pre-tokenizer Split")
        }
        return .split(known, behavior, isInverted: isInverted)
    }

    /// Whether the model sees bytes. Its steps would see letters if any came behind ByteLevel.
    static func isByteLevel(
        _ steps: [PreTokenizer], _ reader: borrowing JSONReader
    ) throws(TokenizerError) -> Bool {
        let places = steps.indices.filter {
            if case .byteLevel = steps[$0] { true } else { false }
        }
        guard let first = places.first else { return false }
        guard first == steps.count - 1 else {
            throw reader.unsupported("a pre-tokenizer behind ByteLevel")
        }
        return true
    }
}
