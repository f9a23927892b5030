// The `model` of a tokenizer.json: its settings, and where its vocabulary stands.

/// Settings by name; what is long is only located.
struct ModelFile {
    private var texts: [String: String] = [:]
    private var numbers: [String: Double] = [:]
    private var flags: [String: Bool] = [:]
    /// Where the values of these keys start.
    private(set) var places: [String: Int] = [:]

    init(_ reader: inout JSONReader) throws(TokenizerError) {
        var texts: [String: String] = [:]
        var numbers: [String: Double] = [:]
        var flags: [String: Bool] = [:]
        var places: [String: Int] = [:]
        try reader.object { (key, reader) throws(TokenizerError) in
            switch reader.upcoming() {
            case UInt8(ascii: "\""): texts[key] = try reader.string()
            case UInt8(ascii: "t"), UInt8(ascii: "f"): flags[key] = try reader.boolean()
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                places[key] = reader.position
                try reader.skip()
            case UInt8(ascii: "n"): try reader.skip()
            default: numbers[key] = try reader.number()
            }
        }
        self.texts = texts
        self.numbers = numbers
        self.flags = flags
        self.places = places
    }

    func text(_ key: String) -> String? { texts[key] }

    func flag(_ key: String) -> Bool { flags[key] ?? false }

    func number(_ key: String) -> Int? { numbers[key].flatMap { Int(exactly: $0) } }

    func real(_ key: String) -> Double? { numbers[key] }

    /// The model's kind; files of old do not say it.
    var kind: String {
        if let type = texts["type"] { return type }
        if places["merges"] != nil { return "BPE" }
        if texts["continuing_subword_prefix"] != nil { return "WordPiece" }
        if numbers["unk_id"] != nil { return "Unigram" }
        return "WordLevel"
    }

    func vocabulary(_ reader: inout JSONReader) throws(TokenizerError) -> Vocabulary {
        try seek("vocab", &reader)
        return try Vocabulary.read(&reader)
    }

    /// Goes to a value that must be there.
    func seek(_ key: String, _ reader: inout JSONReader) throws(TokenizerError) {
        guard let place = places[key] else { throw reader.failure("the model lacks its \(key)") }
        reader.seek(place)
    }
}
