// Reads post-processors from a tokenizer.json.

extension PostProcessor {
    /// nil for one that adds nothing.
    static func read(_ reader: inout JSONReader) throws(TokenizerError) -> PostProcessor? {
        var type = ""
        var single: [Piece] = []
        var pair: [Piece] = []
        var places: [String: Int] = [:]
        try reader.object { (key, reader) throws(TokenizerError) in
            if key == "type" {
                type = try reader.string()
            } else {
                _ = reader.upcoming()
                places[key] = reader.position
                try reader.skip()
            }
        }
        let end = reader.position
        defer { reader.seek(end) }
        switch type {
        case "ByteLevel": return nil
        case "BertProcessing", "RobertaProcessing":
            let start = try namedID("cls", places, &reader)
            let separator = try namedID("sep", places, &reader)
            return type == "BertProcessing"
                ? bert(start: start, separator: separator)
                : roberta(start: start, separator: separator)
        case "TemplateProcessing":
            let specials = try specials(places, &reader)
            single = try template("single", places, specials, &reader)
            pair = try template("pair", places, specials, &reader)
            return PostProcessor(single: single, pair: pair)
        case "Sequence": return try sequence(places, &reader)
        default: throw reader.unsupported("a post-processor of type \(type)")
        }
    }

    /// At most one of a sequence may add something.
    private static func sequence(
        _ places: [String: Int], _ reader: inout JSONReader
    ) throws(TokenizerError) -> PostProcessor? {
        guard let place = places["processors"] else { return nil }
        reader.seek(place)
        var found: PostProcessor?
        var list = try reader.beginArray()
        while try reader.nextElement(&list) {
            guard let next = try read(&reader) else { continue }
            guard found == nil else {
                throw reader.unsupported("a sequence of post-processors that add tokens")
            }
            found = next
        }
        return found
    }

    /// `["[SEP]", 102]`
    private static func namedID(
        _ key: String, _ places: [String: Int], _ reader: inout JSONReader
    ) throws(TokenizerError) -> Int32 {
        guard let place = places[key] else {
            throw reader.failure("the post-processor lacks its \(key)")
        }
        reader.seek(place)
        var id: Int32?
        var isName = true
        try reader.array { (reader) throws(TokenizerError) in
            if isName { _ = try reader.span() } else { id = try reader.id() }
            isName = false
        }
        guard let id else { throw reader.failure("\(key) lacks its id") }
        return id
    }

    private static func specials(
        _ places: [String: Int], _ reader: inout JSONReader
    ) throws(TokenizerError) -> [String: [Int32]] {
        guard let place = places["special_tokens"] else { return [:] }
        reader.seek(place)
        var specials: [String: [Int32]] = [:]
        try reader.object { (name, reader) throws(TokenizerError) in
            var ids: [Int32] = []
            try reader.object { (key, reader) throws(TokenizerError) in
                guard key == "ids" else { return try reader.skip() }
                try reader.array { (reader) throws(TokenizerError) in
                    guard ids.count < specialMax else {
                        throw reader.failure("a special token of more than \(specialMax) ids")
                    }
                    ids.append(try reader.id())
                }
            }
            specials[name] = ids
        }
        return specials
    }

    private static func template(
        _ key: String, _ places: [String: Int], _ specials: [String: [Int32]],
        _ reader: inout JSONReader
    ) throws(TokenizerError) -> [Piece] {
        guard let place = places[key] else { throw reader.failure("the template lacks its \(key)") }
        reader.seek(place)
        var pieces: [Piece] = []
        var texts: [Bool] = []
        var list = try reader.beginArray()
        while try reader.nextElement(&list) {
            try reader.object { (kind, reader) throws(TokenizerError) in
                let (name, type) = try piece(&reader)
                switch kind {
                case "Sequence":
                    texts.append(name == "B")
                    pieces.append(.text(isSecond: name == "B", type: type))
                case "SpecialToken":
                    guard let ids = specials[name] else {
                        throw reader.failure("the template's \(name) is no special token of it")
                    }
                    pieces.append(.special(ids, type: type))
                default: throw reader.unsupported("a piece \(kind) of a template")
                }
            }
        }
        let wanted = key == "single" ? [false] : [false, true]
        guard texts == wanted || texts == wanted.reversed() else {
            throw reader.unsupported("a template \(key) that has not each text once")
        }
        let ids = PostProcessor(single: pieces, pair: []).singleSpecials
        guard ids <= specialMax else {
            throw reader.failure("a template that adds \(ids) ids, the limit is \(specialMax)")
        }
        return pieces
    }

    private static func piece(
        _ reader: inout JSONReader
    ) throws(TokenizerError) -> (name: String, type: UInt8) {
        var name = ""
        var type = 0
        try reader.object { (key, reader) throws(TokenizerError) in
            switch key {
            case "id": name = try reader.string()
            case "type_id": type = try reader.integer("a type_id", most: 255)
            default: try reader.skip()
            }
        }
        return (name, UInt8(type))
    }
}
