// Runs against judgments: each query's figures and their means.

import Glibc

/// What measuring a run gave.
public struct RankingReport: Sendable {
    public struct Query: Sendable {
        public let id: String
        /// In the order of `measures`.
        public let values: [Double]
    }

    public let measures: [RankingMeasure]
    /// Every query that somebody judged and that the run answers, in the order of the judgments.
    public let queries: [Query]
    /// Over all queries with judgments: one that the run lacks counts 0, as in ir_measures and
    /// with `trec_eval -c`.
    public let means: [Double]
    /// Over the queries that are in both, as trec_eval (without -c) and pytrec_eval have it.
    public let meansOfAnswered: [Double]
    /// Queries with judgments.
    public let judged: Int
    /// Queries with judgments that the run has nothing for.
    public let missing: Int
    /// Queries of the run without judgments; they are left out.
    public let unjudged: Int
}

/// Measures a run with each of `measures`; equal to trec_eval (compared with ir_measures).
///
/// - Parameter measures: may name one twice.
public func evaluate(
    _ run: RankedRun, against qrels: Qrels, _ measures: [RankingMeasure]
) -> RankingReport {
    let judgments = Judgments(run, qrels)
    var queries: [RankingReport.Query] = []
    for number in 0..<qrels.queryCount {
        guard let (grades, ideal) = judgments.grades(ofQuery: number) else { continue }
        queries.append(
            RankingReport.Query(
                id: qrels.query(number), values: measures.map { $0.value(grades, ideal: ideal) }))
    }
    let sums = measures.indices.map { index in queries.reduce(0) { $0 + $1.values[index] } }
    return RankingReport(
        measures: measures, queries: queries,
        means: sums.map { $0 / Double(max(qrels.queryCount, 1)) },
        meansOfAnswered: sums.map { $0 / Double(max(queries.count, 1)) },
        judged: qrels.queryCount, missing: qrels.queryCount - queries.count,
        unjudged: run.queryCount - queries.count)
}

/// The grades of what a run found, with the ids of both files brought together once.
private struct Judgments {
    private let run: RankedRun
    private let qrels: Qrels
    /// The number that the run gives a document of the judgments, or `UInt32.max`.
    private let runDocuments: [UInt32]

    init(_ run: RankedRun, _ qrels: Qrels) {
        self.run = run
        self.qrels = qrels
        runDocuments = (0..<qrels.table.documents.count).map { number in
            let found = qrels.table.documents.withBytes(of: number) {
                run.table.documents.number(of: $0)
            }
            return found.map(UInt32.init) ?? .max
        }
    }

    /// Nil if the run lacks the query.
    func grades(ofQuery number: Int) -> (found: [Int32?], ideal: [Int32])? {
        let answer = qrels.table.queries.withBytes(of: number) {
            run.table.queries.number(of: $0)
        }
        guard let answer else { return nil }
        var grades: [UInt32: Int32] = [:]
        var ideal: [Int32] = []
        for pair in qrels.table.pairs(of: number) {
            ideal.append(pair.value)
            let document = runDocuments[Int(pair.document)]
            if document != .max { grades[document] = pair.value }
        }
        ideal.sort(by: >)
        return (run.table.pairs(of: answer).map { grades[$0.document] }, ideal)
    }
}

/// log2.
func logarithm(_ value: Int) -> Double { log2(Double(value)) }
