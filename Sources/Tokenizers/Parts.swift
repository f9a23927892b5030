// Reads a tokenizer.json: its top level and the added tokens.

/// What a file consists of.
struct Parts: ~Copyable {
    /// As many as any published file has, ten times over.
    private static let addedMax = 100_000
    private static let addedBytesMax = 4096

    var normalizers: [Normalizer] = []
    var preTokenizers: [PreTokenizer] = []
    var postProcessor = PostProcessor()
    var model: Model
    /// Whether texts that are too long lose their beginning.
    private(set) var cutsFront = false
    var added = AddedTokens()
    var addedNormalized = AddedTokens()
    /// By the bytes of their texts: strings that look alike are equal in Swift.
    private(set) var addedByName: [[UInt8]: Int32] = [:]
    /// How many of these the model does not know.
    private var newCount: Int32 = 0

    init(
        _ raw: UnsafeRawBufferPointer, name: String, settings: TokenizerSettings
    ) throws(TokenizerError) {
        guard let start = raw.baseAddress, raw.count <= Tokenizer.fileBytesMax else {
            throw .malformed(
                name: name, offset: 0,
                reason: "\(raw.count) bytes; the limit is \(Tokenizer.fileBytesMax)")
        }
        var reader = try JSONReader(
            Bytes(start: start.assumingMemoryBound(to: UInt8.self), count: raw.count), name: name)
        let (places, file) = try Self.places(&reader)
        if let place = places["normalizer"] {
            reader.seek(place)
            try Normalizer.read(&reader, &normalizers)
        }
        settings.change(&normalizers)
        if let place = places["pre_tokenizer"] {
            reader.seek(place)
            try PreTokenizer.read(&reader, &preTokenizers)
        }
        settings.change(&preTokenizers)
        if let place = places["post_processor"] {
            reader.seek(place)
            postProcessor = try PostProcessor.read(&reader) ?? PostProcessor()
        }
        var tokens: [AddedToken] = []
        if let place = places["added_tokens"] {
            reader.seek(place)
            tokens = try Self.addedTokens(&reader)
        }
        cutsFront = settings.cutsFront
        guard let file else { throw reader.failure("it lacks its model") }
        let model = try Model.read(
            file, &reader, isByteLevel: try PreTokenizer.isByteLevel(preTokenizers, reader))
        for named in [settings.firstToken, settings.lastToken] {
            guard let named else { continue }
            guard tokens.contains(where: { $0.content == Array(named.utf8) })
                || Self.id(of: named, model) != nil
            else {
                throw reader.unsupported(
                    "the token \(named.debugDescription) around texts, which it does not know")
            }
        }
        self.model = model
        for token in tokens { add(token) }
        postProcessor.surround(
            with: settings.firstToken.flatMap { id(of: $0) },
            settings.lastToken.flatMap { id(of: $0) })
    }

    /// Where the values of the top level start, and the model's settings, after a look at all of
    /// the text.
    private static func places(
        _ reader: inout JSONReader
    ) throws(TokenizerError) -> (places: [String: Int], model: ModelFile?) {
        var places: [String: Int] = [:]
        var model: ModelFile?
        try reader.object { (key, reader) throws(TokenizerError) in
            guard try !reader.null() else { return }
            if key == "model" { return model = try ModelFile(&reader) }
            places[key] = reader.position
            try reader.skip()
        }
        try reader.end()
        return (places, model)
    }

    // MARK: Added tokens

    private static func addedTokens(
        _ reader: inout JSONReader
    ) throws(TokenizerError) -> [AddedToken] {
        var tokens: [AddedToken] = []
        var list = try reader.beginArray()
        while try reader.nextElement(&list) {
            guard tokens.count < addedMax else {
                throw reader.failure("more than \(addedMax) added tokens")
            }
            var token = AddedToken()
            try reader.object { (key, reader) throws(TokenizerError) in
                switch key {
                case "id": token.id = try reader.id()
                case "content":
                    token.content = try reader.string("an added token", most: addedBytesMax)
                case "single_word": token.isSingleWord = try reader.boolean()
                case "lstrip": token.takesLeft = try reader.boolean()
                case "rstrip": token.takesRight = try reader.boolean()
                case "normalized": token.isNormalized = try reader.boolean()
                default: try reader.skip()
                }
            }
            tokens.append(token)
        }
        return tokens
    }

    /// The model's id of a token counts. Those that the model does not know are numbered as the
    /// `tokenizers` library does, whatever the file says: one after the other, from the number of
    /// the model's tokens on.
    private mutating func add(_ token: AddedToken) {
        guard !token.content.isEmpty else { return }
        var token = token
        var text = Growing<UInt8>(capacity: token.content.count)
        for byte in token.content { text.append(byte) }
        let known = model.id(text.bytes)
        if let id = known >= 0 ? known : addedByName[token.content] {
            token.id = id
        } else {
            token.id = model.tokensCount + newCount
            newCount += 1
        }
        addedByName[token.content] = token.id
        guard token.isNormalized else { return added.insert(token, as: text.bytes) }
        var buffers = TextBuffers()
        let normalized = normalizers.apply(text.bytes, &buffers)
        addedNormalized.insert(token, as: normalized)
    }

    // MARK: Ids

    /// The id of a token as the vocabulary spells it, nil if there is none.
    func id(of token: String) -> Int32? {
        addedByName[Array(token.utf8)] ?? Self.id(of: token, model)
    }

    private static func id(of token: String, _ model: borrowing Model) -> Int32? {
        var token = token
        return token.withUTF8 { utf8 -> Int32? in
            guard let start = utf8.baseAddress else { return nil }
            let id = model.id(Bytes(start: start, count: utf8.count))
            return id < 0 ? nil : id
        }
    }

    /// Of all that a text or a pair may become.
    var idMax: Int32 {
        max(model.idMax, addedByName.values.max() ?? -1, postProcessor.idMax)
    }
}
