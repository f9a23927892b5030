// The files in which the programs that train models of late interaction keep their settings.

extension LateInteractionFolder {
    /// Keys of PyLate in config_sentence_transformers.json.
    struct PyLate: Decodable {
        let modelType: String?
        let similarityFnName: String?
        let queryPrefix: String?
        let documentPrefix: String?
        let queryLength: Int?
        let documentLength: Int?
        let attendToExpansionTokens: Bool?
        let doQueryExpansion: Bool?
        let skiplistWords: [String]?

        var isThere: Bool {
            modelType == "ColBERT" || similarityFnName == "MaxSim" || queryPrefix != nil
                || documentPrefix != nil || queryLength != nil || documentLength != nil
        }
    }

    /// artifact.metadata.
    struct Artifact: Decodable {
        let queryMaxlen: Int?
        let docMaxlen: Int?
        let dim: Int?
        let maskPunctuation: Bool?
        let attendToMaskTokens: Bool?
        let queryTokenId: String?
        let docTokenId: String?
    }

    struct Architectures: Decodable { let architectures: [String]? }

    /// Of sentence-transformers' Transformer module, since its version 6.
    struct Lengths: Decodable {
        let queryLength: Int?
        let documentLength: Int?
        let queryExpansion: Expansion?

        struct Expansion: Decodable {
            let strategy: String
            let attend: Bool?
            let token: String?
            let length: Int
        }
    }

    /// Of sentence-transformers' MultiVectorMask module.
    struct TokenMask: Decodable {
        let skiplistWords: [String]?
        let skiplistTasks: [String]?
        let keepOnlyTokenIds: [Int]?
    }

    /// What is not said is as in PyLate's ColBERT class.
    mutating func obey(_ said: PyLate) {
        queryPrefix = said.queryPrefix ?? "[Q] "
        documentPrefix = said.documentPrefix ?? "[D] "
        queryLength = said.queryLength ?? 32
        documentLength = said.documentLength ?? 180
        if said.doQueryExpansion ?? true {
            expansion = Expansion(isKey: said.attendToExpansionTokens ?? false)
        }
        skipped = .words(said.skiplistWords ?? Self.punctuation)
    }

    /// What is not said is as in Stanford's ColBERTConfig.
    mutating func obey(_ said: Artifact?) {
        queryPrefix = said?.queryTokenId ?? "[unused0]"
        documentPrefix = said?.docTokenId ?? "[unused1]"
        queryLength = said?.queryMaxlen ?? 32
        documentLength = said?.docMaxlen ?? 220
        expansion = Expansion(isKey: said?.attendToMaskTokens ?? false)
        skipped = said?.maskPunctuation ?? true ? .punctuation : .words([])
        dimension = said?.dim
    }

    /// The tokens that say which role a text has stand in the folder's prompts.
    mutating func obey(_ mask: TokenMask, _ lengths: Lengths?) throws(ModelError) {
        if !(mask.keepOnlyTokenIds ?? []).isEmpty {
            throw .unsupported(path: path, feature: "keep_only_token_ids")
        }
        skipped = .words(mask.skiplistWords ?? [])
        skipsInQueries = mask.skiplistTasks?.contains("query") ?? false
        (queryLength, documentLength) = (lengths?.queryLength, lengths?.documentLength)
        guard let said = lengths?.queryExpansion else { return }
        expansion = Expansion(isKey: said.attend ?? false, token: said.token)
        switch said.strategy {
        case "fixed": queryLength = said.length
        case "min": expansion?.length = said.length
        default:
            throw .unsupported(path: path, feature: "the query expansion \(said.strategy)")
        }
    }
}
