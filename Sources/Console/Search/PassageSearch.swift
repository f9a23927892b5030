// One query through all stages of its pipeline.

import Protocol
import Retrieval
import Transport

struct PassageSearch: Sendable {
    let index: SearchableIndex
    let session: SearchSession
    let pipeline: SearchPipeline
    let how: SearchManner
    /// Of the stage cross-encoder.
    let judge: ModelSource?
    /// Whether a candidate that is named and not there is an error.
    var requiresCandidates = false
    /// Unless --probes says otherwise; docs/benchmarks.md has what these lose.
    private static let tokenProbes = 4
    private static let denseProbes = 32

    /// - Parameter candidates: ids among which a pipeline ranks that finds nothing itself.
    func answer(
        _ text: String, among candidates: [String] = []
    ) async throws(Fault) -> SearchAnswer {
        let began = monotonicSeconds()
        var answer = SearchAnswer(
            hits: [], stages: [], missing: [], isTruncated: false, encodingMilliseconds: 0,
            milliseconds: 0)
        if candidates.isEmpty, pipeline.first.isEmpty { return answer }
        var vectors = QueryVectors()
        if pipeline.has(.maxsim) || pipeline.has(.dense) {
            vectors = try index.models.vectors(of: text)
            answer.isTruncated = vectors.isTruncated
            answer.encodingMilliseconds = (monotonicSeconds() - began) * 1_000
        }
        var allowance = QueryAllowance(milliseconds: how.deadline)
        var ids = candidates
        if !pipeline.first.isEmpty {
            answer.hits = try await found(text, vectors, &answer, &allowance)
            ids = answer.hits.map(\.id)
        }
        for (number, stage) in pipeline.then.enumerated() {
            let isLast = number == pipeline.then.count - 1
            let question = try question(stage, text, vectors, among: ids, isLast: isLast)
            let heard = try await ask(asked(stage, ids.count), question, allowance)
            allowance.spend(milliseconds: heard.milliseconds)
            answer.take(heard)
            try check(heard.hits, of: ids.count)
            // Where no shard was in time the order that is there is better than none.
            if heard.missing.count == index.shards.shards.count { continue }
            answer.hits = Array(heard.hits.prefix(stage.count))
            ids = answer.hits.map(\.id)
        }
        answer.hits = Array(answer.hits.prefix(pipeline.top))
        answer.milliseconds = (monotonicSeconds() - began) * 1_000
        return answer
    }

    /// What the first stages find, their rankings fused.
    private func found(
        _ text: String, _ vectors: QueryVectors, _ answer: inout SearchAnswer,
        _ allowance: inout QueryAllowance
    ) async throws(Fault) -> [Hit] {
        let isLast = pipeline.then.isEmpty
        var questions: [ShardQuery] = []
        for stage in pipeline.first {
            questions.append(try question(stage, text, vectors, among: nil, isLast: isLast))
        }
        let heard = try await askFirst(questions, allowance).get()
        allowance.spend(milliseconds: heard.map(\.milliseconds).max() ?? 0)
        for stage in heard { answer.take(stage) }
        return RankFusion.fuse(heard.map(\.hits))
    }

    /// All first stages at the same time; their answers in the order of the pipeline.
    private func askFirst(
        _ questions: [ShardQuery], _ allowance: QueryAllowance
    ) async -> Result<[StageAnswer], Fault> {
        await withTaskGroup(of: (Int, Result<StageAnswer, Fault>).self) { group in
            for (number, stage) in pipeline.first.enumerated() {
                let question = questions[number]
                group.addTask { (number, await heard(stage, question, allowance)) }
            }
            var answers = [StageAnswer?](repeating: nil, count: questions.count)
            for await (number, result) in group {
                switch result {
                case .success(let answer): answers[number] = answer
                case .failure(let fault):
                    // Nothing comes of the query: nobody waits for the others.
                    group.cancelAll()
                    return .failure(fault)
                }
            }
            return .success(answers.compactMap { $0 })
        }
    }

    private func heard(
        _ stage: SearchPipeline.Stage, _ question: ShardQuery, _ allowance: QueryAllowance
    ) async -> Result<StageAnswer, Fault> {
        do throws(Fault) {
            return .success(try await ask(stage, question, allowance))
        } catch { return .failure(error) }
    }

    private func question(
        _ stage: SearchPipeline.Stage, _ text: String, _ vectors: QueryVectors,
        among ids: [String]?, isLast: Bool
    ) throws(Fault) -> ShardQuery {
        var question: ShardQuery
        if stage.kind == .bm25 {
            question = try index.words(of: text)
        } else if stage.kind == .dense {
            question = vectors.text ?? ShardQuery(.dense)
            if !how.exhaustive { question.probes = how.probes ?? Self.denseProbes }
        } else if stage.kind == .crossEncoder {
            question = ShardQuery(.pairs)
            question.query = text
        } else {
            question = vectors.tokens ?? ShardQuery(.maxSim)
            if !how.exhaustive {
                question.probes = how.probes ?? Self.tokenProbes
                question.candidates = candidates(of: stage)
            }
        }
        question.ids = ids
        question.filter = how.filter
        if isLast { question.fields = how.shown }
        question.wantsText = isLast && (how.text || how.explain && index.spellsPassages)
        question.wantsExplanation = isLast && how.explain
        return question
    }

    /// Of each shard: half as many again as its share, since the best are not dealt evenly. It
    /// depends on the index and not on who holds which shard, and so do the hits.
    private func candidates(of stage: SearchPipeline.Stage) -> Int {
        let wanted = how.candidates ?? max(512, 4 * stage.count)
        let shards = index.shards.shards.count
        return min(max(stage.count, (3 * wanted / 2 + shards - 1) / shards), wanted)
    }

    /// Of candidates that have to be there all are asked for, and the best are kept.
    private func asked(
        _ stage: SearchPipeline.Stage, _ candidates: Int
    ) -> SearchPipeline.Stage {
        guard requiresCandidates else { return stage }
        return SearchPipeline.Stage(kind: stage.kind, count: max(candidates, 1))
    }

    private func check(_ hits: [Hit], of candidates: Int) throws(Fault) {
        guard requiresCandidates, hits.count < candidates else { return }
        throw Fault(
            .data,
            "\(candidates - hits.count) of \(candidates) candidates are not in the index "
                + "\(index.path), or have no tokens there; name the right --index, or pass "
                + "--on-error skip")
    }

    private func ask(
        _ stage: SearchPipeline.Stage, _ question: ShardQuery, _ allowance: QueryAllowance
    ) async throws(Fault) -> StageAnswer {
        let name = stage.kind.rawValue
        guard let left = allowance.left else {
            guard how.partial else { throw allowance.exhaustion(before: name) }
            return StageAnswer(late: name, shards: index.shards.shards.count)
        }
        let search = Search(
            index: index.shards, top: stage.count, deadlineMilliseconds: left,
            allowsPartial: how.partial, replicas: how.replicas,
            model: stage.kind == .crossEncoder ? judge : nil)
        let body: Frame
        do throws(RetrievalError) { body = Frame(try question.encoded()) } catch {
            throw Fault(.usage, "\(error)")
        }
        guard body.count <= Limits.chunkBytesMax else {
            throw Fault(
                .usage,
                "the question has \(body.count) bytes, more than \(Limits.chunkBytesMax); shorten "
                    + "the query, or leave fewer passages to the stages")
        }
        do {
            return StageAnswer(name, try await session.search(search, body))
        } catch let fault as Fault {
            throw allowance.explained(fault, of: name)
        } catch { throw Fault(.cancelled, "interrupted") }
    }
}
