// The answer to one query, for people and for scripts.

import Protocol
import Retrieval

struct SearchDisplay {
    private let how: SearchManner
    private let index: SearchableIndex
    private let isJSON: Bool

    private struct Answer: Encodable {
        struct Passage: Encodable {
            let id: String
            let score: Float
            let text: String?
            let fields: [String: FieldValue]?
            let explanation: [Match]?
        }

        struct Match: Encodable {
            let queryToken: Int
            let passageToken: Int
            let score: Float
            /// As the vocabulary spells them; nil where a vector is not that of one token.
            let queryText: String?
            let passageText: String?
        }

        let query: String
        let hits: [Passage]
        let stages: [StageTrace]
        let missingShards: [Int]
        let queryTruncated: Bool
        let encodingMilliseconds: Double
        let milliseconds: Double
    }

    init(_ how: SearchManner, _ index: SearchableIndex, isJSON: Bool) {
        self.how = how
        self.index = index
        self.isJSON = isJSON
    }

    func show(_ query: String, _ answer: SearchAnswer) throws(Fault) {
        let spelling = how.explain ? index.spelling(of: query) : Spelling([], nil)
        var passages: [Answer.Passage] = []
        do throws(RetrievalError) {
            for hit in answer.hits { passages.append(try passage(hit, spelling)) }
        } catch { throw Fault(.internalError, "\(error)") }
        let shown = Answer(
            query: query, hits: passages, stages: answer.stages,
            missingShards: answer.missing.sorted(), queryTruncated: answer.isTruncated,
            encodingMilliseconds: answer.encodingMilliseconds, milliseconds: answer.milliseconds)
        if isJSON { return try Terminal.outputJSON(shown, isPretty: false) }
        for (rank, passage) in passages.enumerated() { show(passage, rank: rank + 1) }
        if !answer.missing.isEmpty {
            Terminal.say("\(answer.missing.count) shards did not answer in time")
        }
        if answer.isTruncated {
            Terminal.say("the query is longer than the model takes, and was cut")
        }
        for stage in how.trace ? answer.stages : [] {
            Terminal.say(
                "\(stage.stage): \(stage.found) found in \(stage.milliseconds.fixed(1)) ms, the "
                    + "slowest worker \(stage.slowestMilliseconds.fixed(1))")
        }
        Terminal.say(
            "\(passages.count) passages in \(answer.milliseconds.fixed(1)) ms"
                + answer.stages.map { ", \($0.stage) \($0.milliseconds.fixed(1))" }.joined())
    }

    private func passage(
        _ hit: Hit, _ spelling: Spelling
    ) throws(RetrievalError) -> Answer.Passage {
        let (text, matches, values) = try ShardHit.read(extra: hit.extra)
        let tokens = matches.isEmpty ? [] : spelling.passage(text)
        let explanation = matches.enumerated().map { number, match in
            Answer.Match(
                queryToken: number, passageToken: match.token, score: match.score,
                queryText: spelling.query.indices.contains(number) ? spelling.query[number] : nil,
                passageText: tokens.indices.contains(match.token) ? tokens[match.token] : nil)
        }
        return Answer.Passage(
            id: hit.id, score: hit.score, text: how.text ? text : nil,
            fields: how.shown.isEmpty ? nil : values,
            explanation: matches.isEmpty ? nil : explanation)
    }

    private func show(_ passage: Answer.Passage, rank: Int) {
        Terminal.output("\(rank)\t\(passage.score.shown)\t\(passage.id)")
        let values = how.shown.compactMap { name in
            passage.fields?[name].map { "\(name): \($0.shown)" }
        }
        if !values.isEmpty { Terminal.output("\t" + values.joined(separator: "; ").oneLine) }
        if let text = passage.text { Terminal.output("\t" + text.oneLine) }
        for match in passage.explanation ?? [] {
            let query = match.queryText?.oneLine.debugDescription ?? "token \(match.queryToken)"
            let met = match.passageText?.oneLine.debugDescription ?? "\(match.passageToken)"
            Terminal.output("\t\(query) met \(met): \(match.score.shown)")
        }
    }
}

extension FieldValue {
    fileprivate var shown: String {
        switch self {
        case .missing: ""
        case .boolean(let boolean): "\(boolean)"
        case .integer(let integer): "\(integer)"
        case .number(let number): "\(number)"
        case .string(let string): string
        case .strings(let strings): strings.joined(separator: ", ")
        }
    }
}

extension Float {
    fileprivate var shown: String { Double(self).fixed(4) }
}

extension String {
    /// Nothing that a terminal would act upon.
    fileprivate var oneLine: String {
        String(unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7f ? " " : Character($0) })
    }
}
