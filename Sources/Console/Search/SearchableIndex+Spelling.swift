// The tokens that vectors of queries and of passages stand for, where that can be told.

import Models
import Retrieval

/// The tokens of a query, and those of its hits where the index keeps their texts.
struct Spelling: Sendable {
    let query: [String]
    private let model: LateInteractionModel?

    init(_ query: [String], _ model: LateInteractionModel?) {
        self.query = query
        self.model = model
    }

    func passage(_ text: String?) -> [String] {
        text.flatMap { model?.documentTokens($0) } ?? []
    }
}

extension SearchableIndex {
    /// Whether each vector of a passage is that of one token of its text, which the index keeps.
    var spellsPassages: Bool {
        let settings = manifest.model.settings
        return settings["poolFactor"] == nil && settings["keptTokens"] == nil
            && manifest.building?["keepsText"] != "false"
    }

    func spelling(of query: String) -> Spelling {
        let model = models.tokens
        return Spelling(model?.queryTokens(query) ?? [], spellsPassages ? model : nil)
    }
}
