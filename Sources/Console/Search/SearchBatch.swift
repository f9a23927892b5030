// Many queries, several under way at once, to a TREC run.

import Protocol
import Retrieval
import Transport

struct SearchReport: Encodable {
    let output: String
    let queries: Int
    let hits: Int
    let truncated: Int
    /// Queries of which some shards did not answer in time: of these the run may lack passages.
    let partial: Int
    let seconds: Double
    let queriesPerSecond: Double
    /// Of a query, from its text to its answer.
    let millisecondsP50: Double
    let millisecondsP99: Double
    /// Of the shards alone: the slowest worker's part of each query.
    let shardMillisecondsP50: Double
    let shardMillisecondsP99: Double
}

struct SearchBatch {
    struct Question: Sendable {
        let id: String
        let text: String
        /// What is ranked, where the pipeline finds nothing itself.
        var candidates: [String] = []
    }

    private let search: PassageSearch
    private let output: String
    private let tag: String
    /// Passages of an answer at most; nil for all that the pipeline leaves.
    private let top: Int?
    private let place: TrainingPlace
    private static let underWay = 4
    private static let interruption = Fault(.cancelled, "interrupted; nothing was written")

    init(
        _ search: PassageSearch, output: String, tag: String, top: Int? = nil,
        _ place: TrainingPlace
    ) {
        self.search = search
        self.output = output
        self.tag = tag
        self.top = top
        self.place = place
    }

    func run(_ all: [Question]) async throws {
        let path = output
        let began = monotonicSeconds()
        let writer = try writer(for: all)
        let answers = try await answers(all)
        let seconds = monotonicSeconds() - began
        var hits = 0
        do throws(EvaluationError) {
            for (query, answer) in zip(all, answers) {
                try writer.write(
                    query: query.id, documents: answer.hits.map { ($0.id, $0.score) })
                hits += answer.hits.count
            }
            try writer.commit()
        } catch { throw Fault(error.code, "\(error)") }
        try report(answers, seconds: seconds, hits: hits, path: path)
    }

    /// Opened first, so that a place that cannot be written is told before any work begins.
    private func writer(for all: [Question]) throws(Fault) -> RunWriter {
        do throws(EvaluationError) {
            for query in all { try RunWriter.check(query.id) }
            return try RunWriter(path: output, tag: tag)
        } catch { throw Fault(error.code, "\(error)") }
    }

    private func answers(_ all: [Question]) async throws -> [SearchAnswer] {
        let (search, top) = (search, top)
        return try await withThrowingTaskGroup(of: (Int, SearchAnswer).self) { group in
            var answers = [SearchAnswer?](repeating: nil, count: all.count)
            var next = 0
            func start() {
                let (number, query) = (next, all[next])
                group.addTask {
                    do throws(Fault) {
                        let answer = try await search.answer(query.text, among: query.candidates)
                        return (number, answer.cut(to: top))
                    } catch {
                        if error.code == .cancelled { throw Self.interruption }
                        throw Fault(
                            error.code, "query \(query.id): \(error)", retryable: error.retryable)
                    }
                }
                next += 1
            }
            while next < min(Self.underWay, all.count) { start() }
            var line = BatchLine(total: all.count, isQuiet: place.quiet)
            while let (number, answer) = try await group.next() {
                answers[number] = answer
                if Interrupts.received > 0 {
                    throw Self.interruption
                }
                line.count()
                if next < all.count { start() }
            }
            line.finish()
            return answers.compactMap { $0 }
        }
    }

    private func report(
        _ answers: [SearchAnswer], seconds: Double, hits: Int, path: String
    ) throws(Fault) {
        let whole = answers.map(\.milliseconds).sorted()
        let shards = answers.map { $0.stages.reduce(0) { $0 + $1.slowestMilliseconds } }.sorted()
        let report = SearchReport(
            output: path, queries: answers.count, hits: hits,
            truncated: answers.count(where: \.isTruncated),
            partial: answers.count { !$0.missing.isEmpty }, seconds: seconds,
            queriesPerSecond: Double(answers.count) / max(seconds, 1e-9),
            millisecondsP50: whole.quantile(0.5), millisecondsP99: whole.quantile(0.99),
            shardMillisecondsP50: shards.quantile(0.5), shardMillisecondsP99: shards.quantile(0.99))
        if report.partial > 0 {
            Terminal.say(
                "\(report.partial) of \(report.queries) queries were answered by some of the "
                    + "shards alone; what the others hold is missing in \(path)")
        }
        if place.json { return try Terminal.outputJSON(report) }
        Terminal.say(
            "answered \(Double(report.queries).grouped) queries in \(seconds.fixed(1)) s: "
                + "\(report.queriesPerSecond.fixed(1)) queries/s; p50 "
                + "\(report.millisecondsP50.fixed(1)) ms, p99 \(report.millisecondsP99.fixed(1)) ms"
        )
        if report.truncated > 0 {
            Terminal.say(
                "\(report.truncated) queries were longer than the model takes and were cut")
        }
        Terminal.say("wrote \(path): \(Double(hits).grouped) passages")
    }
}

extension SearchAnswer {
    /// The first `top` hits of it; nil for all.
    func cut(to top: Int?) -> SearchAnswer {
        guard let top, hits.count > top else { return self }
        var part = self
        part.hits = Array(hits.prefix(top))
        return part
    }
}

extension EvaluationError {
    /// Of what is written: ids are the user's, and so is the tag.
    fileprivate var code: Fault.Code {
        if case .unwritableID = self { .data } else { .output }
    }
}

extension [Double] {
    /// Of sorted numbers.
    fileprivate func quantile(_ share: Double) -> Double {
        isEmpty ? 0 : self[Swift.min(count - 1, Int(share * Double(count)))]
    }
}

/// Queries done, on an interactive terminal as they are, elsewhere every ten seconds.
private struct BatchLine {
    let total: Int
    let isQuiet: Bool
    private var done = 0
    private let began = monotonicSeconds()
    private var saidAt = monotonicSeconds()

    init(total: Int, isQuiet: Bool) {
        self.total = total
        self.isQuiet = isQuiet
    }

    mutating func count() {
        done += 1
        let now = monotonicSeconds()
        guard !isQuiet, now - saidAt >= (Terminal.isInteractive ? 0.1 : 10) else { return }
        saidAt = now
        let rate = Double(done) / (now - began)
        let text =
            "\(done) of \(total) queries, \(rate.fixed(1))/s, "
            + "\((Double(total - done) / rate).fixed(0)) s left"
        if Terminal.isInteractive { Terminal.redraw(text) } else { Terminal.say(text) }
    }

    func finish() {
        if !isQuiet, Terminal.isInteractive { Terminal.redraw("") }
    }
}
