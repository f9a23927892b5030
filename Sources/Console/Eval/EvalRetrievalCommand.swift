// `sounder eval retrieval`: a run against judgments, as trec_eval measures it.

import ArgumentParser
import Files
import Protocol
import Retrieval

struct EvalRetrievalCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retrieval",
        abstract: "Measure a run against judgments: nDCG, AP, RR, P, R, Success.",
        discussion: """
            Figures are those of trec_eval -c and ir_measures: equal scores are ordered by
            id, the rank column is not read, and a judged query that the run lacks counts 0.
            MAP and MRR are AP and RR, whose means they name.

            Examples:
              sounder eval retrieval --run run.trec --qrels qrels/test.tsv
              sounder eval retrieval --run run.trec --qrels q.txt --measure MRR@10 --json
            """)

    @Option(
        name: .customLong("run"),
        help: ArgumentHelp(
            "TREC (query Q0 document rank score tag) or MS MARCO (query document rank).",
            valueName: "file"))
    var runPath: String
    @Option(
        help: ArgumentHelp(
            "BEIR (with its header), TREC or MS MARCO (query 0 document grade).",
            valueName: "file"))
    var qrels: String
    @Option(
        name: .customLong("measure"), parsing: .upToNextOption,
        help: ArgumentHelp(
            "As ir_measures names them: nDCG@10, RR(rel=2)@10, AP, R@100, P@5, Success@1.",
            valueName: "name"))
    var measures: [String] = ["nDCG@10", "RR@10", "AP", "R@100"]
    @Flag(help: "The figures of every query too.")
    var perQuery = false
    @Flag(help: "One JSON object on standard output.")
    var json = false

    func validate() throws {
        for name in measures {
            do { _ = try RankingMeasure(name) } catch { throw ValidationError("\(error)") }
        }
    }

    func run() throws {
        let report = try reading { try measured() }
        if json {
            return try Terminal.outputJSON(
                RetrievalFigures(report, hasQueries: perQuery))
        }
        lines(report).forEach(Terminal.output)
    }

    private func measured() throws -> RankingReport {
        do {
            let names = try measures.map { try RankingMeasure($0) }
            return evaluate(
                try RankedRun(path: runPath), against: try Qrels(path: qrels), names)
        } catch EvaluationError.file(let error) {
            throw error
        }
    }

    private func lines(_ report: RankingReport) -> [String] {
        var rows: [[String]] = []
        if perQuery {
            for query in report.queries {
                for (measure, value) in zip(report.measures, query.values) {
                    rows.append(["\(measure)", query.id, value.fixed(4)])
                }
            }
        }
        for (measure, value) in zip(report.measures, report.means) {
            rows.append(["\(measure)"] + (perQuery ? ["all"] : []) + [value.fixed(4)])
        }
        var counts = "\(report.judged) queries with judgments"
        if report.missing > 0 { counts += ", of which the run lacks \(report.missing)" }
        if report.unjudged > 0 { counts += "; \(report.unjudged) without are left out" }
        return Table.lines(rows) + [counts]
    }
}

/// What `--json` prints; scripts rely on the names.
private struct RetrievalFigures: Encodable {
    let metrics: [String: Double]
    /// Queries with judgments; the means are over these.
    let queries: Int
    let missing: Int
    let unjudged: Int
    let perQuery: [String: [String: Double]]?

    init(_ report: RankingReport, hasQueries: Bool) {
        let names = report.measures.map(\.description)
        func named(_ values: [Double]) -> [String: Double] {
            Dictionary(zip(names, values), uniquingKeysWith: { first, _ in first })
        }
        metrics = named(report.means)
        queries = report.judged
        missing = report.missing
        unjudged = report.unjudged
        perQuery =
            hasQueries
            ? Dictionary(
                report.queries.map { ($0.id, named($0.values)) },
                uniquingKeysWith: { first, _ in first })
            : nil
    }
}
