// Measures against what trec_eval makes of the same runs; see scripts/fixtures.

import Foundation
import Retrieval
import TestSupport
import Testing

@Suite("Measures of rankings")
struct RankingMetricsTests {
    private static let folder = URL(fileURLWithPath: #filePath)
        .appendingPathComponent("../../../Fixtures/retrieval").standardized.path

    @Test(
        "equal trec_eval's, for every query and in the mean",
        arguments: ["small", "graded", "deep"])
    func reference(name: String) throws {
        let run = try RankedRun(path: "\(Self.folder)/\(name).run")
        let qrels = try Qrels(path: "\(Self.folder)/\(name).qrels")
        let text = try String(contentsOfFile: "\(Self.folder)/\(name).expected", encoding: .utf8)
        let rows = text.split(separator: "\n").map { $0.split(separator: "\t").map(String.init) }
        let measures = try Set(rows.map { $0[1] }).sorted().map { try RankingMeasure($0) }
        let report = evaluate(run, against: qrels, measures)
        var figures: [String: Double] = [:]
        for (index, measure) in measures.enumerated() {
            figures["mean \(measure)"] = report.means[index]
            for query in report.queries { figures["\(query.id) \(measure)"] = query.values[index] }
        }
        #expect(figures.count == rows.count && rows.count > 100)
        for row in rows {
            let value = try #require(figures["\(row[0]) \(row[1])"])
            let expected = try #require(Double(row[2]))
            #expect(abs(value - expected) < 1e-9, "\(row[0]) \(row[1])")
        }
    }

    private func report(
        _ run: String, _ qrels: String, _ measures: [String]
    ) throws -> RankingReport {
        let run = try Array(run.utf8).withUnsafeBytes { try RankedRun(bytes: $0, name: "run") }
        let qrels = try Array(qrels.utf8).withUnsafeBytes { try Qrels(bytes: $0, name: "qrels") }
        return evaluate(run, against: qrels, try measures.map { try RankingMeasure($0) })
    }

    @Test("a judged query that the run lacks counts 0, and one without judgments is left out")
    func conventions() throws {
        let report = try report(
            "a Q0 d1 1 5 t\nz Q0 d1 1 5 t\n", "a 0 d1 1\nb 0 d1 1\nc 0 d1 1\n", ["RR@10"])
        #expect(report.judged == 3 && report.missing == 2 && report.unjudged == 1)
        #expect(abs(report.means[0] - 1 / 3) < 1e-12)
        #expect(report.meansOfAnswered == [1])
        #expect(report.queries.map(\.id) == ["a"])
    }

    @Test("equal scores are ordered by id, the greater first, and the rank column is not read")
    func ties() throws {
        let report = try report(
            "a Q0 d1 1 5 t\na Q0 d2 2 5 t\na Q0 d10 3 5 t\n", "a 0 d2 1\n", ["RR", "P@1"])
        #expect(report.means == [1, 1])
    }

    @Test("nothing to measure gives zeros, not NaN")
    func empty() throws {
        let measures = ["nDCG@10", "AP", "R@5", "P@5", "RR", "Success@1"]
        #expect(try report("", "", measures).means == [0, 0, 0, 0, 0, 0])
        #expect(try report("a Q0 d 1 1 t\n", "a 0 d -1\n", measures).means == [0, 0, 0, 0, 0, 0])
    }

    @Test("MS MARCO's run goes by the rank")
    func msMarco() throws {
        let report = try report("7\td1\t2\n7\td2\t1\n", "7\t0\td1\t1\n", ["RR@10"])
        #expect(report.means == [0.5])
    }

    @Test(
        "names say the measure as ir_measures writes it",
        arguments: [
            "nDCG@10", "nDCG", "AP", "AP@100", "RR(rel=2)@10", "P@5", "R(rel=3)@7", "Success@1",
            "MAP", "MAP(rel=2)@100", "MRR", "MRR@10",
        ])
    func names(name: String) throws {
        #expect(try RankingMeasure(name).description == name)
    }

    @Test("MAP and MRR are the means of AP and RR, and are told by the name that was asked for")
    func means() throws {
        let report = try report(
            "a Q0 d1 1 5 t\na Q0 d2 2 4 t\na Q0 d3 3 3 t\nb Q0 d1 1 5 t\n",
            "a 0 d2 1\na 0 d3 2\nb 0 d1 1\n",
            ["MAP", "AP", "MRR", "RR", "MRR@1", "RR@1", "MRR(rel=2)", "RR(rel=2)"])
        for number in stride(from: 0, to: report.means.count, by: 2) {
            #expect(report.means[number] == report.means[number + 1] && report.means[number] > 0)
        }
        #expect(report.measures.map(\.description).prefix(3) == ["MAP", "AP", "MRR"])
    }

    @Test(
        "names that mean nothing are refused",
        arguments: [
            "", "@", "ndcg@10", "P", "R", "Success", "nDCG@0", "nDCG@-1", "nDCG@+1", "nDCG@1e3",
            "nDCG@", "nDCG(rel=2)@10", "P(rel=0)@5", "P(rel=)@5", "P(rel=2@5",
            "P@99999999999999999999",
            "P()@5", "map", "MRR@0", "MP@5", "P@5@5",
        ])
    func badNames(name: String) {
        #expect(throws: EvaluationError.unknownMeasure(name)) { try RankingMeasure(name) }
    }
}
