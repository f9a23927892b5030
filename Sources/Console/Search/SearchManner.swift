// How the stages of a pipeline are run, whichever command asks.

import Protocol

struct SearchManner: Sendable {
    /// Nil: what suits the kind of stage.
    var probes: Int?
    var candidates: Int?
    var exhaustive = false
    /// Milliseconds of a query, all its stages together.
    var deadline = 10_000
    var partial = false
    var replicas = 2
    var filter: String?
    /// Fields that come with each hit.
    var shown: [String] = []
    var text = false
    var explain = false
    var trace = false
}

extension SearchArguments {
    var manner: SearchManner {
        SearchManner(
            probes: probes, candidates: candidates, exhaustive: exhaustive, deadline: deadline,
            partial: partial, replicas: replicas, filter: filter, shown: shown, text: text,
            explain: explain, trace: trace)
    }
}
