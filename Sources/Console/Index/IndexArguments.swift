// The flags of `sounder index build`.

import ArgumentParser
import Protocol

struct IndexArguments: ParsableArguments {
    @Option(help: "Bits of each number of a token vector: 2, 4 or 8.")
    var bits: Int?
    @Option(
        help: ArgumentHelp(
            "How token vectors are stored instead: int8, bf16 or f32.", valueName: "form"))
    var store: String?
    @Option(help: "Project token vectors to so many numbers. Default: as the model has them.")
    var projection: Int?
    @Option(
        help: ArgumentHelp(
            "The same by the principal components of a sample of the token vectors.",
            valueName: "numbers"))
    var principalComponents: Int?
    @Option(help: "Seed of the projection and of the centroids.")
    var seed: UInt64 = 1
    @Option(help: "Centroids. Default: as many as suit the number of tokens.")
    var centroids = 0
    @Flag(inversion: .prefixedNo, help: "Keep vectors of [CLS], [SEP] and their like.")
    var specialTokens = true
    @Flag(inversion: .prefixedNo, help: "Keep no vectors of punctuation. Default: the folder's.")
    var skipPunctuation: Bool?
    @Flag(inversion: .prefixedNo, help: "Index words for bm25.")
    var words = true
    @Option(help: "Language whose endings are cut off for bm25, such as english.")
    var stemming: String?
    @Flag(help: "Leave out English stop words for bm25.")
    var stopWords = false
    @Flag(help: "Keep a vector of each passage, too, by the model's own pooling.")
    var dense = false
    @Flag(inversion: .prefixedNo, help: "Keep the text of passages.")
    var keepText = true
    @Option(help: "Passages of a segment. Default: as many as give up to 16 segments.")
    var segmentPassages = 0

    func settings() throws(Fault) -> IndexSettings {
        var settings = IndexSettings()
        if let bits {
            guard [2, 4, 8].contains(bits) else {
                throw Fault(.usage, "--bits \(bits) is not known; use 2, 4 or 8")
            }
            guard store == nil else {
                throw Fault(.usage, "--bits and --store exclude each other; name one")
            }
            settings.form = "residual\(bits)"
        }
        if let store {
            guard ["int8", "bf16", "f32"].contains(store) else {
                throw Fault(
                    .usage, "--store \(store.prefix(100)) is not known; use int8, bf16 or f32")
            }
            settings.form = store
        }
        settings.projection = projection
        settings.principalComponents = principalComponents
        settings.seed = seed
        settings.centroids = centroids
        settings.keepsSpecialTokens = specialTokens
        settings.skipsPunctuation = skipPunctuation
        settings.words = words
        settings.stemming = stemming
        settings.dropsStopWords = stopWords
        settings.dense = dense
        settings.keepsText = keepText
        settings.segmentPassages = segmentPassages
        return settings
    }
}

struct IndexModelArguments: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Folder of the model, or the name by which `sounder model pull` fetched it.",
            valueName: "model"))
    var model: String?
    @Option(help: "Arithmetic of the model: f32, bf16 or int8.")
    var precision = "f32"
    @Option(help: "Tokens of a document at most. Default: as the folder says.")
    var maxLength: Int?
    @Option(help: "Text before every document; an empty one drops the folder's.")
    var prompt: String?
    @Option(help: "Use the hidden states of this layer instead of the last.")
    var layer: Int?

    func folder() throws(Fault) -> ModelFolder {
        guard let model else { throw Fault(.usage, "no model is named; pass --model MODEL") }
        return try ModelFolder(named: model)
    }

    func apply(to spec: inout EncodeDocuments) {
        spec.precision = precision
        spec.maxLength = maxLength
        spec.prompt = prompt
        spec.layer = layer
        spec.tokenLevel = true
    }
}
