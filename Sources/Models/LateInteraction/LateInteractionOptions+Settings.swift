// The options of late interaction as an index keeps them: names and texts.

extension LateInteractionOptions {
    /// - Throws: `.option` for a text that says nothing of its kind. Names that are not known are
    ///   those of others.
    public init(settings: [String: String]) throws(ModelError) {
        self.init()
        func number(_ name: String) throws(ModelError) -> Int? {
            guard let text = settings[name] else { return nil }
            guard let number = Int(text) else {
                throw .option("\(name) \(text.prefix(100).debugDescription) is not a number")
            }
            return number
        }
        func truth(_ name: String) throws(ModelError) -> Bool? {
            guard let text = settings[name] else { return nil }
            guard let truth = Bool(text) else {
                throw .option("\(name) \(text.prefix(100).debugDescription) is not true or false")
            }
            return truth
        }
        if let name = settings["precision"] {
            guard let precision = Precision(rawValue: name) else {
                throw .option("the precision \(name.prefix(100).debugDescription) is not known")
            }
            self.precision = precision
        }
        layer = try number("layer")
        documentLength = try number("documentLength")
        queryLength = try number("queryLength")
        documentPrompt = settings["documentPrompt"]
        queryPrompt = settings["queryPrompt"]
        keepsSpecialTokens = try truth("keepsSpecialTokens") ?? keepsSpecialTokens
        skipsPunctuation = try truth("skipsPunctuation")
        normalizes = try truth("normalizes") ?? normalizes
        dimension = try number("dimension")
        if let dimension = try number("projection") {
            projection = .random(
                dimension: dimension, seed: settings["seed"].flatMap { UInt64($0) } ?? 1)
        }
    }
}
