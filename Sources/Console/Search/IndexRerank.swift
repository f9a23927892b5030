// Candidates of a run ranked again by what an index holds of them.

import Models
import Protocol
import Retrieval
import Transport

/// `sounder rerank --index`: every query with its candidates is a search of one stage among these.
struct IndexRerank {
    let index: String
    /// A cross-encoder, or the index's own model wherever it is; nil for the latter.
    let model: String?
    let queries: String
    let run: String
    let top: Int
    /// 0 for all.
    let depth: Int
    let output: String
    let filter: String?
    let skipsUnknown: Bool
    /// Milliseconds of a query.
    let deadline: Int

    func answer(_ place: TrainingPlace, _ cluster: ClusterOptions) async throws {
        let questions = try self.questions()
        let judges = try isCrossEncoder
        let pipeline = SearchPipeline(ranking: judges ? .crossEncoder : .maxsim, top: top)
        let searchable = try SearchableIndex(
            index, model: judges ? nil : model, settings: [:], for: pipeline)
        try searchable.check(filter: filter, shown: [])
        let judge =
            try judges
            ? model.map { name throws(Fault) in try ModelSource(crossEncoder: name) } : nil
        let session = try await SearchSession.open(
            cluster, workers: place.workers, threads: place.threads)
        defer { session.close() }
        try await session.welcome()
        var how = SearchManner()
        how.filter = filter
        how.deadline = deadline
        let search = PassageSearch(
            index: searchable, session: session, pipeline: pipeline, how: how, judge: judge,
            requiresCandidates: !skipsUnknown && filter == nil)
        try await SearchBatch(search, output: output, tag: "sounder", place).run(questions)
    }

    private var isCrossEncoder: Bool {
        get throws(Fault) {
            guard let model else { return false }
            let folder = try ModelFolder(named: model)
            do throws(ModelError) {
                return try ModelKind(directory: folder.path) == .crossEncoder
            } catch { throw Fault(model: error) }
        }
    }

    /// The run's queries in its order, with their texts.
    private func questions() throws(Fault) -> [SearchBatch.Question] {
        // By the bytes of their ids: strings are equal whatever their normalisation.
        var texts: [[UInt8]: String] = [:]
        for query in try QueryFile.read(queries) { texts[Array(query.id.utf8)] = query.text }
        let ranked: RankedRun
        do throws(EvaluationError) { ranked = try RankedRun(path: run) } catch {
            throw Fault(.data, "\(error)")
        }
        var questions: [SearchBatch.Question] = []
        for number in 0..<ranked.queryCount {
            let id = ranked.query(number)
            guard let text = texts[Array(id.utf8)] else {
                throw Fault(
                    .data,
                    "query \(id.prefix(100).debugDescription) of \(run) has no text in \(queries)")
            }
            let all = ranked.documents(ofQuery: number).map(\.id)
            let candidates = depth > 0 ? Array(all.prefix(depth)) : all
            guard candidates.count <= Limits.hitsMax else {
                throw Fault(
                    .usage,
                    "query \(id.prefix(100).debugDescription) has \(candidates.count) candidates; "
                        + "an index ranks at most \(Limits.hitsMax): pass --depth")
            }
            questions.append(SearchBatch.Question(id: id, text: text, candidates: candidates))
        }
        return questions
    }
}

extension SearchPipeline {
    /// One stage, which ranks what is named.
    init(ranking kind: Kind, top: Int) {
        first = []
        then = [Stage(kind: kind, count: top)]
    }
}
