// Runs, judgments and queries, words of an index, and what travels between the ends of a search.

import Documents
import Retrieval

enum RankingTargets {
    /// A run; it is measured against itself as judgments, if it is that, too.
    static func run(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard let run = try? RankedRun(bytes: bytes, name: "run") else { return false }
        var count = 0
        for number in 0..<run.queryCount {
            let documents = run.documents(ofQuery: number)
            count += documents.count
            // An id that is not UTF-8 is another one as a String.
            let id = run.query(number)
            promise(
                run.number(ofQuery: id) == number || id.contains("\u{fffd}"),
                "query \(number) is not found")
            promise(
                zip(documents, documents.dropFirst()).allSatisfy { $0.score >= $1.score },
                "documents are not in the order of their scores")
        }
        promise(count == run.count, "\(count) of \(run.count) lines")
        return true
    }

    /// Judgments, and a run behind a byte 0xff that is measured against them.
    static func judgments(_ bytes: UnsafeRawBufferPointer) -> Bool {
        let parts = bytes.parts(2)
        let qrels = parts[0].withUnsafeBytes { try? Qrels(bytes: $0, name: "qrels") }
        guard let qrels else { return false }
        let run = (parts.count > 1 ? parts[1] : []).withUnsafeBytes {
            try? RankedRun(bytes: $0, name: "run")
        }
        guard let run else { return true }
        let names = ["nDCG@10", "nDCG", "AP", "RR", "P@5", "R@100", "Success@1"]
        let measures = names.compactMap { try? RankingMeasure($0) }
        promise(measures.count == names.count, "a measure is not known")
        let report = evaluate(run, against: qrels, measures)
        promise(
            (report.means + report.meansOfAnswered).allSatisfy { (-1e-9...1 + 1e-9).contains($0) },
            "a mean is beyond 0...1: \(report.means)")
        promise(report.judged == report.queries.count + report.missing, "queries are missing")
        return true
    }

    /// Files of queries as `search` and `rerank` read them; the first byte tells the format.
    static func queries(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard let first = bytes.first else { return false }
        let format = first % 2 == 0 ? DocumentFormat.jsonl : .tsv
        let text = [UInt8](bytes.dropFirst())
        let fields = DocumentFields(id: nil, text: format == .jsonl ? ["text"] : [])
        guard let layout = try? DocumentLayout(format, fields) else { return false }
        let range = RecordRange(
            bytes: 0..<text.count, firstRecord: 0, firstLine: 1, records: 0)
        let batch = text.withUnsafeBytes { DocumentReader(layout).read($0, range) }
        for index in batch.entries.indices {
            promise(!batch.id(index).isEmpty, "a query has no id")
            promise(
                String(validating: batch.bytes[batch.entries[index].text], as: UTF8.self) != nil,
                "a query is not UTF-8")
        }
        return batch.problems.isEmpty && !batch.entries.isEmpty
    }

    /// An inverted file: terms are looked up, passages found, and it is merged with itself.
    static func words(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard let file = try? InvertedFile(copying: Array(bytes)) else { return false }
        for terms in [["hog"], ["river", "hog", "", "\u{e9}"], ["a", "zebra"]] {
            let query = BM25Query(terms.map { ($0, 1) })
            let found = file.search(
                query, statistics: query.statistics(of: file), top: min(file.passageCount, 50))
            promise(
                found.allSatisfy { Int($0.number) < file.passageCount && !$0.score.isNaN },
                "a passage that there is not")
            promise(Set(found.map(\.number)).count == found.count, "a passage is found twice")
        }
        if file.passageCount > 0 { _ = file.length(of: file.passageCount - 1) }
        // Room for the numbers of passages is asked for by their count, which the file bears out.
        let merged = Bytes()
        let isMerged = (try? InvertedFile.merge([file, file]) { merged.all += $0 }) != nil
        guard isMerged else { return false }
        let twice = try? InvertedFile(copying: merged.all)
        promise(
            twice?.passageCount == 2 * file.passageCount, "a merge with itself is not twice as much"
        )
        return true
    }

    /// A question to shards, and an answer's parts behind it.
    static func question(_ bytes: UnsafeRawBufferPointer) -> Bool {
        _ = try? ShardHit.read(extra: Array(bytes))
        guard let query = try? ShardQuery(bytes) else { return false }
        guard let encoded = try? query.encoded() else { fatalError("it cannot be written again") }
        let again = encoded.withUnsafeBytes { try? ShardQuery($0) }
        promise(again == query, "it is another one when it is read again")
        return true
    }
}

private final class Bytes {
    var all: [UInt8] = []
}
