// What a folder says about late interaction, in the words of PyLate, of Stanford's ColBERT, of
// sentence-transformers, or not at all.

/// The settings of these kinds of checkpoints, and those of an encoder that has none.
struct LateInteractionFolder {
    /// Who wrote the folder.
    enum Origin: String {
        case pylate = "PyLate"
        case stanford = "Stanford ColBERT"
        case sentenceTransformers = "sentence-transformers"
        case encoder = "encoder"
    }

    /// What has no vectors in documents.
    enum Skipped: Equatable {
        /// Tokens of these names.
        case words([String])
        /// What the tokenizer makes of punctuation, and padding.
        case punctuation
    }

    /// What short queries are lengthened with.
    struct Expansion {
        /// Whether the other tokens look at it.
        var isKey: Bool
        /// Its name; nil for the mask.
        var token: String?
        /// Up to how many tokens; nil for as many as a query may have.
        var length: Int?
    }

    let origin: Origin
    /// Names of the tokens that stand behind the first one; empty for none.
    var queryPrefix = ""
    var documentPrefix = ""
    var queryLength: Int?
    var documentLength: Int?
    var expansion: Expansion?
    var skipped = Skipped.words([])
    /// Whether queries, too, have no vectors of what is skipped.
    var skipsInQueries = false
    /// Of token vectors, where a checkpoint says so.
    var dimension: Int?
    /// Where the settings stand.
    let path: String

    /// The ASCII characters of Python's string.punctuation.
    static let punctuation = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~".map(String.init)

    init(_ directory: String, _ folder: SentenceFolder) throws(ModelError) {
        let settings = "\(directory)/config_sentence_transformers.json"
        let artifact = "\(directory)/artifact.metadata"
        let config = try JSONFile.readIfThere(
            Architectures.self, "\(folder.checkpoint)/config.json")
        if config?.architectures?.first == "HF_ColBERT" {
            (origin, path) = (.stanford, artifact)
            obey(try JSONFile.readIfThere(Artifact.self, artifact))
        } else if let mask = folder.tokenMask {
            (origin, path) = (.sentenceTransformers, "\(mask)/config.json")
            try obey(
                JSONFile.read(TokenMask.self, path),
                folder.transformerPath.map { file throws(ModelError) in
                    try JSONFile.read(Lengths.self, file)
                })
        } else if folder.isSentenceTransformers,
            let said = try JSONFile.readIfThere(PyLate.self, settings), said.isThere
        {
            (origin, path) = (.pylate, settings)
            obey(said)
        } else {
            (origin, path) = (.encoder, settings)
        }
    }
}
