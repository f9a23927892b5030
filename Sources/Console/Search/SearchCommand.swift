// `sounder search`: queries against an index, one by one or from a file to a TREC run.

import ArgumentParser
import Protocol
import Retrieval
import Transport

struct SearchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "search",
        abstract: "Find the passages of an index that answer queries.",
        discussion: """
            A query given as an argument is answered on standard output. --queries takes a
            file (.jsonl with _id and text, or .tsv) and writes a TREC run. Without either,
            queries are read from standard input, a line each, and answered as they come.

            --pipeline names the stages: bm25, dense and maxsim find passages, and stages
            after them rank again what was found; the number says how many a stage leaves.
            Rankings of several finders are fused by reciprocal rank.

            --filter lets only some passages be found, by the fields that the index keeps
            (`sounder index info` lists them): = != < <= > >= and in (...), and, or, not,
            has(field), parentheses. Of a field with several values one is enough.

            Examples:
              sounder search --index scifact.index 'do wild hogs carry brucellosis?'
              sounder search --index scifact.index --queries queries.jsonl --top 100 \\
                  --output run.trec
              sounder search --index scifact.index --explain 'hogs' \\
                  --pipeline bm25:1000,maxsim:10
              sounder search --index papers.index 'hogs' --show year,lang \\
                  --filter 'year >= 2019 and (lang = "en" or lang = "de") and
                            not topics in ("farming", "hunting")'
              sounder search --cluster tcp://10.0.0.1:5761 --json \\
                  --index /data/wiki.index 'hogs'
            """)

    @OptionGroup(title: "Queries and output") var queries: QueryArguments
    @OptionGroup(title: "Search") var how: SearchArguments
    @OptionGroup(title: "Cluster") var place: TrainingPlace
    @OptionGroup var cluster: ClusterOptions

    func run() async throws {
        Interrupts.begin()
        let pipeline = try how.pipeline(top: queries.top)
        let index = try SearchableIndex(
            how.index, model: how.model, settings: how.settings, for: pipeline)
        try index.check(filter: how.filter, shown: how.shown)
        if queries.queries != nil, how.show != nil {
            throw Fault(.usage, "--show is for answers on standard output, and a run has no room")
        }
        let judge = try how.crossEncoder.map { name throws(Fault) in
            try ModelSource(crossEncoder: name)
        }
        let source = try queries.source()
        let session = try await SearchSession.open(
            cluster, workers: place.workers, threads: place.threads)
        defer { session.close() }
        try await session.welcome()
        let search = PassageSearch(
            index: index, session: session, pipeline: pipeline, how: how.manner, judge: judge)
        switch source {
        case .one(let text):
            let answer = try await search.answer(text)
            try display(index).show(text, answer.cut(to: queries.top))
        case .lines: try await answerLines(search, display(index))
        case .file(let all):
            try await SearchBatch(
                search, output: queries.output ?? "", tag: queries.tag, top: queries.top, place
            ).run(all.map { SearchBatch.Question(id: $0.id, text: $0.text) })
        }
    }

    private func display(_ index: SearchableIndex) -> SearchDisplay {
        SearchDisplay(how.manner, index, isJSON: place.json)
    }

    private func answerLines(
        _ search: PassageSearch, _ display: SearchDisplay
    ) async throws {
        if Terminal.isInteractive, !place.json { Terminal.say("query:") }
        var lines = TypedQueries()
        while let line = try lines.next() {
            let text = line.trimmingSpaces
            if text.isEmpty { continue }
            do throws(Fault) {
                let answer = try await search.answer(text)
                try display.show(text, answer.cut(to: queries.top))
            } catch {
                // One bad question does not end the conversation.
                guard error.code == .usage || error.code == .data else { throw error }
                Terminal.say("sounder: \(error)")
            }
        }
    }
}

extension SearchPipeline {
    func has(_ kind: Kind) -> Bool { (first + then).contains { $0.kind == kind } }
}

extension String {
    fileprivate var trimmingSpaces: String {
        var part = self[...]
        while part.first?.isWhitespace == true { part.removeFirst() }
        while part.last?.isWhitespace == true { part.removeLast() }
        return String(part)
    }
}
