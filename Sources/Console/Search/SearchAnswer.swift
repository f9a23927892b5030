// What is heard of a query: of each stage, and of all of them together.

import Protocol

/// A stage as it went.
struct StageTrace: Encodable, Sendable {
    let stage: String
    let found: Int
    /// On the coordinator, and of the slowest worker.
    let milliseconds: Double
    let slowestMilliseconds: Double
}

struct SearchAnswer: Sendable {
    var hits: [Hit]
    var stages: [StageTrace]
    /// Shards that did not answer.
    var missing: Set<Int>
    var isTruncated: Bool
    /// Of making the vectors of the query, and of everything.
    var encodingMilliseconds: Double
    var milliseconds: Double
}

/// What one stage has said.
struct StageAnswer: Sendable {
    var hits: [Hit] = []
    var missing: Set<Int>
    let trace: StageTrace
    /// From the question to the answer.
    var milliseconds = 0.0

    /// Of a stage for which no time was left.
    init(late stage: String, shards: Int) {
        missing = Set(0..<shards)
        trace = StageTrace(stage: stage, found: 0, milliseconds: 0, slowestMilliseconds: 0)
    }

    init(_ stage: String, _ heard: SearchSession.Heard) {
        hits = heard.hits
        missing = Set(heard.found.missing)
        milliseconds = heard.milliseconds
        trace = StageTrace(
            stage: stage, found: heard.hits.count,
            milliseconds: Double(heard.found.microseconds) / 1_000,
            slowestMilliseconds: Double(heard.found.slowestMicroseconds) / 1_000)
    }
}

extension SearchAnswer {
    mutating func take(_ stage: StageAnswer) {
        missing.formUnion(stage.missing)
        stages.append(stage.trace)
    }
}
