// What commands make of the figures and names that are told to them about words.

import Protocol
import Testing

@testable import Console

@Suite("Reports about words")
struct WordReportTests {
    @Test("a figure that is no whole number, or too great for one, counts nothing")
    func counts() {
        let status = JobStatus(
            job: JobID("j"), kind: "train-words", state: .finished,
            measures: [
                "vocabulary": 1e19, "dimension": .nan, "rounds": -.infinity, "partitions": 8,
                "newWords": 1e300,
            ])
        let report = TrainingReport(status, output: "v.bin")
        #expect(report.vocabulary == 0 && report.dimension == 0 && report.rounds == 0)
        #expect(report.partitions == 8 && report.newWords == nil)
        #expect(GloVeReport(status, output: "v.bin").partitions == 8)
        #expect(SPPMIReport(status, output: "v.bin").vocabulary == 0)
    }

    @Test("lists of word pairs whose files have one name are told by their paths")
    func names() {
        #expect(
            QualityQuestions.names(of: ["en/ws.txt", "de/ws.txt", "en/simlex.tsv"])
                == ["en/ws.txt", "de/ws.txt", "simlex"])
    }

    @Test("a phrase is joined where its second word begins with a combining mark, too")
    func combiningMark() {
        let joined = Array("new \u{301}york".utf8).withUnsafeBytes {
            FoundPhrases.joined($0, with: "_")
        }
        #expect(Array(joined.utf8) == Array("new_\u{301}york".utf8))
    }
}
