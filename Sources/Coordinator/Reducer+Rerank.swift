// The reduction of a job that ranks candidates again: the best documents of each query.

import Documents
import Files
import Protocol
import Retrieval
import Transport

/// Memory holds the run, the best of each query, and ids: of the candidates that were found; with a
/// filter, of all documents.
struct RerankReduction {
    let spec: RerankDocuments
    private static let unknownShown = 3

    static func check(_ documents: Frame, _ scores: Frame) throws(Fault) {
        do {
            let count = try documents.withUnsafeBytes { bytes in
                try EncodedDocuments.read(bytes).0.documents.count
            }
            let scores = try CandidateScore.decode(scores)
            guard scores.allSatisfy({ $0.document < count }) else {
                throw Fault(.data, "a score of a document that is not there")
            }
        } catch { throw Fault(.data, "scores of candidates are refused: \(error)") }
    }

    /// How many there are.
    static func candidates(of spec: RerankDocuments) throws(Fault) -> Int {
        do throws(EvaluationError) { return try RankedRun(path: spec.run.path).count } catch {
            throw Fault(.data, "\(error)")
        }
    }

    private struct Candidate {
        let id: String
        let score: Float
    }

    /// - Returns: the run as TREC has it, queries in the order of the one that was given.
    func run(
        of outputs: RoundOutputs, in round: Round
    ) throws(Fault) -> (bytes: [UInt8], measures: [String: Double]) {
        do { return try assemble(outputs, round) } catch let fault as Fault { throw fault } catch {
            throw Fault(.data, "the candidates cannot be ranked: \(error)")
        }
    }

    private func assemble(
        _ outputs: RoundOutputs, _ round: Round
    ) throws -> (bytes: [UInt8], measures: [String: Double]) {
        let run = try RankedRun(path: spec.run.path)
        var best = [[Candidate]](repeating: [], count: run.queryCount)
        var figures = IndexFigures()
        var scored = 0
        // By their bytes: strings are equal whatever their normalisation.
        var present: Set<[UInt8]> = []
        // The first document of an id is the one that counts, as for encode.
        for unit in Self.order(of: round) {
            guard let frames = outputs.frames(of: unit, isChecked: true), frames.count == 2 else {
                throw Fault(.internalError, "outputs of unit \(unit) vanished meanwhile")
            }
            try figures.add(outputs, unit, of: "")
            let documents = try frames[0].withUnsafeBytes {
                try EncodedDocuments.read($0).0.documents
            }
            let items = try CandidateScore.decode(frames[1])
            // With a filter not all that are there have scores.
            let places =
                spec.filter == nil
                ? Set(items.map { Int($0.document) }).sorted() : Array(documents.indices)
            let news = Set(places.filter { present.insert(Array(documents[$0].id.utf8)).inserted })
            for item in items {
                guard Int(item.query) < best.count else {
                    throw Fault(.data, "a score of query \(item.query), which is not in the run")
                }
                guard news.contains(Int(item.document)) else { continue }
                scored += 1
                keep(
                    Candidate(id: documents[Int(item.document)].id, score: item.score),
                    in: &best[Int(item.query)])
            }
        }
        let wanted = (0..<run.queryCount).reduce(0) { $0 + depth(of: $1, run) }
        let found = spec.filter == nil ? scored : pairs(of: run, with: present)
        let unknown = wanted - found
        if unknown > 0, !spec.skipsUnknown { throw complaint(unknown, wanted) }
        var measures = [
            "queries": Double(run.queryCount), "pairs": Double(scored),
            "unknown": Double(max(unknown, 0)), "filtered": Double(max(found - scored, 0)),
        ]
        measures["documents"] = Double(figures.ledger.documents)
        measures["truncated"] = Double(figures.ledger.truncated)
        measures["skipped"] = Double(figures.ledger.skipped)
        measures["maxLength"] = Double(figures.ledger.maxLength)
        return (Array(text(best, run).utf8), measures)
    }

    /// Numbers of units by the places of their documents.
    private static func order(of round: Round) -> [Int] {
        var order: [(unit: Int, first: Int)] = []
        for (index, unit) in round.units.enumerated() {
            guard case .rerankChunk(let task) = unit.task else { continue }
            order.append((index, task.chunk.firstRecord + task.chunk.records.lowerBound))
        }
        return order.sorted { $0.first < $1.first }.map(\.unit)
    }

    private func depth(of query: Int, _ run: RankedRun) -> Int {
        let count = run.documents(ofQuery: query).count
        return spec.depth > 0 ? min(spec.depth, count) : count
    }

    private func pairs(of run: RankedRun, with present: Set<[UInt8]>) -> Int {
        (0..<run.queryCount).reduce(0) { sum, query in
            let documents = run.documents(ofQuery: query)[..<depth(of: query, run)]
            return sum + documents.count { present.contains(Array($0.id.utf8)) }
        }
    }

    private func complaint(_ unknown: Int, _ wanted: Int) -> Fault {
        Fault(
            .data,
            "\(unknown) of the \(wanted) candidates of \(spec.run.path) are not in the collection "
                + "or could not be read; name the right --corpus, or pass --on-error skip")
    }

    /// Twice as many as are wanted, now and then cut.
    private func keep(_ candidate: Candidate, in best: inout [Candidate]) {
        best.append(candidate)
        if best.count >= 2 * spec.top + 64 { cut(&best) }
    }

    private func cut(_ best: inout [Candidate]) {
        best.sort { ($0.score, $1.id) > ($1.score, $0.id) }
        best.removeSubrange(min(spec.top, best.count)...)
    }

    private func text(_ best: [[Candidate]], _ run: RankedRun) -> String {
        var text = ""
        for (query, candidates) in best.enumerated() {
            var candidates = candidates
            cut(&candidates)
            for (rank, candidate) in candidates.enumerated() {
                text +=
                    "\(run.query(query)) Q0 \(candidate.id) \(rank + 1) \(candidate.score) "
                    + "sounder\n"
            }
        }
        return text
    }
}
